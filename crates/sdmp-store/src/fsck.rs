//! Checking a whole store: every line, signature, chain, index and text.

use std::collections::BTreeSet;

use sdmp_journal::fact::{Fact, IdentityFact};
use sdmp_journal::{Fingerprint, Head, Line, LineId, Resource, Verify};

use crate::{Error, Gone, Snapshot, Store};

/// How many lines are read at once.
const PAGE: usize = 256;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many lines the journal has, its first included.
    pub lines: u64,
    /// How many texts are here.
    pub texts: u64,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
#[non_exhaustive]
pub struct Fault {
    /// The line, or that of the head where it is about the whole store.
    pub line: u64,
    /// What is wrong.
    pub what: &'static str,
    /// Whether it is an index, which can be made again from the texts.
    pub is_index: bool,
}

/// Checks the store of this node: that its lines chain and end at the head, each identifier once (S1);
/// that each line has its row and its text or the reason why it has none, control always its text
/// (S2); that each text is the resource of its row, signed by the key that it names, and says what the
/// indexes say (S3); that no peer was told more than there is (S4); and that cursors and wants can be
/// read (S5, S6). It changes nothing.
///
/// # Errors
/// What keeps the store from being read at all.
pub fn fsck(store: &dyn Store, node: &Fingerprint, verifier: &dyn Verify) -> Result<Report, Error> {
    let snapshot = store.snapshot()?;
    let mut check = Check {
        snapshot: &*snapshot,
        verifier,
        seen: BTreeSet::new(),
        report: Report { lines: 1, texts: 0, faults: Vec::new() },
    };
    let (mut head, mut since) = (Head::new(node), LineId::first(node));
    while let Some(lines) = snapshot.lines(&since, PAGE).filter(|lines| !lines.is_empty()) {
        for line in lines {
            since = line.lid;
            check.line(&line, &mut head);
        }
        // A page that could not be read looks empty: asked for each page, so that damage is not
        // taken for the end.
        snapshot.check()?;
    }
    check.report.lines = head.count();
    // Computed from the lines: it is the hash that peers are told.
    if head != snapshot.head() {
        check.fault(head.count(), "the head is not the end of the lines");
    }
    for (_, peer) in store.kept()?.peers {
        if snapshot.lines(&peer.sent, 0).is_none() {
            check.fault(head.count(), "a peer was told a line that is not here");
        }
    }
    snapshot.check()?;
    Ok(check.report)
}

/// Writes indexes that say something else than their texts anew, and checks the store again: what is
/// reported then is beyond repair. Lines, texts and signatures are never changed; a store in which
/// these are wrong is replaced by a new device (N47). An engine that does not open because the
/// indexes of control are damaged is opened with its option for that first.
///
/// # Errors
/// What keeps the store from being read or written at all.
pub fn repair(
    store: &dyn Store,
    node: &Fingerprint,
    verifier: &dyn Verify,
) -> Result<Report, Error> {
    let report = fsck(store, node, verifier)?;
    let of = |is_index: bool| {
        let faults = report.faults.iter().filter(move |fault| fault.is_index == is_index);
        faults.map(|fault| fault.line).collect::<BTreeSet<u64>>()
    };
    let lines: Vec<u64> = of(true).difference(&of(false)).copied().collect();
    for some in lines.chunks(PAGE) {
        let snapshot = store.snapshot()?;
        let resource = |line: &u64| {
            let id = snapshot.rows(*line, 1).pop()?;
            let text = snapshot.text(&id)?;
            Some((*line, Resource::parse(&*text).ok()?))
        };
        let resources: Vec<(u64, Resource)> = some.iter().filter_map(resource).collect();
        snapshot.check()?;
        drop(snapshot);
        store.reindex(&resources)?;
    }
    fsck(store, node, verifier)
}

struct Check<'a> {
    snapshot: &'a dyn Snapshot,
    verifier: &'a dyn Verify,
    seen: BTreeSet<sdmp_journal::Identifier>,
    report: Report,
}

impl Check<'_> {
    fn fault(&mut self, line: u64, what: &'static str) {
        self.report.faults.push(Fault { line, what, is_index: false });
    }

    fn line(&mut self, line: &Line, head: &mut Head) {
        let fits = line.lid == head.next();
        head.append(line.author.clone(), line.id.clone());
        let n = head.count();
        if !fits {
            self.fault(n, "it does not follow the line before it");
        }
        // Peers ask for what follows a line.
        if self.snapshot.lines(&line.lid, 0).is_none() {
            let what = "it is not found by its identifier";
            self.report.faults.push(Fault { line: n, what, is_index: true });
        }
        if !self.seen.insert(line.id.clone()) {
            self.fault(n, "its resource stands on another line too");
        }
        let Some(meta) = self.snapshot.meta(&line.id) else {
            return self.fault(n, "it has no row");
        };
        // In this order: that a text is missing in an object store is found when it is read.
        let text = self.snapshot.text(&line.id);
        let gone = self.snapshot.gone(&line.id);
        // Control is never given up: authority rests on it.
        if meta.kind.is_control() && gone != Some(Gone::Here) {
            self.fault(n, "control without its text");
        }
        match (gone, text) {
            (Some(Gone::Here), Some(text)) => self.text(line, n, &text),
            (Some(Gone::Here), None) => self.fault(n, "its text is missing"),
            (Some(_), None) => {}
            _ => self.fault(n, "it has a text and a reason why it has none"),
        }
    }

    fn text(&mut self, line: &Line, n: u64, text: &str) {
        self.report.texts = self.report.texts.saturating_add(1);
        let Ok(resource) = Resource::parse(text) else {
            return self.fault(n, "its text is no resource");
        };
        // A text in another one's place would be signed correctly, too.
        if *resource.id() != line.id || *resource.user() != line.author {
            return self.fault(n, "its text is another resource");
        }
        let identities = self.snapshot.identities(resource.signer());
        let key = identities.first().map(|identity| identity.key.clone());
        if !key.is_some_and(|key| resource.is_signed_by(&key, self.verifier)) {
            self.fault(n, "its signature is wrong");
        }
        if !self.is_indexed(&resource, n) {
            let what = "an index says something else than its text";
            self.report.faults.push(Fault { line: n, what, is_index: true });
        }
    }

    fn is_indexed(&self, resource: &Resource, n: u64) -> bool {
        let (id, view) = (resource.id(), self.snapshot);
        view.meta(id) == Some(resource.meta(n))
            && match Fact::of(resource, n) {
                Fact::Identity(fact) => {
                    view.identities(resource.user()).iter().any(|found| is_same(found, &fact))
                }
                Fact::Trust(fact) => view.trust(id).is_some_and(|found| *found == fact),
                Fact::Revocation(fact) => view.revocation(id).is_some_and(|found| *found == fact),
                Fact::Content(_) | _ => true,
            }
    }
}

fn is_same(left: &IdentityFact, right: &IdentityFact) -> bool {
    let of =
        |fact: &IdentityFact| (fact.meta.clone(), fact.kind, fact.expires, fact.key.fingerprint());
    of(left) == of(right)
}
