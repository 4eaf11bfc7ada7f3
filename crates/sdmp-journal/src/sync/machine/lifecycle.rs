//! Sessions: how they begin, last and end (N16, N17, N30, N34).

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, ResourceName};

use super::{Machine, Turn};
use crate::Code;
use crate::exchange::MAX_LINES;
use crate::sync::peer::{Peer, Reread, jitter};
use crate::sync::session::{Asked, JournalState, Phase, Session, Writing};
use crate::sync::time::{HOUR, later, since};
use crate::sync::{Access, CloseReason, SessionId, Standing};

impl Machine {
    pub(super) fn connected(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        fingerprint: &Fingerprint,
        dialled: bool,
    ) {
        let now = turn.now;
        let standing = turn.guide.standing(fingerprint);
        if standing.access == Access::Refused || fingerprint == turn.guide.node() {
            if let Some(peer) = self.peers.get_mut(fingerprint) {
                peer.dialling = false;
            }
            let reason = CloseReason::Code(Code::PeerNotConnectable);
            return Self::wish_close(turn, id, reason);
        }
        self.peer_entry(turn, fingerprint).dialling = false;
        let cut = self.peers.get(fingerprint).is_some_and(|peer| peer.is_cut(now));
        if cut || self.has_too_many_nodes(fingerprint, &standing) {
            return Self::wish_close(turn, id, CloseReason::Code(Code::QuotaAuthor));
        }
        let replaces = self.settle_duplicate(turn, fingerprint, dialled);
        let random = turn.octet();
        let peer = self.peer_entry(turn, fingerprint);
        let renewed = peer.row.news || peer.row.access != standing.access;
        if replaces {
            (peer.row.news, peer.row.access) = (false, standing.access);
        }
        peer.access = standing.access;
        (peer.own, peer.users) = (standing.own, standing.users.clone());
        peer.visit = later(now, jitter(HOUR.saturating_mul(6), random));
        peer.reason = None;
        let stays = standing.own || !turn.guide.is_reachable() || !peer.has_address;
        let mut session = Session::new(fingerprint.clone(), dialled, &standing, stays, now);
        if replaces {
            peer.session = Some(id);
        } else {
            session.drain(now);
        }
        self.sessions.insert(id, session);
        self.turn.push_front(id);
        if replaces {
            self.wants.add_identity_holder(fingerprint, now);
            if renewed {
                self.wants.retry_holder(fingerprint, now);
            }
        }
    }

    /// N34: of two sessions opened by one side the newer stays, else that opened by the lesser
    /// fingerprint. Returns whether the new one stays.
    fn settle_duplicate(
        &mut self,
        turn: &Turn<'_>,
        fingerprint: &Fingerprint,
        dialled: bool,
    ) -> bool {
        let lesser_is_us = is_lesser(turn.guide.node(), fingerprint);
        let Some(current) = self.peers.get(fingerprint).and_then(|peer| peer.session) else {
            return true;
        };
        let Some(older) = self.sessions.get_mut(&current) else { return true };
        let newer_stays = older.dialled == dialled || dialled == lesser_is_us;
        if newer_stays {
            older.drain(turn.now);
            // The peer may have closed the older one, and that is not heard of yet.
            self.may_judge_otherwise(turn, current);
        }
        newer_stays
    }

    /// N51: only so many nodes of another user are connected.
    fn has_too_many_nodes(&self, fingerprint: &Fingerprint, standing: &Standing) -> bool {
        if standing.own {
            return false;
        }
        let others = || self.sessions.values().filter(|session| session.peer != *fingerprint);
        standing.users.iter().any(|user| {
            let of_user = others().filter(|session| {
                let peer = self.peers.get(&session.peer);
                !session.own && peer.is_some_and(|peer| peer.users.contains(user))
            });
            let nodes: BTreeSet<&Fingerprint> = of_user.map(|session| &session.peer).collect();
            nodes.len() >= self.limits.nodes_of_user
        })
    }

    /// The peer, or the carrier, ended the session.
    pub(super) fn closed(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        self.may_judge_otherwise(turn, id);
        self.ended(turn, id);
    }

    /// A peer that ends a session in the middle may judge N17 otherwise than before, for example by
    /// control that it got in this session: what it did not give is asked once more in the next (N32).
    fn may_judge_otherwise(&mut self, turn: &Turn<'_>, id: SessionId) {
        if let Some(session) = self.sessions.get(&id)
            && since(turn.now, session.active) < self.limits.idle / 2
            && let Some(peer) = self.peers.get_mut(&session.peer)
        {
            (peer.row.news, peer.changed) = (true, true);
        }
    }

    /// The session is over: what was asked in it is asked elsewhere.
    pub(super) fn ended(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.turn.retain(|other| *other != id);
        for open in session.our_open.into_values() {
            if let Asked::Resources { names } = open.asked {
                self.not_asked(&names, &session.peer, turn);
            }
        }
        let random = turn.octet();
        if let Some(peer) = self.peers.get_mut(&session.peer)
            && peer.session == Some(id)
        {
            peer.session = None;
            if session.faulty {
                peer.failed(random, turn.now);
            } else if session.received {
                peer.succeeded(turn.now);
            } else if session.dialled {
                // It accepts and says nothing: it may judge N17 otherwise, and is dialled less and less.
                peer.failed(random, turn.now);
            }
        }
    }

