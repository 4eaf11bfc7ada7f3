//! Revocations that are in effect (N13).

use std::sync::Arc;

use sdmp_container::Timestamp;

use super::{Authority, Strength};
use crate::fact::{Meta, RevocationFact, TrustFact};
use crate::{Kind, View};

impl<V: View + ?Sized> Authority<'_, V> {
    /// The first admitted revocation in effect on a known resource (N13). At [`Strength::Weak`] a
    /// revocation of a trust by `authorization` alone does not count (N11).
    #[must_use]
    pub fn revoked(&self, target: &Meta) -> Option<Arc<RevocationFact>> {
        if self.without == Some(&target.id) {
            return None;
        }
        let revocations = self.view.revocations(&target.user, &target.id);
        revocations.iter().find(|revocation| self.counts(revocation, target)).cloned()
    }

    /// Of the revocations in effect on a resource the one that is given in its place: the user's
    /// key's, else the first admitted (N27).
    #[must_use]
    pub fn revocation_to_give(&self, target: &Meta) -> Option<Arc<RevocationFact>> {
        let revocations = self.view.revocations(&target.user, &target.id);
        let counting = || revocations.iter().filter(|revocation| self.counts(revocation, target));
        let of_user = counting().find(|revocation| revocation.meta.signer == target.user);
        of_user.or_else(|| counting().next()).cloned()
    }

    fn counts(&self, revocation: &RevocationFact, target: &Meta) -> bool {
        let weakly = self.strength == Strength::Weak && target.kind == Kind::Trust;
        (!weakly || is_own(revocation, target)) && self.is_in_effect(revocation, target)
    }

    /// Whether a revocation is in effect on the resource that it names (N13).
    #[must_use]
    pub fn is_in_effect(&self, revocation: &RevocationFact, target: &Meta) -> bool {
        if revocation.meta.user != target.user || target.kind == Kind::Revoke {
            return false;
        }
        if !is_own(revocation, target) && !self.is_authorized(revocation, target) {
            return false;
        }
        self.bar_of_revocation(revocation).is_none()
    }

    /// By `authorization`: of any resource but an identity, which is older than the earliest end
    /// of the revocation's chain.
    fn is_authorized(&self, revocation: &RevocationFact, target: &Meta) -> bool {
        if !revocation.authorized || target.kind == Kind::Identity {
            return false;
        }
        let trust = revocation.meta.trust.as_ref().and_then(|id| self.view.trust(id));
        let Some(trust) = trust else { return false };
        match (target.created, self.chain_expires(&trust)) {
            (Some(created), Some(expires)) => created < expires,
            (None, _) | (_, None) => true,
        }
    }

    /// The earliest `expires` of a trust's chain, if any of it expires.
    #[must_use]
    pub fn chain_expires(&self, trust: &TrustFact) -> Option<Timestamp> {
        let parent = trust.meta.trust.as_ref().and_then(|id| self.view.trust(id));
        let parent = parent.and_then(|parent| parent.expires);
        match (trust.expires, parent) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

/// Whether a revocation is by the key that signed the resource, or by the user's key. (Of an
/// identity these are the same key.)
fn is_own(revocation: &RevocationFact, target: &Meta) -> bool {
    let signer = &revocation.meta.signer;
    *signer == target.signer || *signer == target.user
}
