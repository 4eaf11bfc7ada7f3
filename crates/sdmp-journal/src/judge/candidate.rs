//! A resource on its way, and what is known of its signature.

use sdmp_crypto::rsa::PublicKey;

use crate::error::Error;
use crate::{Body, Resource, Verify, View};

/// A resource that is to be judged. Its signature is verified at most once: before, in a pool, or
/// while it is judged.
#[derive(Clone, Debug)]
pub struct Candidate {
    resource: Resource,
    /// Whether the key that it names signed it, once that was verified. A fingerprint names one key
    /// for ever (R15), so the answer stays true.
    verified: Option<bool>,
}

impl Candidate {
    /// A resource whose signature was not verified yet.
    #[must_use]
    pub const fn new(resource: Resource) -> Self {
        Self { resource, verified: None }
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// As [`Resource::parse`].
    pub fn parse(text: impl Into<Vec<u8>>) -> Result<Self, Error> {
        Resource::parse(text).map(Self::new)
    }

    /// The resource.
    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The resource by itself.
    #[must_use]
    pub fn into_resource(self) -> Resource {
        self.resource
    }

    /// Verifies the signature, if the key that it names is known or is the one inside; says whether
    /// it is right.
    pub fn verify<V: View + ?Sized>(&mut self, view: &V, verifier: &dyn Verify) -> Option<bool> {
        // A verification costs most of judging, and a candidate may be judged several times.
        if self.verified.is_some() {
            return self.verified;
        }
        if let Body::Identity(identity) = self.resource.body()
            && identity.fingerprint() == self.resource.signer()
        {
            let key = identity.public_key().clone();
            return Some(self.verify_with(&key, verifier));
        }
        let identities = view.identities(self.resource.signer());
        let identity = identities.first()?;
        Some(self.verify_with(&identity.key, verifier))
    }

    /// The same with the key that the signature names.
    pub(super) fn verify_with(&mut self, key: &PublicKey, verifier: &dyn Verify) -> bool {
        let resource = &self.resource;
        // Kept with the candidate: a key never changes under the same fingerprint.
        *self.verified.get_or_insert_with(|| resource.is_signed_by(key, verifier))
    }
}
