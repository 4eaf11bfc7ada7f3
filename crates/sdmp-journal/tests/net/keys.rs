//! Keys that sign by a keyed hash: a simulation of thousands of signatures needs no RSA.

use std::sync::Arc;

use sdmp_container::{Container, Limits, Timestamp};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::{PublicKey, Signer};
use sdmp_envelope::{Identity, LocalIdentity, signature};
use sdmp_journal::{Fingerprint, Identifier, IdentityType, Resource, Verify};

#[derive(Debug)]
struct HashSigner(PublicKey);

fn hash_signature(key: &PublicKey, message: &[u8]) -> Vec<u8> {
    sha512(&[key.fingerprint().as_slice(), message].concat()).to_vec()
}

impl Signer for HashSigner {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, sdmp_crypto::Error> {
        Ok(hash_signature(&self.0, message))
    }
}

/// Verifies what [`actor`]s sign.
#[derive(Debug)]
pub struct HashVerify;

impl Verify for HashVerify {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        hash_signature(key, message) == signature
    }
}

/// A public key of 2,048 bits that nobody has the private half of.
fn public_key(number: u64) -> PublicKey {
    // Most numbers have a small factor, which no key may have.
    (0..).find_map(|attempt| odd_number(number, attempt)).unwrap()
}

fn odd_number(number: u64, attempt: u64) -> Option<PublicKey> {
    let mut der = vec![0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09];
    der.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]);
    der.extend([0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01]);
    der.push(0);
    for block in 0..4_u64 {
        let seed = [number.to_be_bytes(), attempt.to_be_bytes(), block.to_be_bytes()];
        der.extend(sha512(&seed.concat()));
    }
    let modulus = der.len() - 256;
    der[modulus] |= 0x80;
    *der.last_mut().unwrap() |= 1;
    der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
    PublicKey::from_spki_der(&der).ok()
}

/// Somebody with a key.
pub fn actor(number: u64, kind: IdentityType) -> LocalIdentity {
    let key = public_key(number);
    let expires = "2040-01-01T00:00:00.000Z".parse().unwrap();
    let identity = Identity::create(&key, kind, expires).unwrap();
    LocalIdentity::new(identity, Arc::new(HashSigner(key))).unwrap()
}

pub fn fp(actor: &LocalIdentity) -> Fingerprint {
    actor.identity().fingerprint().clone()
}

/// Signs a resource; `member` is what follows the member `resource` in the payload.
pub fn publish(
    signer: &LocalIdentity,
    (user, trust): (&Fingerprint, Option<&Identifier>),
    kind: &str,
    member: &str,
    created: Timestamp,
) -> Resource {
    let trust = trust.map_or(String::new(), |trust| format!(",\"trust\":\"{trust}\""));
    let text = format!(
        "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"resource\",\"{kind}\"]}},\
         \"resource\":{{\"user\":\"{user}\"{trust},\"created\":\"{created}\"}},{member}}}"
    );
    let container = Container::parse(text, &Limits::DEFAULT).unwrap();
    Resource::parse(signature::sign(&container, &[signer], created).unwrap()).unwrap()
}

pub fn identity(actor: &LocalIdentity, created: Timestamp) -> Resource {
    let text = actor.identity().text();
    let member = text.split_once("\"identity\":").unwrap().1.strip_suffix('}').unwrap();
    // `schemas` names it first.
    let member = member.split_once("\"identity\":").map_or(member, |(_, member)| member);
    let member = format!("\"identity\":{member}");
    publish(actor, (&fp(actor), None), "identity", &member, created)
}

pub fn trust(
    signer: &LocalIdentity,
    of: (&Fingerprint, Option<&Identifier>),
    trustee: &Fingerprint,
    authorizations: &str,
    created: Timestamp,
) -> Resource {
    let member = format!(
        "\"trust\":{{\"trustee\":\"{trustee}\",\"authorization\":[{authorizations}],\
         \"expires\":\"2030-01-01T00:00:00.000Z\"}}"
    );
    publish(signer, of, "trust", &member, created)
}

pub fn message(
    signer: &LocalIdentity,
    of: (&Fingerprint, Option<&Identifier>),
    text: &str,
    created: Timestamp,
) -> Resource {
    publish(signer, of, "message", &format!("\"message\":\"{text}\""), created)
}

pub fn revoke(
    signer: &LocalIdentity,
    of: (&Fingerprint, Option<&Identifier>),
    target: &Identifier,
    created: Timestamp,
) -> Resource {
    publish(signer, of, "revoke", &format!("\"revoke\":{{\"resource\":\"{target}\"}}"), created)
}
