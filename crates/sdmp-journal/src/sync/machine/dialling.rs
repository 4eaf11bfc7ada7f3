//! Whom to dial, and when (N34).

use sdmp_container::{Fingerprint, Timestamp};

use super::lifecycle::is_lesser;
use super::{Machine, Turn};
use crate::sync::peer::{Peer, Reread};
use crate::sync::time::{SECOND, later};
use crate::sync::{Access, Guide, Wish};

/// What is next with a peer (N34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// There is a session.
    Connected,
    /// It is being dialled.
    Dialling,
    /// It did what it may not: no session before this moment (N23, N51).
    Cut(Timestamp),
    /// No address of it is known: it has to dial (N35).
    NoAddress,
    /// There may be no session with it (N17).
    Stranger,
    /// It is dialled then, because there is something for it.
    Dial(Timestamp),
    /// It is dialled then, after so many failures in a row.
    Again(Timestamp, u32),
    /// There is nothing for it, and it is visited then.
    Visit(Timestamp),
}

impl Machine {
    /// What is next with a peer, so that a person can be told.
    #[must_use]
    pub fn plan(&self, fingerprint: &Fingerprint, guide: &dyn Guide, now: Timestamp) -> Plan {
        let Some(peer) = self.peers.get(fingerprint) else { return Plan::Stranger };
        if peer.session.is_some() {
            return Plan::Connected;
        }
        if peer.dialling {
            return Plan::Dialling;
        }
        if let Some(until) = peer.cut_until.filter(|until| now < *until) {
            return Plan::Cut(until);
        }
        if !peer.has_address {
            return Plan::NoAddress;
        }
        if peer.access == Access::Refused {
            return Plan::Stranger;
        }
        match when(peer, fingerprint, guide.node()) {
            Some(at) if peer.row.fails > 0 => Plan::Again(at, peer.row.fails),
            Some(at) => Plan::Dial(at),
            None => Plan::Visit(peer.visit.max(peer.row.due)),
        }
    }

    pub(super) fn dial_failed(&mut self, turn: &mut Turn<'_>, fingerprint: &Fingerprint) {
        let random = turn.octet();
        if let Some(peer) = self.peers.get_mut(fingerprint) {
            peer.dialling = false;
            peer.failed(random, turn.now);
        }
    }

    /// Dials each node that there is something for.
    pub(super) fn dial(&mut self, turn: &mut Turn<'_>) {
        let (now, last) = (turn.now, turn.guide.head().last());
        for (fingerprint, peer) in &mut self.peers {
            let needed = peer.row.sent != last
                || peer.reread == Reread::Now
                || peer.visit <= now
                || self.wants.is_ready(fingerprint);
            // A reason that has passed must not make a later dial look old.
            if !needed || peer.session.is_some() {
                peer.reason = None;
            } else if peer.reason.is_none() {
                peer.reason = Some(now);
            }
        }
        let mut dialling = self.peers.values().filter(|peer| peer.dialling).count();
        for (fingerprint, peer) in &mut self.peers {
            if dialling >= self.limits.dials {
                return;
            }
            if when(peer, fingerprint, turn.guide.node()).is_some_and(|at| at <= now) {
                (peer.dialling, dialling) = (true, dialling.saturating_add(1));
                turn.wishes.push(Wish::Dial { peer: fingerprint.clone() });
            }
        }
    }

    /// When the next dial is due.
    pub(super) fn dial_at(&self, turn: &Turn<'_>) -> Option<Timestamp> {
        let peers = || self.peers.iter().filter(|(_, peer)| is_diallable(peer));
        let visits = peers().filter(|(_, peer)| peer.reason.is_none()).map(|(_, peer)| peer.visit);
        let dialling = self.peers.values().filter(|peer| peer.dialling).count();
        let reasons =
            peers().filter_map(|(fingerprint, peer)| when(peer, fingerprint, turn.guide.node()));
        // Those over the limit wait for the end of another dial.
        let reasons = reasons.filter(|_| dialling < self.limits.dials);
        visits.chain(reasons).min()
    }
}

fn is_diallable(peer: &Peer) -> bool {
    peer.session.is_none() && !peer.dialling && peer.has_address && peer.access != Access::Refused
}

/// When a peer is to be dialled, if there is a reason: the lesser fingerprint at once, the other 10 s
/// later; both after the pause that failures demand.
fn when(peer: &Peer, fingerprint: &Fingerprint, node: &Fingerprint) -> Option<Timestamp> {
    let reason = peer.reason.filter(|_| is_diallable(peer))?;
    let first = is_lesser(node, fingerprint);
    // Both sides want the same session: the one with the lesser key calls first, so that they do
    // not cross.
    let patience = if first { reason } else { later(reason, SECOND.saturating_mul(10)) };
    Some(patience.max(peer.row.due).max(peer.cut_until.unwrap_or(Timestamp::MIN)))
}
