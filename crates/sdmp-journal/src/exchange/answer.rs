//! What a peer is answered (N27).
//!
//! Whatever is not given has one answer, which does not say whether it exists, whether the peer may
//! not have it, or whether it went.

use sdmp_container::ResourceName;

use crate::exchange::{Answered, Given, Lines, MAX_ANSWER, MAX_LINES};
use crate::{Line, LineId};

/// How many octets of resources one answer may hold.
#[derive(Clone, Copy, Debug)]
pub struct Budget(pub usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_ANSWER)
    }
}

/// The answer to a request for lines: the lines after `since`, or that this line is not known.
#[must_use]
pub fn lines(since: LineId, found: Option<Vec<Line>>) -> Answered {
    match found {
        None => Answered::not_found(),
        Some(mut entries) => {
            entries.truncate(MAX_LINES);
            Answered::Lines(Lines { since, entries })
        }
    }
}

/// The answer to a request for resources: `give` says what the peer is given for each. What does not
/// fit is not tried, and the answer is shorter; one is always tried.
#[must_use]
pub fn resources(
    names: &[ResourceName],
    mut give: impl FnMut(&ResourceName) -> Option<Given>,
    budget: Budget,
) -> Answered {
    let (mut found, mut octets) = (Vec::with_capacity(names.len()), 0_usize);
    for name in names {
        let given = give(name);
        let revoked = |given: &Given| given.revoked.as_ref().map_or(0, |text| text.len());
        let size = given.as_ref().map_or(0, |given| given.data.len() + revoked(given));
        octets = octets.saturating_add(size);
        // At least one is always given, or a large resource could never be fetched.
        if octets > budget.0 && !found.is_empty() {
            break;
        }
        found.push(given);
    }
    if found.is_empty() { Answered::not_found() } else { Answered::Resources(found) }
}
