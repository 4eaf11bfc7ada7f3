//! Keys and their identities (N9, R16).

use std::sync::Arc;

use sdmp_container::{Fingerprint, IdentityType, Timestamp};

use super::{Authority, Broken};
use crate::View;
use crate::error::Code;
use crate::fact::{IdentityFact, RevocationFact};
use crate::view::Facts;

/// What the identities of a key say together (N9).
#[derive(Clone, Debug)]
pub struct KeyState {
    identities: Facts<IdentityFact>,
    counts: Arc<IdentityFact>,
}

impl KeyState {
    /// The identity that counts: of several the one that expires first, of equals the one with the
    /// lesser identifier (N9).
    #[must_use]
    pub fn identity(&self) -> &IdentityFact {
        &self.counts
    }

    /// From when the key is not usable.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.counts.expires
    }

    /// Whether some identity has this type.
    #[must_use]
    pub fn is(&self, kind: IdentityType) -> bool {
        self.identities.iter().any(|identity| identity.kind == kind)
    }

    /// Whether there are identities of both types; such a key counts as revoked (N9).
    #[must_use]
    pub fn has_two_types(&self) -> bool {
        self.is(IdentityType::User) && self.is(IdentityType::Node)
    }
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// What the identities of a key say; `None` if none is known.
    #[must_use]
    pub fn key_state(&self, key: &Fingerprint) -> Option<KeyState> {
        let identities = self.view.identities(key);
        // The one that ends first counts: a later one could otherwise prolong a key without its
        // owner's wish.
        let first = |identity: &&Arc<IdentityFact>| (identity.expires, identity.meta.id.clone());
        let counts = match &*identities {
            [] => return None,
            [one] => Arc::clone(one),
            several => Arc::clone(several.iter().min_by_key(first)?),
        };
        Some(KeyState { identities, counts })
    }

    /// Whether a key is of this type by some known identity.
    #[must_use]
    pub fn is_of_type(&self, key: &Fingerprint, kind: IdentityType) -> bool {
        self.view.identities(key).iter().any(|identity| identity.kind == kind)
    }

    /// The revocation in effect on one of the key's identities: it revokes the key (N9).
    #[must_use]
    pub fn key_revocation(&self, key: &Fingerprint) -> Option<Arc<RevocationFact>> {
        self.revocation_among(&self.view.identities(key))
    }

    fn revocation_among(&self, identities: &[Arc<IdentityFact>]) -> Option<Arc<RevocationFact>> {
        identities.iter().find_map(|identity| self.revoked(&identity.meta))
    }

    /// Whether a key's identity is known, usable and not revoked.
    ///
    /// # Errors
    /// Why not: `identity.unknown`, `identity.two_types`, `identity.revoked`, `identity.expired`.
    pub fn check_key(&self, key: &Fingerprint) -> Result<(), Broken> {
        let Some(state) = self.key_state(key) else {
            return Err(Broken::new(Code::IdentityUnknown, None));
        };
        self.check_state(&state)
    }

    fn check_state(&self, state: &KeyState) -> Result<(), Broken> {
        if state.has_two_types() {
            return Err(Broken::new(Code::IdentityTwoTypes, Some(&state.counts.meta)));
        }
        if let Some(revocation) = self.revocation_among(&state.identities) {
            return Err(Broken::new(Code::IdentityRevoked, Some(&revocation.meta)));
        }
        if self.has_expired(state.expires()) {
            return Err(Broken::new(Code::IdentityExpired, Some(&state.counts.meta)));
        }
        Ok(())
    }

    /// Whether a key has not ended: of one whose identity is unknown that cannot be said (N12).
    pub(super) fn check_not_ended(&self, key: &Fingerprint) -> Result<(), Broken> {
        match self.key_state(key) {
            Some(state) => self.check_state(&state),
            None => Ok(()),
        }
    }
}
