//! What an append writes: judged on a view, the same for every engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdmp_journal::fact::Fact;
use sdmp_journal::{
    Batch, Body, Fingerprint, Head, Identifier, Judge, Judged, Kind, Line, Resource, Timestamp,
    Verdict, View,
};

use crate::error::check_clock;
use crate::{Append, Appended, Error};

/// The most resources of one append (N22).
pub const LONGEST_APPEND: usize = sdmp_journal::journal::LONGEST_APPEND;

/// The most octets that the texts of one append have together, if it has more than one: what is written
/// in one transaction is held by a write-ahead log.
pub const LONGEST_APPEND_OCTETS: usize = 32 << 20;

/// That an append has no more resources than fit (N22).
pub(crate) fn check_length(append: &Append) -> Result<(), Error> {
    let count = append.candidates.len();
    let is_long = count > 1 && octets(append) > LONGEST_APPEND_OCTETS;
    if count > LONGEST_APPEND || is_long { Err(Error::TooMany(count)) } else { Ok(()) }
}

/// Verifies the signatures that were not verified before, as far as the keys are known: outside of the transaction,
/// for which others wait. A key that comes with the same append is found when that is judged.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn verify(append: &mut Append, view: &impl View) {
    for candidate in &mut append.candidates {
        candidate.verify(view, &*append.verifier);
    }
}

/// The octets of its texts.
pub(crate) fn octets(append: &Append) -> usize {
    append.candidates.iter().map(|candidate| candidate.resource().text().len()).sum()
}

/// What an append makes.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) rows: Vec<Row>,
    pub(crate) appended: Appended,
    /// The time of it: never before that of the append before (N2).
    pub(crate) now: Timestamp,
}

/// A row that an append makes.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The number of its line.
    pub(crate) n: u64,
    pub(crate) line: Line,
    pub(crate) fact: Fact,
    pub(crate) text: Arc<str>,
    /// The line of the trust under which it stands. It may be a later one: N21 puts the first trust in
    /// a node before the trust above it.
    pub(crate) trust: Option<u64>,
    /// Whether it names addresses of its signer (N35).
    pub(crate) has_address: bool,
}

/// Judges on a view whose journal ends at `head`, and says what is to be written.
pub(crate) fn plan<V: View + ?Sized>(
    append: Append,
    view: &V,
    head: &Head,
    clock: Option<Timestamp>,
    node: &Fingerprint,
) -> Result<Plan, Error> {
    // One append is one transaction, during which others wait.
    check_length(&append)?;
    check_clock(clock, append.now)?;
    // Another writer came first: what was judged against the old head may be wrong now.
    if append.expected.as_ref().is_some_and(|expected| expected != head) {
        return Err(Error::Stale(Box::new(head.clone())));
    }
    // Time in the store never goes back, so that what was expired stays so.
    let now = clock.map_or(append.now, |clock| clock.max(append.now));
    let judge = Judge::new(&append.own, now).with_shares(append.shares);
    let batch = Batch::new(&judge, view, head.count().saturating_add(1));
    let mut judged = batch.judge(append.candidates, &*append.verifier);
    if head.count() == 1 {
        order_first(&mut judged, &append.own, node)?;
    }
    let (rows, head) = rows(&judged, head.clone(), view);
    let lines = rows.iter().map(|row| row.line.clone()).collect();
    Ok(Plan { rows, appended: Appended { head, lines, judged }, now })
}

fn rows<V: View + ?Sized>(judged: &[Judged], mut head: Head, view: &V) -> (Vec<Row>, Head) {
    let admitted = || judged.iter().filter(|judged| is_admitted(judged));
    let numbers: BTreeMap<&Identifier, u64> = admitted()
        .zip(head.count().saturating_add(1)..)
        .map(|(judged, n)| (judged.candidate.resource().id(), n))
        .collect();
    let mut rows = Vec::with_capacity(numbers.len());
    for judged in admitted() {
        let resource = judged.candidate.resource();
        let line = head.append(resource.user().clone(), resource.id().clone());
        let of = |id| numbers.get(id).copied().or_else(|| view.meta(id).map(|meta| meta.line));
        rows.push(Row {
            n: head.count(),
            line,
            fact: Fact::of(resource, head.count()),
            text: resource.text().into(),
            trust: resource.trust().and_then(of),
            has_address: has_address(resource),
        });
    }
    (rows, head)
}

pub(crate) fn is_admitted(judged: &Judged) -> bool {
    matches!(judged.verdict, Verdict::Admit { .. })
}

/// Puts the user's identity first and a trust in the node second, then what a trust that a node signed
/// rests on (N21). A journal is never shortened, so one that would begin otherwise is not begun.
fn order_first(judged: &mut [Judged], own: &Fingerprint, node: &Fingerprint) -> Result<(), Error> {
    let admitted = || judged.iter().filter(|judged| is_admitted(judged));
    let resources = || admitted().map(|judged| judged.candidate.resource());
    if resources().next().is_none() {
        return Ok(());
    }
    let identity = resources().find(|resource| is_identity_of(resource.body(), own));
    let trust = resources()
        .filter(|resource| {
            let is_in = matches!(resource.body(), Body::Trust { trustee, .. } if trustee == node);
            is_in && resource.user() == own
        })
        // A trust that the user's own key signed rests on nothing else, so it comes first.
        .min_by_key(|resource| resource.signer() != own);
    let (Some(identity), Some(trust)) = (identity, trust) else { return Err(Error::FirstLines) };
    let (identity, id) = (identity.id().clone(), trust.id().clone());
    let (above, signer) = (trust.trust().cloned(), trust.signer().clone());
    judged.sort_by_key(|judged| {
        let resource = judged.candidate.resource();
        match resource.id() {
            _ if !is_admitted(judged) => 5,
            first if *first == identity => 0,
            second if *second == id => 1,
            third if Some(third) == above.as_ref() => 2,
            _ if above.is_some() && is_identity_of(resource.body(), &signer) => 3,
            _ => 4,
        }
    });
    Ok(())
}

fn is_identity_of(body: &Body, key: &Fingerprint) -> bool {
    matches!(body, Body::Identity(identity) if identity.fingerprint() == key)
}

/// Whether a `node` resource names an address.
pub(crate) fn has_address(resource: &Resource) -> bool {
    resource.kind() == Kind::Node
        && sdmp_container::NodeInformation::try_from(resource.payload())
            .is_ok_and(|information| !information.ips().is_empty())
}
