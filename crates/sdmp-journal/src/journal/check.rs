//! Verifying a whole journal (N21).

use std::collections::BTreeSet;

use super::first;
use crate::error::Code;
use crate::{Fingerprint, Head, Line, View};

/// Checks the lines of a node's journal after the first: that they chain, name each resource once,
/// and begin as N21 says, as far as the resources are known.
///
/// # Errors
/// `journal.line` and the number of the first line that is wrong.
pub fn check<'l, V: View + ?Sized>(
    view: &V,
    node: &Fingerprint,
    lines: impl IntoIterator<Item = &'l str>,
) -> Result<Head, (u64, Code)> {
    let mut head = Head::new(node);
    let (mut seen, mut user) = (BTreeSet::new(), None);
    for text in lines {
        let number = head.count().saturating_add(1);
        let fault = (number, Code::JournalLine);
        let line: Line = text.parse().map_err(|_| fault)?;
        let is_users = match number {
            2 => {
                user = Some(line.author.clone());
                true
            }
            3 => user.as_ref() == Some(&line.author),
            _ => true,
        };
        let fits = line.lid == head.next() && is_users && first::fits(view, node, number, &line);
        if !fits || !seen.insert(line.id.clone()) {
            return Err(fault);
        }
        head.append(line.author, line.id);
    }
    Ok(head)
}
