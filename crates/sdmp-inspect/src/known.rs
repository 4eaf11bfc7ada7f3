//! The identities that signatures are checked against.

use std::collections::BTreeMap;

use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;

/// Identities by their fingerprints, each with the name that it has here.
#[derive(Clone, Debug, Default)]
pub struct KnownIdentities(BTreeMap<[u8; 64], (String, Identity)>);

impl KnownIdentities {
    /// None yet: every signature stays unchecked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an identity under a name of the caller's; the first name of a key stays.
    pub fn add(&mut self, name: impl Into<String>, identity: Identity) {
        let key = *identity.fingerprint().as_octets();
        self.0.entry(key).or_insert_with(|| (name.into(), identity));
    }

    pub(crate) fn identity(&self, kid: &Fingerprint) -> Option<&Identity> {
        self.0.get(kid.as_octets()).map(|(_, identity)| identity)
    }

    pub(crate) fn name(&self, kid: &Fingerprint) -> Option<&str> {
        self.0.get(kid.as_octets()).map(|(name, _)| name.as_str())
    }
}

impl<N: Into<String>> FromIterator<(N, Identity)> for KnownIdentities {
    fn from_iter<I: IntoIterator<Item = (N, Identity)>>(all: I) -> Self {
        let mut known = Self::new();
        for (name, identity) in all {
            known.add(name, identity);
        }
        known
    }
}
