//! The end of the own journal, and how it grows (N21, N22).

use crate::{Fingerprint, Identifier, Line, LineId};

/// The most resources of one append (N22).
pub const LONGEST_APPEND: usize = 256;

/// The end of a journal: how many lines there are, the last one's identifier, and the next one's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    count: u64,
    last: LineId,
    next: LineId,
}

impl Head {
    /// The head of a journal that has only line 1: the node's fingerprint.
    #[must_use]
    pub fn new(node: &Fingerprint) -> Self {
        Self { count: 1, last: LineId::first(node), next: LineId::after(&node.to_string()) }
    }

    /// A head as it was stored.
    #[must_use]
    pub const fn restore(count: u64, last: LineId, next: LineId) -> Self {
        Self { count, last, next }
    }

    /// The number of lines.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The identifier of the last line.
    #[must_use]
    pub const fn last(&self) -> LineId {
        self.last
    }

    /// The hash of the last line: the identifier that the next line will have.
    #[must_use]
    pub const fn next(&self) -> LineId {
        self.next
    }

    /// Adds the line of an admitted resource.
    pub fn append(&mut self, author: Fingerprint, id: Identifier) -> Line {
        let line = Line { lid: self.next, author, id };
        self.count = self.count.saturating_add(1);
        self.last = line.lid;
        self.next = line.next();
        line
    }
}
