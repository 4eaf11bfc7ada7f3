//! A guide that answers from what is known, a library of texts and lines, and the time.

use std::sync::Arc;

use sdmp_container::{Fingerprint, Identifier, ResourceName, Timestamp};

use crate::authority::{Authority, Collected, Connect, Strength};
use crate::exchange::body::is_identity;
use crate::exchange::{Given, Lines};
use crate::fact::Meta;
use crate::judge::check_content;
use crate::sync::{Access, Guide, Standing};
use crate::{Cursor, Head, Kind, Line, LineId, Read, View};

/// What a node keeps beside what is known: its journal and the texts.
pub trait Library {
    /// The end of the journal.
    fn head(&self) -> Head;

    /// The lines after one, at most `limit`; `None` if the journal does not have that line.
    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>>;

    /// The text of an admitted resource, if it is here.
    fn text(&self, id: &Identifier) -> Option<Arc<str>>;

    /// Whether an address of this node is known (N35).
    fn has_address(&self, node: &Fingerprint) -> bool;
}

/// One state of a node at one time.
#[derive(Debug)]
pub struct Snapshot<'s, V: ?Sized, L: ?Sized> {
    /// What is known.
    pub view: &'s V,
    /// Journal and texts, of the same moment.
    pub library: &'s L,
    /// This node.
    pub node: &'s Fingerprint,
    /// Its user (N1).
    pub user: &'s Fingerprint,
    /// The time (N2).
    pub now: Timestamp,
}

impl<V: View + ?Sized, L: Library + ?Sized> Snapshot<'_, V, L> {
    fn authority(&self) -> Authority<'_, V> {
        Authority::new(self.view, self.now)
    }

    /// What N18 and N27 let a peer have of one known resource, or nothing: the one place where that
    /// is decided.
    fn given(&self, peer: &Fingerprint, access: Access, meta: &Meta) -> Option<Given> {
        // A peer whose trust has ended is still given the control that says so.
        let strength = if access == Access::Full { Strength::Live } else { Strength::Weak };
        let authority = self.authority().with_strength(strength);
        let text = |id: &Identifier| self.library.text(id);
        if let Some(revocation) = authority.revocation_to_give(meta) {
            let without = authority.without_revocations_of(&meta.id);
            if !without.may_be_given(peer, meta) {
                return None;
            }
            // The receiver needs the revoked control itself to judge what rested on it; content is
            // not passed on.
            let with_resource = matches!(meta.kind, Kind::Identity | Kind::Trust);
            let revoked = if with_resource { Some(text(&meta.id)?) } else { None };
            return Some(Given { data: text(&revocation.meta.id)?, revoked });
        }
        let is_content = !meta.kind.is_control();
        if is_content && (access != Access::Full || check_content(&authority, meta).is_err()) {
            return None;
        }
        if !authority.may_be_given(peer, meta) {
            return None;
        }
        Some(Given { data: text(&meta.id)?, revoked: None })
    }

    /// The known resource of this name (N26).
    fn named(&self, name: &ResourceName) -> Option<Meta> {
        if is_identity(name) {
            return Some(self.authority().key_state(&name.author)?.identity().meta.clone());
        }
        // A name is a pair: the resource under another author's name is not known here.
        self.view.meta(&name.resource).filter(|meta| meta.user == name.author)
    }
}

impl<V: View + ?Sized, L: Library + ?Sized> Guide for Snapshot<'_, V, L> {
    fn node(&self) -> &Fingerprint {
        self.node
    }

    fn is_reachable(&self) -> bool {
        self.library.has_address(self.node)
    }

    fn head(&self) -> Head {
        self.library.head()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        self.library.lines(since, limit)
    }

    fn kind(&self, id: &Identifier) -> Option<Kind> {
        self.view.meta(id).map(|meta| meta.kind)
    }

    fn has_identity(&self, key: &Fingerprint) -> bool {
        !self.view.identities(key).is_empty()
    }

    fn read(&self, cursor: &mut Cursor, own: bool, lines: &Lines) -> Read {
        cursor.read(self.view, (lines.since, &lines.entries), own, self.now)
    }

    fn unknown_since(&self, cursor: &mut Cursor, own: bool) -> Read {
        cursor.fork(own, self.now)
    }

    fn standing(&self, peer: &Fingerprint) -> Standing {
        let basis = self.authority().basis((self.user, self.node), peer);
        let access = match basis.connect {
            Connect::Full => Access::Full,
            Connect::ControlOnly => Access::ControlOnly,
            Connect::No(_) => Access::Refused,
        };
        let trusts = self.view.trusts_in(peer);
        let users = trusts.iter().map(|trust| trust.meta.user.clone()).collect();
        let weak = self.authority().with_strength(Strength::Weak);
        let own = weak.trusts(self.user, peer);
        Standing { access, own, users, until: basis.until }
    }

    fn peers(&self) -> Vec<(Fingerprint, bool)> {
        let nodes = self.authority().connectable((self.user, self.node));
        nodes.into_keys().map(|node| (node.clone(), self.library.has_address(&node))).collect()
    }

    fn collected(&self) -> Collected {
        self.authority().collected(self.user)
    }

    fn give(&self, peer: &Fingerprint, access: Access, name: &ResourceName) -> Option<Given> {
        self.given(peer, access, &self.named(name)?)
    }
}
