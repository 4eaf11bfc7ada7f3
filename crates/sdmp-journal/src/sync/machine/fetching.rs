//! Asking for lines and for resources (N23, N31, N32).

use std::sync::Arc;

use super::{Machine, Turn};
use crate::exchange::{Body, MAX_NAMES, RequestId};
use crate::sync::session::{Asked, JournalState};
use crate::sync::{SessionId, Want};

impl Machine {
    /// A request for lines, if the journal is to be asked for and may be.
    pub(super) fn ask_for_lines(&mut self, turn: &mut Turn<'_>, id: SessionId) -> Option<Body> {
        let session = self.sessions.get(&id)?;
        let JournalState::Ask { limit } = session.journal else { return None };
        let peer = self.peers.get_mut(&session.peer)?;
        // N51: over the limit of wants the journal is read later.
        let full = self.wants.open_from(&session.peer) >= self.limits.open_wants;
        if session.asked_for_lines() || full {
            return None;
        }
        let may_read = peer.may_read_journal(turn.now);
        let since = peer.row.cursor.last();
        let session = self.sessions.get_mut(&id)?;
        // Whether or not it may be read now: the next cause sets it again.
        session.journal = JournalState::Quiet;
        if !may_read {
            return None;
        }
        let identifier = RequestId::fresh(turn.random).ok()?;
        self.open(turn, id, identifier.clone(), Asked::Lines { since });
        Some(Body::RequestJournal { identifier, since, limit })
    }

    /// A request for resources, if this peer is to be asked for some (N32).
    pub(super) fn ask_for_resources(&mut self, turn: &mut Turn<'_>, id: SessionId) -> Option<Body> {
        let session = self.sessions.get(&id)?;
        if session.open_resources() >= self.limits.window {
            return None;
        }
        let peer = session.peer.clone();
        let identifier = RequestId::fresh(turn.random).ok()?;
        let (now, slow) = (turn.now, self.is_slow(&peer, turn));
        // A holder that was slow comes last: it is asked for what no other one can give.
        let others: Vec<_> = self
            .sessions
            .values()
            .filter(|other| slow && other.peer != peer && !other.is_draining())
            .map(|other| other.peer.clone())
            .filter(|other| !self.is_slow(other, turn))
            .collect();
        let elsewhere = |want: &Want| others.iter().any(|other| want.may_ask(other, now));
        let names = self.wants.ask(&peer, MAX_NAMES, elsewhere, now);
        if names.is_empty() {
            return None;
        }
        self.open(turn, id, identifier.clone(), Asked::Resources { names: names.clone() });
        Some(Body::RequestResource { identifier, names })
    }

    fn is_slow(&self, peer: &crate::Fingerprint, turn: &Turn<'_>) -> bool {
        self.peers.get(peer).is_some_and(|peer| peer.is_slow(turn.now))
    }

    /// Sends one object, and lets nothing else be composed until it is written (N29).
    pub(super) fn put_out(&mut self, turn: &mut Turn<'_>, id: SessionId, body: Arc<Body>) {
        Self::send(turn, id, body);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.active = turn.now;
        }
    }
}
