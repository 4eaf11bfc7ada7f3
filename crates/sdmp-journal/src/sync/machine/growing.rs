//! What follows when this node's journal grows (N16, N19, N31, N33).

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, ResourceName};

use super::{Machine, Turn};
use crate::exchange::body::identity_of;
use crate::sync::peer::{Peer, Reread};
use crate::sync::time::{DAY, since};
use crate::sync::{Access, PeerRow, SessionId};
use crate::{Kind, Line};

impl Machine {
    pub(super) fn appended(&mut self, turn: &mut Turn<'_>, lines: &[Line]) {
        let mut came = BTreeSet::new();
        let mut authors = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for line in lines {
            came.insert(ResourceName { author: line.author.clone(), resource: line.id.clone() });
            let kind = turn.guide.kind(&line.id);
            if kind.is_some_and(Kind::is_control) {
                authors.insert(line.author.clone());
            }
            if kind == Some(Kind::Identity) {
                came.insert(identity_of(&line.author));
                keys.insert(line.author.clone());
            }
        }
        // Before the wants: what is held here needs no new request.
        self.judge_held(turn, |missing| came.contains(missing));
        for name in &came {
            self.wants.known(name, turn.now);
        }
        for line in lines {
            self.wants.known_id(&line.id, turn.now);
        }
        self.gather(turn, !authors.is_empty());
        if !authors.is_empty() {
            self.control_came(turn, &authors, &keys);
        }
    }

    fn gather(&mut self, turn: &Turn<'_>, control: bool) {
        for session in self.sessions.values_mut() {
            let (_, gathered) = session.gathering.get_or_insert((turn.now, control));
            *gathered |= control;
        }
    }

    /// New control: authority may have changed in any way.
    fn control_came(
        &mut self,
        turn: &mut Turn<'_>,
        authors: &BTreeSet<Fingerprint>,
        keys: &BTreeSet<Fingerprint>,
    ) {
        for author in authors {
            self.wants.reopen_author(author, turn.now);
        }
        self.refresh(turn, false);
        // New control may have ended a peer's access, in the middle of its session.
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.judge_again(turn, id);
        }
        // N32: asked once again at the start of the next session.
        for (fingerprint, peer) in &mut self.peers {
            let rests = peer.users.iter().any(|user| authors.contains(user));
            if (rests || keys.contains(fingerprint)) && !peer.row.news {
                (peer.row.news, peer.changed) = (true, true);
            }
        }
    }

    /// Compares whom this node collects, and who may connect, with what it was.
    pub(super) fn refresh(&mut self, turn: &mut Turn<'_>, starts: bool) {
        let collected = turn.guide.collected();
        // Compared with before: only what is new has to be asked for.
        let old = std::mem::replace(&mut self.collected, collected);
        let users: BTreeSet<Fingerprint> =
            self.collected.users.difference(&old.users).cloned().collect();
        let keys = self.collected.users.iter().chain(&self.collected.keys);
        let new_keys: BTreeSet<Fingerprint> =
            keys.filter(|key| !old.contains(key)).cloned().collect();
        self.refresh_peers(turn);
        if self.collected != old {
            let collected = self.collected.clone();
            self.wants.retain(|name| collected.contains(&name.author));
        }
        // N19: the identity is asked for even if it is known; a restart is no new want.
        // Whose journal names it is not known: first those who can be asked now.
        let connected = |with: bool| {
            let peers = self.peers.iter().filter(move |(_, one)| one.session.is_some() == with);
            peers.map(|(peer, _)| peer.clone())
        };
        let holders: Vec<Fingerprint> = connected(true).chain(connected(false)).collect();
        for key in new_keys {
            if !(starts && turn.guide.has_identity(&key)) {
                self.wants.add_identity(&key, &holders, turn.now);
            }
        }
        if !users.is_empty() && !starts {
            self.read_again(turn, &users);
        }
    }

    /// Nodes that could not be dialled may be dialled now: the pauses of failures at old addresses end.
    pub(super) fn addresses_changed(&mut self, turn: &Turn<'_>) {
        self.refresh_peers(turn);
        for peer in self.peers.values_mut() {
            peer.row.due = peer.row.due.min(turn.now);
        }
    }

    fn refresh_peers(&mut self, turn: &Turn<'_>) {
        for peer in self.peers.values_mut() {
            peer.access = Access::Refused;
        }
        for (fingerprint, has_address) in turn.guide.peers() {
            let standing = turn.guide.standing(&fingerprint);
            let peer = self.peers.entry(fingerprint.clone()).or_insert_with(|| {
                let row = PeerRow::new(&fingerprint, turn.guide.node(), turn.now);
                Peer::new(row, turn.now)
            });
            (peer.access, peer.own) = (standing.access, standing.own);
            (peer.users, peer.has_address) = (standing.users, has_address);
        }
    }

    /// N19: journals are read again from line 1, of own nodes and of the new users at once, of
    /// others when idle.
    fn read_again(&mut self, turn: &Turn<'_>, users: &BTreeSet<Fingerprint>) {
        for peer in self.peers.values_mut() {
            let at_once = peer.own || peer.users.iter().any(|user| users.contains(user));
            let wish = if at_once { Reread::Now } else { Reread::WhenIdle };
            peer.reread = peer.reread.max(wish);
        }
        let peers: Vec<Fingerprint> = self.peers.keys().cloned().collect();
        for fingerprint in peers {
            self.begin_reread(turn, &fingerprint, Reread::Now);
        }
    }

    /// Reads again what is to be read when nothing else is to be done, at most once a day.
    pub(super) fn read_again_when_idle(&mut self, turn: &Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(peer) = self.peers.get(&session.peer) else { return };
        let waited = peer.row.reread.is_none_or(|last| since(turn.now, last) >= DAY);
        if waited && !session.is_busy() {
            let fingerprint = session.peer.clone();
            self.begin_reread(turn, &fingerprint, Reread::WhenIdle);
        }
    }
}
