//! A node that trusts four peers and collects everything.

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, Identifier, ResourceName};
use sdmp_journal::exchange::{Given, Lines};
use sdmp_journal::sync::{Access, Collected, Guide, Standing};
use sdmp_journal::{Cursor, Head, Kind, Line, LineId, Read, Timestamp, view::Known};

pub(super) const PEERS: u8 = 4;

pub(super) fn key(number: u8) -> Fingerprint {
    Fingerprint::from_octets([number; 64])
}

/// What the node has; the script adds to it.
pub(super) struct Node {
    pub(super) me: Fingerprint,
    pub(super) head: Head,
    pub(super) lines: Vec<Line>,
    pub(super) refused: BTreeSet<Fingerprint>,
    pub(super) now: Timestamp,
}

impl Guide for Node {
    fn node(&self) -> &Fingerprint {
        &self.me
    }

    fn is_reachable(&self) -> bool {
        true
    }

    fn head(&self) -> Head {
        self.head.clone()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        let skip = match self.lines.iter().position(|line| line.lid == *since) {
            Some(place) => place + 1,
            None if *since == LineId::first(&self.me) => 0,
            None => return None,
        };
        Some(self.lines.iter().skip(skip).take(limit).cloned().collect())
    }

    fn kind(&self, id: &Identifier) -> Option<Kind> {
        let known = self.lines.iter().any(|line| line.id == *id);
        // Every third one is control.
        let control = id.as_octets().first().is_some_and(|first| first % 3 == 0);
        known.then_some(if control { Kind::Trust } else { Kind::Message })
    }

    fn has_identity(&self, key: &Fingerprint) -> bool {
        key == &self.me
    }

    fn read(&self, cursor: &mut Cursor, own: bool, lines: &Lines) -> Read {
        cursor.read(&Known::new(), (lines.since, &lines.entries), own, self.now)
    }

    fn unknown_since(&self, cursor: &mut Cursor, own: bool) -> Read {
        cursor.fork(own, self.now)
    }

    fn standing(&self, peer: &Fingerprint) -> Standing {
        let access = if self.refused.contains(peer) { Access::Refused } else { Access::Full };
        let users = BTreeSet::from([peer.clone()]);
        Standing { access, own: *peer == key(1), users, until: None }
    }

    fn peers(&self) -> Vec<(Fingerprint, bool)> {
        let peers = (1..=PEERS).map(key).filter(|peer| !self.refused.contains(peer));
        peers.map(|peer| (peer, true)).collect()
    }

    fn collected(&self) -> Collected {
        Collected { users: (0..=PEERS).map(key).collect(), keys: BTreeSet::new() }
    }

    fn give(&self, _: &Fingerprint, _: Access, name: &ResourceName) -> Option<Given> {
        self.kind(&name.resource)?;
        Some(Given { data: "{}".into(), revoked: None })
    }
}
