//! Chains, and whether they are live (N10 to N12).

use std::sync::Arc;

use sdmp_container::{Authorization, Fingerprint};

use super::Authority;
use crate::error::Code;
use crate::fact::{Meta, TrustFact};
use crate::{Identifier, View};

/// Why a trust or a key does not count: a code, and the resource that ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub code: Code,
    /// The revocation, the trust or the identity by which it is; none for what is missing.
    pub by: Option<Identifier>,
    /// The line of that resource.
    pub line: Option<u64>,
}

impl Broken {
    pub(super) fn new(code: Code, by: Option<&Meta>) -> Self {
        Self { code, by: by.map(|meta| meta.id.clone()), line: by.map(|meta| meta.line) }
    }
}

impl<V: View + ?Sized> Authority<'_, V> {
    /// Whether a trust is live, at this strength: all links of its chain are (N11).
    ///
    /// # Errors
    /// The first broken link's fault, from the user's key on.
    pub fn check_trust(&self, trust: &TrustFact) -> Result<(), Broken> {
        if let Some(parent) = self.parent(trust)? {
            self.check_link(&parent)?;
        }
        self.check_link(trust)
    }

    /// The trust under which a trust was signed, where a node signed it.
    pub(super) fn parent(&self, trust: &TrustFact) -> Result<Option<Arc<TrustFact>>, Broken> {
        match &trust.meta.trust {
            None => Ok(None),
            // Admitted under a trust that was known, so an unknown one is a view that failed.
            Some(id) => match self.view.trust(id) {
                Some(parent) => Ok(Some(parent)),
                None => Err(Broken::new(Code::AuthorityMissing, None)),
            },
        }
    }

    /// One link: not expired, not revoked, not barred, and the identities of its user and its
    /// signer usable.
    pub(super) fn check_link(&self, link: &TrustFact) -> Result<(), Broken> {
        let (user, signer) = (&link.meta.user, &link.meta.signer);
        self.check_key(user)?;
        if signer != user {
            self.check_key(signer)?;
        }
        let bar = self.bar(user, &link.trustee);
        // A barred signer's trusts fall with it.
        let bar = bar.or_else(|| if signer == user { None } else { self.bar(user, signer) });
        if let Some(bar) = bar {
            let (by, line) = (Some(bar.revocation.clone()), Some(bar.line));
            return Err(Broken { code: Code::TrustBarred, by, line });
        }
        if let Some(revocation) = self.revoked(&link.meta) {
            return Err(Broken::new(Code::TrustRevoked, Some(&revocation.meta)));
        }
        if link.expires.is_some_and(|expires| self.has_expired(expires)) {
            return Err(Broken::new(Code::TrustExpired, Some(&link.meta)));
        }
        Ok(())
    }

    /// Whether a user trusts a key: there is a live trust, and the key, if its identity is known,
    /// has not ended (N12, N16).
    #[must_use]
    pub fn trusts(&self, user: &Fingerprint, key: &Fingerprint) -> bool {
        self.trusts_by(user, key, |_| true)
    }

    /// Whether a user trusts a key by a trust that fits.
    pub(super) fn trusts_by(
        &self,
        user: &Fingerprint,
        key: &Fingerprint,
        fits: impl Fn(&TrustFact) -> bool,
    ) -> bool {
        let trusts = self.view.trusts(user, key);
        trusts.iter().any(|trust| fits(trust) && self.check_trust(trust).is_ok())
            && self.check_not_ended(key).is_ok()
    }

    /// Whether a key holds an authorization for a user (N12): a live trust gives it, and the key's
    /// identity is known, usable and not revoked. The user's own key holds everything.
    #[must_use]
    pub fn holds(
        &self,
        user: &Fingerprint,
        key: &Fingerprint,
        authorization: Authorization,
    ) -> bool {
        self.check_key(key).is_ok()
            && (user == key || self.trusts_by(user, key, |trust| trust.grants.has(authorization)))
    }
}
