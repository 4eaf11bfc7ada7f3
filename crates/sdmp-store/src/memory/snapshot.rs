//! One state of a store in memory.

use std::sync::Arc;

use sdmp_journal::fact::{BarFact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::sync::Library;
use sdmp_journal::view::{Facts, Tally};
use sdmp_journal::{Fingerprint, Head, Identifier, Line, LineId, Timestamp, View};

use super::Inner;
use crate::Error;
use crate::contract::{Gone, Snapshot};
use crate::lookups::control_lookups;

/// A snapshot of a store in memory.
pub(super) struct MemorySnapshot(pub(super) Arc<Inner>);

impl View for MemorySnapshot {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        self.0.known.meta(id)
    }

    control_lookups!(self => &self.0.known);
}

impl Library for MemorySnapshot {
    fn head(&self) -> Head {
        self.0.head.clone()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        let after = match self.0.numbers.get(since) {
            Some(number) => number.saturating_add(1),
            // The line before the first one: a peer that has nothing yet asks from here.
            None if *since == LineId::first(&self.0.node) => 0,
            None => return None,
        };
        Some(self.0.lines.iter().skip(after).take(limit).cloned().collect())
    }

    fn text(&self, id: &Identifier) -> Option<Arc<str>> {
        self.0.texts.get(id).and_then(|text| text.text.clone())
    }

    fn has_address(&self, node: &Fingerprint) -> bool {
        let here = |id| self.0.texts.get(id).is_some_and(|text| text.gone == Gone::Here);
        let mut newest = self.0.addresses.get(node).into_iter().flatten().rev();
        newest.find(|((_, id), _)| here(id)).is_some_and(|(_, has_address)| *has_address)
    }
}

impl Snapshot for MemorySnapshot {
    fn clock(&self) -> Option<Timestamp> {
        self.0.clock
    }

    fn gone(&self, id: &Identifier) -> Option<Gone> {
        self.0.texts.get(id).map(|text| text.gone)
    }

    fn rows(&self, from: u64, limit: usize) -> Vec<Identifier> {
        let skipped = usize::try_from(from.saturating_sub(2)).unwrap_or(usize::MAX);
        self.0.lines.iter().skip(skipped).take(limit).map(|line| line.id.clone()).collect()
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}
