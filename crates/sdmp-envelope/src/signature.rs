//! Signature containers (R17 to R20a).
//!
//! What is signed is the JWS signing input `protected.payload` (RFC 7515 section 5.1), so both
//! the signer's name and the container are covered. The identifier is not signed: it is
//! recomputed from the payload.
//!
//! ```
//! use std::sync::Arc;
//! use sdmp_container::{Container, Fingerprint, IdentityType, Message};
//! use sdmp_crypto::rsa::PrivateKey;
//! use sdmp_envelope::{Identity, LocalIdentity, signature};
//!
//! let key = PrivateKey::generate(2048)?;
//! let end = "2099-01-01T00:00:00.000Z".parse()?;
//! let identity = Identity::create(key.public(), IdentityType::User, end)?;
//! let alice = LocalIdentity::new(identity.clone(), Arc::new(key))?;
//! let now = "2026-01-01T00:00:00.000Z".parse()?;
//!
//! let signed = signature::sign(&Container::from(Message::new("hello")), &[&alice], now)?;
//! let known = |kid: &Fingerprint| (kid == identity.fingerprint()).then(|| identity.clone());
//! let verified = signature::verify(&signed, &known, now)?;
//! assert_eq!(Message::try_from(&verified.container)?.as_str(), "hello");
//! assert_eq!(verified.signers, [identity.clone()]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod verify;

use sdmp_container::strict::{self, Value};
use sdmp_container::{
    Container, CoreSchema, Fingerprint, Identifier, Limits, Receipt, Signature, SignatureEntry,
    Timestamp, b64url,
};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::PublicKey;

use crate::{Error, LocalIdentity, check};

pub use verify::{Ended, KnownSigner, Published, Verified, verify, verify_control};

/// The most signatures of one container. Each signature covers the whole payload, so the work of a
/// verification is their product, and the number is bounded.
pub const MAX_SIGNATURES: usize = 64;

/// The protected header has two short members; anything near this limit is not one.
const PROTECTED_LIMITS: Limits = Limits { octets: 1024, depth: 1, members: 2 };

/// Signs a container with one or more identities; gives the signature container.
///
/// The container must be valid itself (R17). What its extension schemas demand is for the caller to
/// check: they are not known here.
///
/// # Errors
/// [`Error::ReservedForHandshake`] for what only a handshake may sign and
/// [`Error::SignedPrivateKey`] for private keys (R20a), [`Error::NoSigner`], [`Error::TooManySignatures`], [`Error::Expired`] (R16), what is wrong with
/// the container, or the signer's own failure.
pub fn sign(
    container: &Container,
    signers: &[&LocalIdentity],
    now: Timestamp,
) -> Result<Container, Error> {
    check::current(container)?;
    // Otherwise a program that signs what users hand it could be made to sign a handshake message.
    refuse_reserved(container)?;
    if signers.len() > MAX_SIGNATURES {
        return Err(Error::TooManySignatures);
    }
    // With two signers it would be unclear whose resource it is.
    if signers.len() > 1 && container.lists(CoreSchema::Resource) {
        return Err(Error::OneSigner);
    }
    Ok(reserved::signature(container.as_bytes(), signers, now)?.into())
}

/// R20a: a node that signs what it is handed must not sign its own handshake away, nor a key.
fn refuse_reserved(container: &Container) -> Result<(), Error> {
    if container.lists(CoreSchema::PrivateKey) {
        return Err(Error::SignedPrivateKey);
    }
    if container.lists(CoreSchema::SharedKey) {
        return Err(Error::ReservedForHandshake);
    }
    if container.lists(CoreSchema::Receipt) {
        let receipt = Receipt::from_container(container)?;
        if receipt.as_str().parse::<Identifier>().is_err() {
            return Err(Error::ReservedForHandshake);
        }
    }
    Ok(())
}

