//! How far a peer's journal was read (N23, N24).

use sdmp_container::Timestamp;

use crate::error::Code;
use crate::{Fingerprint, Head, Line, LineId};

/// How far the journal of a peer was read. Kept durably; the wants that its lines make are stored
/// with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    peer: Fingerprint,
    head: Head,
    again: Option<Timestamp>,
}

/// What came of entries that a peer gave (N23, N24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// New lines, in order; the cursor has moved past them.
    Lines(Vec<Line>),
    /// Nothing new: there are no more lines.
    End,
    /// The entries begin elsewhere: ask from [`Cursor::last`].
    Ask,
    /// The journal is not read before this time (N24).
    Later(Timestamp),
    /// The journal goes on differently. The cursor has started again.
    Fork,
    /// `journal.line`: the session ends, for an hour.
    Malformed,
}

impl Cursor {
    /// Of a journal that was never read: line 1 is known.
    #[must_use]
    pub fn new(peer: Fingerprint) -> Self {
        Self { head: Head::new(&peer), peer, again: None }
    }

    /// As it was stored.
    #[must_use]
    pub const fn restore(peer: Fingerprint, head: Head, again: Option<Timestamp>) -> Self {
        Self { peer, head, again }
    }

    /// Whose journal it is.
    #[must_use]
    pub const fn peer(&self) -> &Fingerprint {
        &self.peer
    }

    /// The count, the last line's identifier and the next one's.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// What to ask from: the last line that was read.
    #[must_use]
    pub const fn last(&self) -> LineId {
        self.head.last()
    }

    /// When the journal is read again, after a fork (N24).
    #[must_use]
    pub const fn again(&self) -> Option<Timestamp> {
        self.again
    }

    /// The code of what came of entries, where it is a fault.
    #[must_use]
    pub const fn code(read: &Read) -> Option<Code> {
        match read {
            Read::Malformed => Some(Code::JournalLine),
            Read::Fork => Some(Code::JournalFork),
            Read::Lines(_) | Read::End | Read::Ask | Read::Later(_) => None,
        }
    }
}
