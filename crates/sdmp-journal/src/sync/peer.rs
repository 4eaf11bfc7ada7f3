//! What is kept of a peer (N23, N30, N34).

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use sdmp_container::{Fingerprint, Timestamp};

use crate::sync::time::{DAY, HOUR, SECOND, later, since};
use crate::sync::{Access, Limits, SessionId};
use crate::{Cursor, LineId};

/// What is durable of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRow {
    /// How far its journal was read.
    pub cursor: Cursor,
    /// Our last line that it was given (N30).
    pub sent: LineId,
    /// When its journal was last begun from line 1 for new users (N19).
    pub reread: Option<Timestamp>,
    /// How many dials failed in a row.
    pub fails: u32,
    /// When the first of these failed.
    pub failing: Option<Timestamp>,
    /// It is not dialled before this moment.
    pub due: Timestamp,
    /// N17's answer when the last session with it began.
    pub access: Access,
    /// Whether control of its users came since the last session began (N32).
    pub news: bool,
}

/// Whether a peer's journal is to be read again from line 1 (N19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reread {
    No,
    /// When nothing else is to be done, at most once a day.
    WhenIdle,
    Now,
}

/// A peer, with or without a session.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) row: PeerRow,
    pub(crate) changed: bool,
    pub(crate) own: bool,
    pub(crate) has_address: bool,
    pub(crate) users: BTreeSet<Fingerprint>,
    pub(crate) dialling: bool,
    /// Since when there has been a reason to dial.
    pub(crate) reason: Option<Timestamp>,
    /// The session in use; others drain.
    pub(crate) session: Option<SessionId>,
    pub(crate) access: Access,
    pub(crate) reread: Reread,
    /// When it is dialled without a reason (N34).
    pub(crate) visit: Timestamp,
    /// When the last session ended by a fault: no session before this moment.
    pub(crate) cut_until: Option<Timestamp>,
    pub(crate) slow_until: Option<Timestamp>,
    bad_copies: VecDeque<Timestamp>,
}

impl PeerRow {
    /// A peer that has not been met (N23).
    #[must_use]
    pub fn new(peer: &Fingerprint, our_node: &Fingerprint, now: Timestamp) -> Self {
        Self {
            cursor: Cursor::new(peer.clone()),
            sent: LineId::first(our_node),
            reread: None,
            fails: 0,
            failing: None,
            due: now,
            access: Access::Refused,
            news: false,
        }
    }
}

impl Peer {
    pub(crate) fn new(row: PeerRow, visit: Timestamp) -> Self {
        Self {
            row,
            changed: true,
            own: false,
            has_address: false,
            users: BTreeSet::new(),
            dialling: false,
            reason: None,
            session: None,
            access: Access::Refused,
            reread: Reread::No,
            visit,
            cut_until: None,
            slow_until: None,
            bad_copies: VecDeque::new(),
        }
    }

    /// N34: after k failures min(1 h, 5 s x 2^k) x 0.5 to 1.5, daily after 30 days.
    pub(crate) fn failed(&mut self, random: u8, now: Timestamp) {
        let failing = *self.row.failing.get_or_insert(now);
        self.row.fails = self.row.fails.saturating_add(1);
        // From ten seconds to an hour, and a day for a node that has been gone for a month.
        let doubled = SECOND.saturating_mul(5).saturating_mul(1 << self.row.fails.min(16));
        let base =
            if since(now, failing) >= DAY.saturating_mul(30) { DAY } else { doubled.min(HOUR) };
        self.row.due = later(now, jitter(base, random));
        self.changed = true;
    }

    /// A session in which the peer spoke, and did nothing wrong, begins the count anew.
    pub(crate) fn succeeded(&mut self, now: Timestamp) {
        (self.row.fails, self.row.failing, self.row.due) = (0, None, now);
        self.changed = true;
    }

    /// Whether its journal may be read now (N24).
    pub(crate) fn may_read_journal(&mut self, now: Timestamp) -> bool {
        let before = self.row.cursor.clone();
        let may = self.row.cursor.may_read(self.own, now);
        self.changed |= self.row.cursor != before;
        may
    }

    /// Counts a bad copy; returns whether there were too many in an hour (N51).
    pub(crate) fn bad_copy(&mut self, limits: &Limits, now: Timestamp) -> bool {
        // A sliding hour: a peer that was bad once is not punished for ever.
        while self.bad_copies.front().is_some_and(|first| since(now, *first) >= HOUR) {
            self.bad_copies.pop_front();
        }
        self.bad_copies.push_back(now);
        self.bad_copies.len() >= limits.bad_copies
    }

    pub(crate) fn is_slow(&self, now: Timestamp) -> bool {
        self.slow_until.is_some_and(|until| now < until)
    }

    pub(crate) fn is_cut(&self, now: Timestamp) -> bool {
        self.cut_until.is_some_and(|until| now < until)
    }
}

/// 0.5 to 1.5 of a time.
pub(crate) fn jitter(base: Duration, random: u8) -> Duration {
    let half = base / 2;
    // From half of it to one and a half: nodes that lost the same peer must not come back together.
    half.saturating_add(base.saturating_mul(u32::from(random)) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n34_pauses_double_to_an_hour_and_are_a_day_after_30_days() {
        let key = Fingerprint::from_octets([1; 64]);
        let mut now = Timestamp::MIN;
        let mut peer = Peer::new(PeerRow::new(&key, &key, now), now);
        // 127 of 255 is the middle: the pause itself, nearly.
        let mut pause = |now| {
            peer.failed(127, now);
            since(peer.row.due, now).as_secs()
        };
        let first: Vec<u64> = (0..10).map(|_| pause(now)).collect();
        assert_eq!(first, [9, 19, 39, 79, 159, 319, 638, 1277, 2554, 3592]);
        now = later(now, DAY.saturating_mul(30).saturating_sub(SECOND));
        assert_eq!(pause(now), 3592);
        now = later(now, SECOND);
        assert_eq!(pause(now), 86_230);
        peer.succeeded(now);
        peer.failed(127, now);
        assert_eq!(since(peer.row.due, now).as_secs(), 9, "a session begins the count anew");
        assert_eq!((jitter(DAY, 0), jitter(DAY, 255)), (DAY / 2, DAY + DAY / 2));
    }
}
