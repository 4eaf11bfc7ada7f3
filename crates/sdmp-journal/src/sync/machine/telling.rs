//! Telling peers of new lines (N33).

use std::sync::Arc;

use sdmp_container::Timestamp;

use super::{Machine, Turn};
use crate::LineId;
use crate::exchange::{Body, Lines, MAX_LINES};
use crate::sync::SessionId;
use crate::sync::session::Session;
use crate::sync::time::{SECOND, later};

/// A broadcast that was signed.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    since: LineId,
    count: u64,
    last: LineId,
    body: Arc<Body>,
    at: Timestamp,
}

impl Machine {
    /// All lines after the last that the peer was given, if it is time. One object serves all peers
    /// that have the same ones.
    pub(super) fn broadcast(&mut self, turn: &Turn<'_>, id: SessionId) -> Option<Arc<Body>> {
        let session = self.sessions.get(&id)?;
        let peer = session.peer.clone();
        let sent = self.peers.get(&peer)?.row.sent;
        if sent == turn.guide.head().last() {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.gathering = None;
            }
            return None;
        }
        if self.tell_at(turn, session)? > turn.now {
            return None;
        }
        let Some(signed) = self.signed_since(turn, sent) else {
            // The journal was replaced by an older one: there is nothing that follows.
            self.set_sent(&peer, turn.guide.head().last());
            return None;
        };
        self.set_sent(&peer, signed.last);
        self.signed = Some(signed.clone());
        Some(signed.body)
    }

    fn signed_since(&self, turn: &Turn<'_>, sent: LineId) -> Option<Signed> {
        let count = turn.guide.head().count();
        let same = |signed: &&Signed| signed.since == sent && signed.count == count;
        if let Some(signed) = self.signed.as_ref().filter(same) {
            return Some(signed.clone());
        }
        let entries = turn.guide.lines(&sent, MAX_LINES)?;
        let last = entries.last()?.lid;
        let body = Arc::new(Body::Broadcast(Lines { since: sent, entries }));
        Some(Signed { since: sent, count, last, body, at: turn.now })
    }

    /// When this session's peer is to be told: at once if nothing was signed in the last second;
    /// else lines gather, and longer, so that signing stays under a tenth of a core.
    pub(super) fn tell_at(&self, turn: &Turn<'_>, session: &Session) -> Option<Timestamp> {
        let (began, control) = session.gathering?;
        let sent = self.peers.get(&session.peer)?.row.sent;
        let waits = session.asks_on_until.is_some_and(|until| until > turn.now);
        if waits || session.is_draining() || sent == turn.guide.head().last() {
            return None;
        }
        let Some(signed) = &self.signed else { return Some(turn.now) };
        if signed.since == sent && signed.count == turn.guide.head().count() {
            return Some(turn.now);
        }
        let pause = self.limits.signature.saturating_mul(10);
        let rested = later(signed.at, SECOND.max(pause));
        let urgent = session.own || control;
        let gather = if urgent { self.limits.gather_control } else { self.limits.gather };
        let gathered = later(began, gather).max(later(signed.at, pause));
        // Lines that came when nothing had been signed for a second do not wait.
        Some(if rested <= began { turn.now } else { gathered })
    }
}
