//! One channel: what waits to be sent, what was received, and where each direction stands.

use bytes::{Buf, BytesMut};

use crate::fault::Reason;
use crate::limits::{INITIAL_WINDOW, LARGEST_CREDIT, Limits};

/// Where a direction stands, as far as its sender has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Open,
    /// Ended by its sender.
    Ended,
    /// Given up by its sender.
    Reset(Reason),
}

/// What the next message has to say about a channel, beside its octets.
#[derive(Debug, Default)]
pub(crate) struct Due {
    pub(crate) open: Option<String>,
    pub(crate) window: u64,
    pub(crate) reset: Option<Reason>,
}

#[derive(Debug)]
pub(crate) struct Channel {
    /// The application has a hand on it.
    pub(crate) held: bool,
    /// Counted among those that the peer has opened and this side has refused.
    pub(crate) refused: bool,
    pub(crate) due: Due,
    /// Octets that wait to be sent, and how many of them the peer has room for.
    pub(crate) waiting: BytesMut,
    pub(crate) credit: u64,
    /// The application has ended its direction; the end goes out after what waits.
    pub(crate) ending: bool,
    /// What the peer was told of our direction.
    pub(crate) ours: Direction,
    /// What the peer said of its direction.
    pub(crate) theirs: Direction,
    /// In one piece: a queue of pieces would cost more than the octets of a peer that sends them singly.
    received: BytesMut,
    /// Octets that the peer may still send, that the window has in all, and that were taken here since
    /// the peer was told last.
    window: u64,
    width: u64,
    taken: u64,
    pub(crate) in_urgent: bool,
    pub(crate) in_ready: bool,
}

impl Channel {
    pub(crate) fn new(held: bool) -> Self {
        Self {
            held,
            refused: false,
            due: Due::default(),
            waiting: BytesMut::new(),
            credit: INITIAL_WINDOW,
            ending: false,
            ours: Direction::Open,
            theirs: Direction::Open,
            received: BytesMut::new(),
            window: INITIAL_WINDOW,
            width: INITIAL_WINDOW,
            taken: 0,
            in_urgent: false,
            in_ready: false,
        }
    }

    /// Why this side gave the channel up, if it did.
    pub(crate) fn given_up(&self) -> Option<Reason> {
        match (self.due.reset, self.ours) {
            (Some(reason), _) | (None, Direction::Reset(reason)) => Some(reason),
            (None, Direction::Open | Direction::Ended) => None,
        }
    }

    /// Whether our direction has octets or an end that may go out now.
    pub(crate) fn has_output(&self) -> bool {
        let end = self.ending && self.waiting.is_empty();
        self.ours == Direction::Open
            && self.due.reset.is_none()
            && (end || !self.waiting.is_empty() && self.credit > 0)
    }

    /// Gives the channel up in both directions. `false` when nothing has to be said: both have ended.
    pub(crate) fn give_up(&mut self, reason: Reason) -> bool {
        self.waiting = BytesMut::new();
        self.ending = true;
        if self.given_up().is_some() || self.is_over() {
            return false;
        }
        self.due.window = 0;
        self.due.reset = Some(reason);
        true
    }

    /// Whether both directions have ended, as both sides know.
    pub(crate) fn is_over(&self) -> bool {
        self.ours != Direction::Open && self.theirs != Direction::Open && self.due.reset.is_none()
    }

    /// Takes octets of the peer's.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Result<(), Reason> {
        if self.theirs != Direction::Open {
            return Err(Reason::AfterEnd);
        }
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.window = self.window.checked_sub(length).ok_or(Reason::Window)?;
        self.received.extend_from_slice(octets);
        Ok(())
    }

    pub(crate) fn allow(&mut self, octets: u64) -> Result<(), Reason> {
        let credit = self.credit.saturating_add(octets);
        if credit > LARGEST_CREDIT {
            return Err(Reason::Credit);
        }
        self.credit = credit;
        Ok(())
    }

    /// Copies what was received; how many octets, and whether the peer should be told of room.
    pub(crate) fn read(
        &mut self,
        into: &mut [u8],
        limits: &Limits,
        growth: &mut u64,
    ) -> (usize, bool) {
        let read = self.received.len().min(into.len());
        if let Some(into) = into.get_mut(..read) {
            self.received.copy_to_slice(into);
        }
        if self.received.is_empty() {
            // An idle channel keeps no memory.
            self.received = BytesMut::new();
        }
        self.taken += u64::try_from(read).unwrap_or_default();
        // Told at half of the window: sooner costs a message each time, later stops the peer.
        let tell = self.taken >= self.width / 2
            && self.theirs == Direction::Open
            && self.given_up().is_none();
        if tell {
            let wider =
                self.width.min(limits.largest_window - self.width.min(limits.largest_window));
            let wider = wider.min(*growth);
            *growth -= wider;
            let more = std::mem::take(&mut self.taken) + wider;
            self.width += wider;
            self.window += more;
            self.due.window += more;
        }
        (read, tell)
    }

    pub(crate) fn has_received(&self) -> bool {
        !self.received.is_empty()
    }

    /// Drops what was received, for an application that has gone.
    pub(crate) fn discard(&mut self) {
        self.received = BytesMut::new();
    }

    /// What the window has grown by.
    pub(crate) fn grown(&self) -> u64 {
        self.width - INITIAL_WINDOW
    }
}
