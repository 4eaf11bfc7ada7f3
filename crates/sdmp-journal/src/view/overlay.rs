//! A view with something more: what a batch has admitted so far.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Admit, Facts, Known, Tally, View};
use crate::fact::{BarFact, Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use crate::{Fingerprint, Identifier};

/// A view, and what was admitted since it was taken.
#[derive(Debug)]
pub struct Overlay<'v, V: ?Sized> {
    base: &'v V,
    more: Cow<'v, Known>,
}

impl<'v, V: View + ?Sized> Overlay<'v, V> {
    /// The view by itself.
    pub fn new(base: &'v V) -> Self {
        Self { base, more: Cow::Owned(Known::new()) }
    }

    /// The view with what an overlay of it has admitted before (see [`Overlay::into_more`]).
    pub fn with(base: &'v V, more: &'v Known) -> Self {
        Self { base, more: Cow::Borrowed(more) }
    }

    /// What was admitted since.
    #[must_use]
    pub fn into_more(self) -> Known {
        self.more.into_owned()
    }
}

impl<V: View + ?Sized> Admit for Overlay<'_, V> {
    fn admit(&mut self, fact: Fact) {
        self.more.to_mut().admit_over(fact, Some(self.base));
    }
}

impl<V: View + ?Sized> View for Overlay<'_, V> {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        self.base.meta(id).or_else(|| self.more.meta(id))
    }

    fn identities(&self, key: &Fingerprint) -> Facts<IdentityFact> {
        self.base.identities(key).and(self.more.identities(key))
    }

    fn trust(&self, id: &Identifier) -> Option<Arc<TrustFact>> {
        self.base.trust(id).or_else(|| self.more.trust(id))
    }

    fn revocation(&self, id: &Identifier) -> Option<Arc<RevocationFact>> {
        self.base.revocation(id).or_else(|| self.more.revocation(id))
    }

    fn trusts(&self, user: &Fingerprint, trustee: &Fingerprint) -> Facts<TrustFact> {
        self.base.trusts(user, trustee).and(self.more.trusts(user, trustee))
    }

    fn trusts_in(&self, trustee: &Fingerprint) -> Facts<TrustFact> {
        self.base.trusts_in(trustee).and(self.more.trusts_in(trustee))
    }

    fn trusts_of(&self, user: &Fingerprint) -> Facts<TrustFact> {
        self.base.trusts_of(user).and(self.more.trusts_of(user))
    }

    fn trusts_signed(&self, user: &Fingerprint, signer: &Fingerprint) -> Facts<TrustFact> {
        self.base.trusts_signed(user, signer).and(self.more.trusts_signed(user, signer))
    }

    fn revocations(&self, user: &Fingerprint, target: &Identifier) -> Facts<RevocationFact> {
        self.base.revocations(user, target).and(self.more.revocations(user, target))
    }

    fn revocations_signed(
        &self,
        user: &Fingerprint,
        signer: &Fingerprint,
    ) -> Facts<RevocationFact> {
        self.base.revocations_signed(user, signer).and(self.more.revocations_signed(user, signer))
    }

    fn bars(&self, user: &Fingerprint, key: &Fingerprint) -> Facts<BarFact> {
        self.base.bars(user, key).and(self.more.bars(user, key))
    }

    fn tally(&self, user: &Fingerprint, signer: &Fingerprint) -> Tally {
        self.base.tally(user, signer).with(self.more.tally(user, signer))
    }

    fn node_signed_octets(&self, user: &Fingerprint) -> u64 {
        self.base.node_signed_octets(user).saturating_add(self.more.node_signed_octets(user))
    }
}