    fn not_asked(&mut self, names: &[ResourceName], peer: &Fingerprint, turn: &Turn<'_>) {
        for name in names {
            self.wants.not_asked(name, peer, turn.now);
        }
    }

    /// Ends a session from this side.
    pub(super) fn close(&mut self, turn: &mut Turn<'_>, id: SessionId, reason: CloseReason) {
        if self.sessions.contains_key(&id) {
            Self::wish_close(turn, id, reason);
            self.ended(turn, id);
        }
    }

    /// The peer did what it may not: the session ends (N29).
    pub(super) fn fault(&mut self, turn: &mut Turn<'_>, id: SessionId, code: Code) {
        let Some(session) = self.sessions.get(&id) else { return };
        let fingerprint = session.peer.clone();
        Self::tell(turn, &fingerprint, code);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.faulty = true;
        }
        self.close(turn, id, CloseReason::Code(code));
    }

    /// As [`Self::fault`], and no session with the peer for an hour (N23, N51).
    pub(super) fn cut(&mut self, turn: &mut Turn<'_>, id: SessionId, code: Code) {
        let fingerprint = self.sessions.get(&id).map(|session| session.peer.clone());
        let peer = fingerprint.and_then(|peer| self.peers.get_mut(&peer));
        if let Some(peer) = peer {
            peer.cut_until = Some(later(turn.now, HOUR));
        }
        self.fault(turn, id, code);
    }

    /// N16, N17: a session that is judged otherwise now closes, and owed answers are dropped.
    pub(super) fn judge_again(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let standing = turn.guide.standing(&session.peer);
        session.until = standing.until.filter(|until| *until > turn.now);
        if standing.access != session.access {
            let reason = match standing.access {
                Access::Refused => CloseReason::Code(Code::PeerNotConnectable),
                Access::Full | Access::ControlOnly => CloseReason::Done,
            };
            return self.close(turn, id, reason);
        }
        if let Some(peer) = self.peers.get_mut(&session.peer) {
            peer.users = standing.users;
        }
    }

    /// What time alone brings to a session.
    pub(super) fn session_time(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let now = turn.now;
        self.time_out(turn, id);
        if self.sessions.get(&id).is_some_and(|one| one.until.is_some_and(|until| until <= now)) {
            self.judge_again(turn, id);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.asks_on_until.is_some_and(|until| until <= now) {
            session.asks_on_until = None;
        }
        if since(now, session.began) >= self.limits.session {
            session.drain(now);
        }
        let needed = session.is_busy()
            || self.wants.is_ready(&session.peer)
            || session.journal != JournalState::Quiet;
        if let Phase::Draining { since: began } = session.phase {
            if !session.is_busy() || since(now, began) >= self.limits.answer {
                let is_current = |peer: &Peer| peer.session == Some(id);
                let is_last = self.peers.get(&session.peer).is_some_and(is_current);
                // Without a successor it drained because of its age (N34).
                let reason = if is_last { CloseReason::Done } else { CloseReason::Duplicate };
                self.close(turn, id, reason);
            }
            return;
        }
        let silent = since(now, session.active);
        if session.stays && silent >= self.limits.quiet {
            session.journal = JournalState::Ask { limit: 1 };
            session.active = now;
        } else if !session.stays && silent >= self.limits.idle {
            if needed {
                session.active = now;
            } else {
                self.close(turn, id, CloseReason::Done);
            }
        }
    }

    /// N32: what was not answered in time is asked of others, and the holder comes last.
    fn time_out(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let now = turn.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let fingerprint = session.peer.clone();
        let (mut names, mut lines) = (Vec::new(), false);
        for open in session.our_open.values_mut().filter(|open| open.deadline <= now) {
            match std::mem::replace(&mut open.asked, Asked::Late) {
                Asked::Resources { names: late } => names.extend(late),
                Asked::Lines { .. } => lines = true,
                Asked::Late => {}
            }
        }
        let too_many = session.late() >= self.limits.window;
        if !names.is_empty()
            && let Some(peer) = self.peers.get_mut(&fingerprint)
        {
            peer.slow_until = Some(later(now, self.limits.slow));
        }
        self.not_asked(&names, &fingerprint, turn);
        if lines || too_many {
            self.fault(turn, id, Code::ExchangeTimeout);
        }
    }

    pub(super) fn written(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.active = turn.now;
        if let Writing::Answer(identifier) =
            std::mem::replace(&mut session.writing, Writing::Nothing)
        {
            session.their_open.remove(&identifier);
        }
    }

    /// Asks for the journal of a peer from line 1 again, if that is wished (N19).
    pub(super) fn begin_reread(
        &mut self,
        turn: &Turn<'_>,
        fingerprint: &Fingerprint,
        wished: Reread,
    ) {
        let Some(peer) = self.peers.get_mut(fingerprint) else { return };
        if peer.reread != wished || wished == Reread::No || !peer.may_read_journal(turn.now) {
            return;
        }
        peer.reread = Reread::No;
        peer.row.cursor.read_again();
        peer.row.reread = Some(turn.now);
        peer.changed = true;
        let session = peer.session.and_then(|id| self.sessions.get_mut(&id));
        if let Some(session) = session {
            session.journal = JournalState::Ask { limit: MAX_LINES };
        }
    }
}

/// The lesser fingerprint, as ASCII text, dials (N34).
pub(super) fn is_lesser(one: &Fingerprint, other: &Fingerprint) -> bool {
    one.to_string() < other.to_string()
}
