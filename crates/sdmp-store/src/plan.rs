//! What an append writes: judged on a view, the same for every engine.

use std::sync::Arc;

use sdmp_journal::fact::Fact;
use sdmp_journal::{
    Batch, Body, Candidate, Fingerprint, Head, Judge, Judged, Kind, Line, Verdict, View,
};

use crate::error::check_clock;
use crate::{Append, Appended, Error};

/// The most resources of one append (N22).
pub const LONGEST_APPEND: usize = sdmp_journal::journal::LONGEST_APPEND;

/// A row that an append makes.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The number of its line.
    pub(crate) n: u64,
    pub(crate) line: Line,
    pub(crate) fact: Fact,
    pub(crate) text: Arc<str>,
    /// Whether it names addresses of its signer (N35).
    pub(crate) has_address: bool,
}

/// Judges on a view whose journal ends at `head`, and says what is to be written.
pub(crate) fn plan<V: View + ?Sized>(
    append: Append,
    view: &V,
    head: &Head,
    clock: Option<sdmp_journal::Timestamp>,
    node: &Fingerprint,
) -> Result<(Vec<Row>, Appended), Error> {
    if append.candidates.len() > LONGEST_APPEND {
        return Err(Error::TooMany(append.candidates.len()));
    }
    check_clock(clock, append.now)?;
    if append.expected.as_ref().is_some_and(|expected| expected != head) {
        return Err(Error::Stale(Box::new(head.clone())));
    }
    let judge = Judge::new(&append.own, append.now).with_shares(append.shares);
    let batch = Batch::new(&judge, view, head.count().saturating_add(1));
    let mut judged = batch.judge(append.candidates, &*append.verifier);
    if head.count() == 1 {
        order_first(&mut judged, &append.own, node);
    }
    let (mut head, mut rows, mut lines) = (head.clone(), Vec::new(), Vec::new());
    for judged in judged.iter().filter(|judged| is_admitted(judged)) {
        let resource = judged.candidate.resource();
        let line = head.append(resource.user().clone(), resource.id().clone());
        let n = head.count();
        lines.push(line.clone());
        rows.push(Row {
            n,
            line,
            fact: Fact::of(resource, n),
            text: resource.text().into(),
            has_address: has_address(&judged.candidate),
        });
    }
    Ok((rows, Appended { head, lines, judged }))
}

fn is_admitted(judged: &Judged) -> bool {
    matches!(judged.verdict, Verdict::Admit { .. })
}

/// Puts the user's identity first and a trust in the node second (N21): a trust that a node signed is
/// judged after that node's trust, and stands before it.
fn order_first(judged: &mut [Judged], own: &Fingerprint, node: &Fingerprint) {
    judged.sort_by_key(|judged| {
        let resource = judged.candidate.resource();
        match resource.body() {
            _ if !is_admitted(judged) => 3,
            Body::Identity(identity) if identity.fingerprint() == own => 0,
            Body::Trust { trustee, .. } if trustee == node && resource.user() == own => 1,
            _ => 2,
        }
    });
}

/// Whether a `node` resource names an address.
fn has_address(candidate: &Candidate) -> bool {
    let resource = candidate.resource();
    resource.kind() == Kind::Node
        && sdmp_container::NodeInformation::try_from(resource.payload())
            .is_ok_and(|information| !information.ips().is_empty())
}
