//! Judging M3 and M4 (R29, R30): a claimed name, then an identity, then a signature.

use std::sync::OnceLock;

use sdmp_container::closed::HandshakeSignature;
use sdmp_container::{Fingerprint, IdentityType, Signature, SignatureEntry, Timestamp};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::PublicKey;
use sdmp_envelope::{Error as EnvelopeError, Identity, signature};

use crate::error::{Distrust, Error, Incompatible, MessageKind, Misbehaviour};
use crate::policy::Config;

/// A signed session creation that was read but not verified: the peer *claims* to be `kid`.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) kid: Fingerprint,
    object: Signature,
    /// The plaintext without padding: P3 or P4.
    pub(crate) plaintext: Vec<u8>,
}

/// A peer that proved its identity over the octets of this handshake.
#[derive(Debug)]
pub struct Proven {
    pub(crate) identity: Identity,
    pub(crate) plaintext: Vec<u8>,
}

impl Claim {
    /// Reads the plaintext of M3 (M4), which must sign exactly the octets `signed` of M1 (M2).
    pub(crate) fn read(
        config: &Config,
        message: MessageKind,
        plaintext: Vec<u8>,
        signed: &[u8],
    ) -> Result<Self, Error> {
        let (object, kid) =
            read_signature(message, &plaintext, signed, Misbehaviour::OtherPayload)?;
        // Our own M3 sent back would verify: a reflection.
        if kid == *config.local.identity().fingerprint() {
            return Err(Error::PeerMisbehaved(Misbehaviour::OwnIdentity));
        }
        // The pin decides before any look-up: a trusted peer is not enough where one certain peer
        // is meant.
        if config.pin.as_ref().is_some_and(|pin| *pin != kid) {
            return Err(Error::Untrusted(Distrust::NotPinned));
        }
        Ok(Self { kid, object, plaintext })
    }

    /// Verifies the claim against the identity that the application knows, if any.
    ///
    /// One signature is verified whatever the outcome, so that the time does not tell a stranger
    /// whether a name is known here (R37).
    pub(crate) fn verify(
        self,
        config: &Config,
        identity: Option<Identity>,
        now: Timestamp,
    ) -> Result<Proven, Error> {
        // A resolver that answers with another identity than the claimed one is not believed.
        let Some(identity) = identity.filter(|identity| *identity.fingerprint() == self.kid) else {
            spend_verification();
            return Err(Error::Untrusted(Distrust::Unknown));
        };
        // Verified before the other checks are looked at, so that each outcome costs the same.
        let verified = verify_evenly(&self.object, identity.public_key());
        identity.check_usable(now).map_err(Error::PeerProof)?;
        verified.map_err(Error::PeerProof)?;
        // After the signature: what kind of identity a name has is for its owner to learn.
        if identity.kind() == IdentityType::User && !config.policy.allow_user {
            return Err(Error::PeerIncompatible(Incompatible::UserIdentity));
        }
        Ok(Proven { identity, plaintext: self.plaintext })
    }
}

/// Checks a FIN (R31): a signature by `peer` over exactly the octets `expected`.
pub(crate) fn check_confirmation(
    message: MessageKind,
    plaintext: &[u8],
    expected: &[u8],
    peer: &Identity,
) -> Result<(), Error> {
    let (object, kid) = read_signature(message, plaintext, expected, Misbehaviour::Confirmation)?;
    if kid != *peer.fingerprint() {
        return Err(Error::PeerMisbehaved(Misbehaviour::Confirmation));
    }
    verify_one(&object, peer.public_key()).map_err(Error::PeerProof)
}

/// A closed signature container with one signature over exactly these octets, and its `kid`.
fn read_signature(
    message: MessageKind,
    plaintext: &[u8],
    signed: &[u8],
    otherwise: Misbehaviour,
) -> Result<(Signature, Fingerprint), Error> {
    let invalid = |cause| Error::InvalidMessage { message, cause };
    let object = HandshakeSignature::parse(plaintext).map_err(|error| invalid(error.into()))?;
    let payload = signature::check_payload(&object).map_err(invalid)?;
    // Compared with the octets that were on the wire: a signature over an equal object is not
    // enough (R29).
    if payload != signed {
        return Err(Error::PeerMisbehaved(otherwise));
    }
    let kid = signature::key_id(single(&object).map_err(invalid)?).map_err(invalid)?;
    Ok((object, kid))
}

fn verify_one(object: &Signature, key: &PublicKey) -> Result<(), EnvelopeError> {
    signature::verify_entry(single(object)?, object.payload(), key)
}

/// As [`verify_one`], with the work of one verification also where the signature's length or
/// range is wrong, which the library would say at once: the dummy key verifies in its place.
fn verify_evenly(object: &Signature, key: &PublicKey) -> Result<(), EnvelopeError> {
    let in_range = single(object)
        .and_then(|entry| Ok(sdmp_container::b64url::decode(entry.signature())?))
        .is_ok_and(|signature| key.is_in_range(&signature));
    if in_range {
        return verify_one(object, key);
    }
    spend_verification();
    Err(EnvelopeError::BadSignature)
}

fn single(object: &Signature) -> Result<&SignatureEntry, EnvelopeError> {
    match object.signatures() {
        [entry] => Ok(entry),
        _ => Err(EnvelopeError::BadSignature),
    }
}

/// Spends the time of one verification: refusing early must not be faster than refusing late.
pub(crate) fn spend_verification() {
    static DUMMY: OnceLock<Option<PublicKey>> = OnceLock::new();
    let dummy = DUMMY.get_or_init(|| PublicKey::from_pem(DUMMY_KEY).ok());
    if let Some(key) = dummy {
        let message = sha512(DUMMY_KEY.as_bytes());
        // Below the modulus and of its length, so that the whole verification runs; it fails.
        let refused = key.verify(&message, &[0x5a; 384]).is_err();
        std::hint::black_box(refused);
    }
}

/// A 3072-bit key whose private half was never kept (R30).
const DUMMY_KEY: &str = include_str!("dummy_key.pem");
