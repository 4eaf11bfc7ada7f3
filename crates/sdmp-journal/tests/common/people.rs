//! Keys whose signatures are keyed hashes: quick to make and to verify. Their public keys are real
//! ones as far as any parser can see.

use std::sync::Arc;

use sdmp_container::IdentityType;
use sdmp_crypto::hash::sha512_parts;
use sdmp_crypto::rsa::{PublicKey, Signer};
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::{Author, Fingerprint, Resource, Timestamp, Verify};

/// Everything of a 2048-bit SubjectPublicKeyInfo before the modulus.
const BEFORE: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01,
    0x00,
];

/// A key with a modulus that cannot be factored, made of a name.
fn public_key(name: &str) -> PublicKey {
    for attempt in 0_u32.. {
        let attempt = attempt.to_be_bytes();
        let mut modulus: Vec<u8> = (0_u8..4)
            .flat_map(|part| sha512_parts(&[name.as_bytes(), &attempt, &[part]]))
            .collect();
        modulus[0] |= 0x80;
        modulus[255] |= 1;
        let der = [&BEFORE[..], &modulus, &[2, 3, 1, 0, 1]].concat();
        if let Ok(key) = PublicKey::from_spki_der(&der) {
            return key;
        }
    }
    unreachable!("some number has no small factor")
}

fn keyed_hash(key: &PublicKey, message: &[u8]) -> [u8; 64] {
    sha512_parts(&[b"keyed", &key.fingerprint(), message])
}

#[derive(Debug)]
struct KeyedSigner(PublicKey);

impl Signer for KeyedSigner {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, sdmp_crypto::Error> {
        Ok(keyed_hash(&self.0, message).to_vec())
    }
}

/// Verifies what these keys sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed;

impl Verify for Keyed {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        signature == keyed_hash(key, message)
    }
}

/// A user's or node's key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) local: LocalIdentity,
}

impl Key {
    pub(crate) fn new(name: &str, kind: IdentityType, expires: Timestamp) -> Self {
        let key = public_key(name);
        let identity = Identity::create(&key, kind, expires).unwrap();
        Self { local: LocalIdentity::new(identity, Arc::new(KeyedSigner(key))).unwrap() }
    }

    /// A user that lasts ten years.
    pub(crate) fn user(name: &str) -> Self {
        Self::new(name, IdentityType::User, super::at(3650 * super::DAY))
    }

    /// A node that lasts ten years.
    pub(crate) fn node(name: &str) -> Self {
        Self::new(name, IdentityType::Node, super::at(3650 * super::DAY))
    }

    pub(crate) fn fp(&self) -> Fingerprint {
        self.local.identity().fingerprint().clone()
    }

    /// As itself.
    pub(crate) fn author(&self) -> Author<'_> {
        Author::of_own_name(&self.local)
    }

    /// For the user of a trust, under it.
    pub(crate) fn under(&self, trust: &Resource) -> Author<'_> {
        Author::of_node(&self.local, trust.user().clone(), trust.id().clone())
    }

    /// Its identity, as a resource.
    pub(crate) fn identity(&self) -> Resource {
        self.author().identity(super::at(0)).unwrap()
    }
}
