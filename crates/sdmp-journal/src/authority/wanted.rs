//! What a node collects (N19).

use std::collections::BTreeSet;

use sdmp_container::{Fingerprint, IdentityType};

use super::{Authority, Strength};
use crate::{Kind, View};

/// What is collected of what stands under a key's name (N19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// Its identities and their revocations.
    OwnName,
    /// Everything: it is the node's user, or a user whom that one trusts.
    Everything,
}

impl Wanted {
    /// Whether a resource of this kind is collected.
    #[must_use]
    pub const fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Nothing => false,
            Self::OwnName => matches!(kind, Kind::Identity | Kind::Revoke),
            Self::Everything => true,
        }
    }
}

/// All whose resources a node collects (N19).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// The node's user and the users whom it trusts, weakly: everything of theirs.
    pub users: BTreeSet<Fingerprint>,
    /// Keys of which only what stands under the own name is collected.
    pub keys: BTreeSet<Fingerprint>,
}

impl Collected {
    /// What is collected of what stands under this name.
    #[must_use]
    pub fn wanted(&self, author: &Fingerprint) -> Wanted {
        if self.users.contains(author) {
            Wanted::Everything
        } else if self.keys.contains(author) {
            Wanted::OwnName
        } else {
            Wanted::Nothing
        }
    }

    /// Whether anything that stands under this name is collected.
    #[must_use]
    pub fn contains(&self, author: &Fingerprint) -> bool {
        self.wanted(author) != Wanted::Nothing
    }
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// What a node of `own` collects of what stands under `author`'s name (N19). What signers of
    /// waiting resources need is the want's business, not this one's.
    #[must_use]
    pub fn wanted(&self, own: &Fingerprint, author: &Fingerprint) -> Wanted {
        let weak = self.with_strength(Strength::Weak);
        if author == own || weak.is_trusted_user(own, author) {
            return Wanted::Everything;
        }
        let trusts = self.view.trusts_in(author);
        let named = trusts.iter().any(|trust| {
            let user = &trust.meta.user;
            let counts = user == own
                || (trust.grants.is_more_than_host() && weak.is_trusted_user(own, user));
            counts && weak.check_trust(trust).is_ok()
        });
        if named { Wanted::OwnName } else { Wanted::Nothing }
    }

    /// The users whose resources a node of `own` collects: W of N19.
    #[must_use]
    pub fn users(&self, own: &Fingerprint) -> BTreeSet<Fingerprint> {
        let weak = self.with_strength(Strength::Weak);
        let trusts = self.view.trusts_of(own);
        let mut users: BTreeSet<&Fingerprint> = trusts.iter().map(|trust| &trust.trustee).collect();
        users.retain(|user| weak.is_trusted_user(own, user));
        users.insert(own);
        users.into_iter().cloned().collect()
    }

    /// All whose resources a node of `own` collects (N19): what [`Authority::wanted`] says of each.
    #[must_use]
    pub fn collected(&self, own: &Fingerprint) -> Collected {
        let weak = self.with_strength(Strength::Weak);
        let users = self.users(own);
        let mut keys = BTreeSet::new();
        for user in &users {
            for trust in self.view.trusts_of(user).iter() {
                let counts = user == own || trust.grants.is_more_than_host();
                let is_new = !users.contains(&trust.trustee) && !keys.contains(&trust.trustee);
                if counts && is_new && weak.check_trust(trust).is_ok() {
                    keys.insert(trust.trustee.clone());
                }
            }
        }
        Collected { users, keys }
    }

    fn is_trusted_user(&self, own: &Fingerprint, user: &Fingerprint) -> bool {
        user == own || (self.is_of_type(user, IdentityType::User) && self.trusts(own, user))
    }
}