/// Decodes the payload and checks that the identifier is its hash (R17).
///
/// # Errors
/// [`Error::IdentifierMismatch`], or the payload is not base64url.
pub fn check_payload(object: &Signature) -> Result<Vec<u8>, Error> {
    // The hash of the base64url text, not of what it decodes to: two payloads cannot share a name
    // (R17).
    if Identifier::from_octets(sha512(object.payload().as_bytes())) != *object.identifier() {
        return Err(Error::IdentifierMismatch);
    }
    Ok(b64url::decode(object.payload())?)
}

/// Reads the `kid` of one signature's protected header (R18).
///
/// # Errors
/// [`Error::ProtectedHeader`] unless the header is exactly `alg` = `HS512` and `kid`.
pub fn key_id(entry: &SignatureEntry) -> Result<Fingerprint, Error> {
    let octets = b64url::decode(entry.protected()).map_err(|_| Error::ProtectedHeader)?;
    // No more than two members (that is the limit), so that `alg` and `kid` are all.
    let Ok(Value::Object(header)) = strict::parse(&octets, &PROTECTED_LIMITS) else {
        return Err(Error::ProtectedHeader);
    };
    match (header.get("alg"), header.get("kid")) {
        // The algorithm is fixed: a header that could choose it has broken many other formats.
        (Some(Value::String(alg)), Some(Value::String(kid))) if alg == "HS512" => {
            kid.parse().map_err(|_| Error::ProtectedHeader)
        }
        _ => Err(Error::ProtectedHeader),
    }
}

/// Verifies one signature over `protected.payload` with the key that its `kid` names (R19).
///
/// The caller has made sure that `key` has the fingerprint `kid`.
///
/// # Errors
/// [`Error::BadSignature`].
pub fn verify_entry(entry: &SignatureEntry, payload: &str, key: &PublicKey) -> Result<(), Error> {
    let signature = b64url::decode(entry.signature()).map_err(|_| Error::BadSignature)?;
    key.verify(signing_input(entry.protected(), payload).as_bytes(), &signature)
        .map_err(|_| Error::BadSignature)
}

fn signing_input(protected: &str, payload: &str) -> String {
    // Header and payload as they stand on the wire, joined as JWS joins them (R19).
    let mut input = String::with_capacity(protected.len() + 1 + payload.len());
    input.push_str(protected);
    input.push('.');
    input.push_str(payload);
    input
}

fn protected_header(kid: &Fingerprint) -> String {
    b64url::encode(format!("{{\"alg\":\"HS512\",\"kid\":\"{kid}\"}}").as_bytes())
}

/// Signing without the guard of R20a: for a handshake's own messages, and for nothing else.
///
/// A program that passes a peer's octets to [`sign_octets`](reserved::sign_octets) hands that peer
/// the right to impersonate it.
#[doc(hidden)]
pub mod reserved {
    use super::{
        Error, Identifier, LocalIdentity, Signature, SignatureEntry, Timestamp, b64url,
        protected_header, sha512, signing_input,
    };

    /// Signs exactly these octets (R17 to R19).
    ///
    /// # Errors
    /// [`Error::NoSigner`], [`Error::Expired`], or the signer's own failure.
    pub fn sign_octets(
        octets: &[u8],
        signers: &[&LocalIdentity],
        now: Timestamp,
    ) -> Result<String, Error> {
        Ok(signature(octets, signers, now)?.to_text())
    }

    pub(super) fn signature(
        octets: &[u8],
        signers: &[&LocalIdentity],
        now: Timestamp,
    ) -> Result<Signature, Error> {
        if signers.is_empty() {
            return Err(Error::NoSigner);
        }
        let payload = b64url::encode(octets);
        let mut entries = Vec::with_capacity(signers.len());
        for signer in signers {
            // Each signature names its own key inside what it covers, so that it cannot be moved to
            // another name.
            let protected = protected_header(signer.identity().fingerprint());
            let signature = signer.sign(signing_input(&protected, &payload).as_bytes(), now)?;
            entries.push(SignatureEntry::new(protected, b64url::encode(&signature))?);
        }
        let identifier = Identifier::from_octets(sha512(payload.as_bytes()));
        Ok(Signature::new(identifier, payload, entries)?)
    }
}
