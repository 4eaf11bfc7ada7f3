//! Keys whose signatures are keyed hashes: quick to make and to verify. Their public keys are real
//! ones as far as any parser can see.

use std::sync::Arc;

use sdmp_container::IdentityType;
use sdmp_crypto::hash::sha512_parts;
use sdmp_crypto::rsa::{PublicKey, Signer};
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::{Author, Fingerprint, Resource, Timestamp, Verify};

/// A day in milliseconds.
pub const DAY: i64 = 24 * 3_600_000;

/// 2026-12-01T09:00, and so many milliseconds.
#[must_use]
pub fn at(millis: i64) -> Timestamp {
    let start: Timestamp = "2026-12-01T09:00:00.000Z".parse().unwrap();
    Timestamp::from_unix_millis(start.unix_millis() + millis).unwrap()
}

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
pub struct Keyed;

impl Verify for Keyed {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        signature == keyed_hash(key, message)
    }
}

/// A user's or node's key.
#[derive(Clone, Debug)]
pub struct Key {
    /// What it signs with.
    pub local: LocalIdentity,
}

impl Key {
    /// A key of this kind, made of its name.
    #[must_use]
    pub fn new(name: &str, kind: IdentityType, expires: Timestamp) -> Self {
        let key = public_key(name);
        let identity = Identity::create(&key, kind, expires).unwrap();
        Self { local: LocalIdentity::new(identity, Arc::new(KeyedSigner(key))).unwrap() }
    }

    /// A user that lasts ten years.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self::new(name, IdentityType::User, at(3650 * DAY))
    }

    /// A node that lasts ten years.
    #[must_use]
    pub fn node(name: &str) -> Self {
        Self::new(name, IdentityType::Node, at(3650 * DAY))
    }

    /// Its fingerprint.
    #[must_use]
    pub fn fp(&self) -> Fingerprint {
        self.local.identity().fingerprint().clone()
    }

    /// As itself.
    #[must_use]
    pub fn author(&self) -> Author<'_> {
        Author::of_own_name(&self.local)
    }

    /// For the user of a trust, under it.
    #[must_use]
    pub fn under(&self, trust: &Resource) -> Author<'_> {
        Author::of_node(&self.local, trust.user().clone(), trust.id().clone())
    }

    /// Its identity, as a resource.
    #[must_use]
    pub fn identity(&self) -> Resource {
        self.author().identity(at(0)).unwrap()
    }
}
