//! Signature containers by the older rules (R45), or by those of today (R17 to R20).

use sdmp_container::{
    Container, CoreSchema, Fingerprint, Identifier, Signature, SignatureEntry, Timestamp, b64url,
};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::PublicKey;

use super::{Identity, check, check_as};
use crate::Error;
use crate::signature::{MAX_SIGNATURES, key_id, verify_entry};

/// A signature container whose every signature verified, perhaps only by the older rules.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The container that was signed.
    pub container: Container,
    /// What the identifier turned out to be the hash of.
    pub hashed: Hashed,
    /// Who signed, in the order of the signatures; who signed twice is named once.
    pub signers: Vec<Signer>,
}

/// What an identifier is the hash of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashed {
    /// The payload as it stands in the container: the rule of today (R17).
    Payload,
    /// The signed container's JSON text: the older rule.
    RawJson,
}

/// One who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signer {
    /// Whose key verified the signature.
    pub identity: Identity,
    /// Whether the signature covers the protected header, as R19 demands. If not, the name under
    /// which it stands was not verified; the key is right all the same.
    pub covers_header: bool,
}

/// Verifies a signature container by the older rules or those of today.
///
/// `identities` gives the identity known under a fingerprint; it counts only if it was usable at
/// `at`. The published examples expired on 2020-01-01.
///
/// # Errors
/// As [`signature::verify`](crate::signature::verify()), and [`Error::OlderIdentity`].
pub fn verify(
    container: &Container,
    identities: &dyn Fn(&Fingerprint) -> Option<Identity>,
    at: Timestamp,
) -> Result<Verified, Error> {
    check_as(container, CoreSchema::Signature)?;
    let object = Signature::from_container(container)?;
    if object.signatures().len() > MAX_SIGNATURES {
        return Err(Error::TooManySignatures);
    }
    let payload = b64url::decode(object.payload())?;
    let hashed = hashed(&object, &payload)?;
    let inner = Container::parse(payload)?;
    check(&inner)?;

    let mut signers: Vec<Signer> = Vec::new();
    let (mut expired, mut unknown) = (false, None);
    for entry in object.signatures() {
        let kid = key_id(entry)?;
        match identities(&kid).filter(|identity| *identity.fingerprint() == kid) {
            Some(identity) => {
                let covers_header = verify_either(entry, object.payload(), identity.public_key())?;
                expired |= identity.check_usable(at).is_err();
                match signers.iter_mut().find(|signer| *signer.identity.fingerprint() == kid) {
                    // One good signature of this key is enough to vouch for the name.
                    Some(signer) => signer.covers_header |= covers_header,
                    None => signers.push(Signer { identity, covers_header }),
                }
            }
            None => unknown = Some(kid),
        }
    }
    match unknown {
        _ if expired => Err(Error::Expired),
        Some(kid) => Err(Error::UnknownSigner(kid)),
        None => Ok(Verified { container: inner, hashed, signers }),
    }
}

fn hashed(object: &Signature, payload: &[u8]) -> Result<Hashed, Error> {
    let matches = |octets| Identifier::from_octets(sha512(octets)) == *object.identifier();
    if matches(object.payload().as_bytes()) {
        return Ok(Hashed::Payload);
    }
    if matches(payload) { Ok(Hashed::RawJson) } else { Err(Error::IdentifierMismatch) }
}

/// Whether the signature covers the protected header; an error if it verifies neither way.
fn verify_either(entry: &SignatureEntry, payload: &str, key: &PublicKey) -> Result<bool, Error> {
    // Today's rule first: only what fails it is given the benefit of the older one.
    if verify_entry(entry, payload, key).is_ok() {
        return Ok(true);
    }
    let signature = b64url::decode(entry.signature()).map_err(|_| Error::BadSignature)?;
    key.verify(payload.as_bytes(), &signature).map_err(|_| Error::BadSignature)?;
    Ok(false)
}
