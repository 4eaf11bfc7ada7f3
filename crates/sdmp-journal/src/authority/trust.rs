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

/// Keys that have passed [`Authority::check_key`]: most answers ask the same few again and again.
pub(super) type Good<'g> = &'g [&'g Fingerprint];

impl<V: View + ?Sized> Authority<'_, V> {
    /// Whether a trust is live, at this strength: all links of its chain are (N11).
    ///
    /// # Errors
    /// The first broken link's fault, from the user's key on.
    pub fn check_trust(&self, trust: &TrustFact) -> Result<(), Broken> {
        self.check_trust_with(trust, &[])
    }

    /// As [`Self::check_trust`], where these keys have passed [`Self::check_key`] before.
    fn check_trust_with(&self, trust: &TrustFact, good: Good<'_>) -> Result<(), Broken> {
        if let Some(parent) = self.parent(trust)? {
            self.check_link_with(&parent, good)?;
        }
        self.check_link_with(trust, good)
    }

    /// Whether a trust is live, where these keys have passed [`Self::check_key`] before.
    pub(super) fn is_live(&self, trust: &TrustFact, good: Good<'_>) -> bool {
        self.check_trust_with(trust, good).is_ok()
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
        self.check_link_with(link, &[])
    }

    fn check_link_with(&self, link: &TrustFact, good: Good<'_>) -> Result<(), Broken> {
        let (user, signer) = (&link.meta.user, &link.meta.signer);
        if !good.contains(&user) {
            self.check_key(user)?;
        }
        if signer != user && !good.contains(&signer) {
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
        self.has_live_trust(user, key, &[], |_| true) && self.check_not_ended(key).is_ok()
    }

    /// Whether there is a live trust of a user in a key that fits, where the good keys have passed
    /// [`Self::check_key`] before. Whether the key has ended is not asked.
    pub(super) fn has_live_trust(
        &self,
        user: &Fingerprint,
        key: &Fingerprint,
        good: Good<'_>,
        fits: impl Fn(&TrustFact) -> bool,
    ) -> bool {
        let trusts = self.view.trusts(user, key);
        trusts.iter().any(|trust| fits(trust) && self.is_live(trust, good))
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
        self.check_key(key).is_ok() && self.is_given(user, key, authorization)
    }

    /// As [`Self::holds`], for a key that has passed [`Self::check_key`].
    pub(super) fn is_given(
        &self,
        user: &Fingerprint,
        key: &Fingerprint,
        authorization: Authorization,
    ) -> bool {
        let gives = |trust: &TrustFact| trust.grants.has(authorization);
        user == key || self.has_live_trust(user, key, &[key], gives)
    }
}
