//! What is shown, what takes room, and what goes first.

use std::collections::BTreeMap;

use sdmp_journal::{Fingerprint, Identifier, Kind, View};

use super::Inner;
use crate::contract::Gone;

impl Inner {
    pub(super) fn shown(&self, before: Option<u64>, limit: usize) -> Vec<(u64, Identifier)> {
        let numbered = (2..).zip(&self.lines);
        let earlier = numbered.take_while(|(n, _)| before.is_none_or(|before| *n < before));
        let is_shown = |id| matches!(self.opened.get(id), Some(Some(_)));
        let shown = earlier.filter(|(_, line)| is_shown(&line.id));
        let shown: Vec<_> = shown.map(|(number, line)| (number, line.id.clone())).collect();
        shown.into_iter().rev().take(limit).collect()
    }

    pub(super) fn octets(&self) -> Vec<(Fingerprint, u64)> {
        let mut octets: BTreeMap<Fingerprint, u64> = BTreeMap::new();
        for line in &self.lines {
            let Some((kind, size)) = self.here(&line.id) else { continue };
            if !kind.is_control() {
                let sum = octets.entry(line.author.clone()).or_default();
                *sum = sum.saturating_add(size);
            }
        }
        octets.into_iter().collect()
    }

    pub(super) fn first_to_go(&self, author: &Fingerprint, limit: usize) -> Vec<(Identifier, u64)> {
        let lines = self.lines.iter().filter(|line| line.author == *author);
        let found = lines.filter_map(|line| {
            let (kind, size) = self.here(&line.id)?;
            let may_go = !kind.is_control() && kind != Kind::Node;
            // What was tried and not shown is of no use to anybody who reads here.
            let opens = !matches!(self.opened.get(&line.id), Some(None));
            may_go.then(|| (opens, line.id.clone(), size))
        });
        let mut found: Vec<_> = found.collect();
        // Stable: within each part the lines stay in their order.
        found.sort_by_key(|(opens, _, _)| *opens);
        found.into_iter().take(limit).map(|(_, id, size)| (id, size)).collect()
    }

    /// Kind and size of a resource whose text is here.
    fn here(&self, id: &Identifier) -> Option<(Kind, u64)> {
        let is_here = self.texts.get(id).is_some_and(|text| text.gone == Gone::Here);
        let meta = self.known.meta(id).filter(|_| is_here)?;
        Some((meta.kind, meta.size))
    }
}
