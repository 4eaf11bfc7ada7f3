//! How far a peer's journal was read (N23, N24).

use sdmp_container::Timestamp;

use super::first;
use crate::error::Code;
use crate::{Fingerprint, Head, Line, LineId, View};

const DAY: i64 = 24 * 3_600_000;

/// How far the journal of a peer was read. Kept durably; the wants that its lines make are stored
/// with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    peer: Fingerprint,
    head: Head,
    again: Option<Timestamp>,
    is_blocked: bool,
}

/// What came of entries that a peer gave (N23, N24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// New lines, which follow the last one that was read; the cursor has moved past them. Ask on.
    Lines(Vec<Line>),
    /// There are no more lines.
    End,
    /// The entries begin elsewhere: ask from [`Cursor::last`].
    Ask,
    /// `journal.fork`: the journal goes on differently. The cursor has started again.
    Fork,
    /// `journal.fork`, and the cursor has started again not long ago: this journal is not read
    /// before that time.
    Later(Timestamp),
    /// `journal.line`: the session ends, for an hour. The cursor has not moved.
    Malformed,
}

impl Read {
    /// The code of what came, where it is a fault.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        match self {
            Self::Malformed => Some(Code::JournalLine),
            Self::Fork | Self::Later(_) => Some(Code::JournalFork),
            Self::Lines(_) | Self::End | Self::Ask => None,
        }
    }
}

impl Cursor {
    /// Of a journal that was never read: line 1 is known.
    #[must_use]
    pub fn new(peer: Fingerprint) -> Self {
        Self { head: Head::new(&peer), peer, again: None, is_blocked: false }
    }

    /// As it was stored: all that the accessors give.
    #[must_use]
    pub const fn restore(
        peer: Fingerprint,
        head: Head,
        again: Option<Timestamp>,
        is_blocked: bool,
    ) -> Self {
        Self { peer, head, again, is_blocked }
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

    /// When the cursor may start again once more, after a fork (N24).
    #[must_use]
    pub const fn again(&self) -> Option<Timestamp> {
        self.again
    }

    /// Whether the journal is not read until then.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Whether the journal may be read now; if it was blocked until now, the cursor starts again.
    pub fn may_read(&mut self, is_own: bool, now: Timestamp) -> bool {
        if self.is_blocked && self.again.is_none_or(|again| now >= again) {
            self.start_again(is_own, now);
        }
        !self.is_blocked
    }

    /// Takes entries that follow `since` (N23).
    pub fn read<V: View + ?Sized>(
        &mut self,
        view: &V,
        (since, entries): (LineId, &[Line]),
        is_own: bool,
        now: Timestamp,
    ) -> Read {
        if !self.may_read(is_own, now) {
            return Read::Later(self.again.unwrap_or(now));
        }
        if since != self.last() {
            return Read::Ask;
        }
        let Some(first) = entries.first() else { return Read::End };
        if first.lid != self.head.next() {
            return self.fork(is_own, now);
        }
        let mut head = self.head.clone();
        for line in entries {
            if line.lid != head.next() {
                return Read::Malformed;
            }
            head.append(line.author.clone(), line.id.clone());
            if !first::fits(view, &self.peer, head.count(), line) {
                return Read::Malformed;
            }
        }
        if self.head.count() == 1 && !first::fit_together(entries) {
            return Read::Malformed;
        }
        self.head = head;
        Read::Lines(entries.to_vec())
    }

    /// The journal goes on differently, or the peer does not know our last line (N24). The cursor
    /// starts again: of own nodes once a day, of others once a week.
    pub fn fork(&mut self, is_own: bool, now: Timestamp) -> Read {
        match self.again {
            Some(again) if now < again => {
                self.is_blocked = true;
                Read::Later(again)
            }
            _ => {
                self.start_again(is_own, now);
                Read::Fork
            }
        }
    }

    /// Starts again because more is wanted than was when the lines were read (N19).
    pub fn read_again(&mut self) {
        self.head = Head::new(&self.peer);
    }

    fn start_again(&mut self, is_own: bool, now: Timestamp) {
        self.read_again();
        self.is_blocked = false;
        let pause = if is_own { DAY } else { 7 * DAY };
        let again = now.unix_millis().saturating_add(pause);
        self.again = Some(Timestamp::from_unix_millis(again).unwrap_or(Timestamp::MAX));
    }
}
