//! Keys, nodes and times for the tests.

pub(crate) mod people;

pub(crate) use people::{Key, Keyed};

use sdmp_journal::fact::Fact;
use sdmp_journal::view::Known;
use sdmp_journal::{Admit, Candidate, Fingerprint, Judge, Resource, Timestamp, Verdict};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// 2026-12-01T09:00, and so many milliseconds.
pub(crate) fn at(millis: i64) -> Timestamp {
    let start: Timestamp = "2026-12-01T09:00:00.000Z".parse().unwrap();
    Timestamp::from_unix_millis(start.unix_millis() + millis).unwrap()
}

/// What a node knows, and takes in.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) own: Fingerprint,
    pub(crate) known: Known,
    pub(crate) line: u64,
}

impl Node {
    pub(crate) fn of(user: &Key) -> Self {
        Self { own: user.fp(), known: Known::new(), line: 1 }
    }

    /// Judges a resource, and admits it if that is the verdict.
    pub(crate) fn offer(&mut self, resource: &Resource, now: Timestamp) -> Verdict {
        let mut candidate = Candidate::new(resource.clone());
        let verdict = Judge::new(&self.own, now).judge(&self.known, &mut candidate, &Keyed);
        if matches!(verdict, Verdict::Admit { .. }) {
            self.line += 1;
            self.known.admit(Fact::of(resource, self.line));
        }
        verdict
    }

    /// Offers all, again and again, until nothing more is admitted.
    pub(crate) fn offer_until_done<'r>(
        &mut self,
        resources: impl IntoIterator<Item = &'r Resource>,
        now: Timestamp,
    ) {
        let all: Vec<&Resource> = resources.into_iter().collect();
        loop {
            let before = self.known.len();
            for resource in &all {
                drop(self.offer(resource, now));
            }
            if self.known.len() == before {
                return;
            }
        }
    }

    /// Takes in what must be admissible, in this order.
    pub(crate) fn learn(&mut self, resources: &[&Resource], now: Timestamp) {
        for resource in resources {
            let verdict = self.offer(resource, now);
            assert!(matches!(verdict, Verdict::Admit { .. }), "{verdict:?}: {resource:?}");
        }
    }
}

/// The code of a verdict, or the word for it.
pub(crate) fn code(verdict: &Verdict) -> &'static str {
    verdict.code().map_or_else(|| verdict.name(), |code| code.as_str())
}
