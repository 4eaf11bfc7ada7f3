//! What can be wrong with an identity, a private key, a signature or an encrypted container.

use sdmp_container::Fingerprint;

/// Why an envelope was refused or could not be made.
///
/// The text names the rule that failed and never a secret nor a word of the peer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The container, or the container inside it, is not what it claims to be (R3 to R12).
    #[error(transparent)]
    Container(#[from] sdmp_container::Error),
    /// A key, a random source or a primitive refused (R13 to R15).
    #[error(transparent)]
    Crypto(#[from] sdmp_crypto::Error),
    /// The container's version is valid but not one that this implementation supports (R8).
    #[error("the container's version is not 0.12.x (R8): ask its author for one written for 0.12")]
    UnsupportedVersion,
    /// The container does not list the schema that this operation needs.
    #[error("the container does not list the schema `{0}` (R9): this is another kind of container")]
    WrongSchema(&'static str),
    /// `identity.key` is a readable key but not in the one canonical form (R14).
    #[error("the key is not canonical PEM (R14): 64-column lines joined by LF, no LF at the end")]
    KeyNotCanonical,
    /// The fingerprint does not belong to the key (R15).
    #[error("the fingerprint does not match the key (R15): ask its owner for the container again")]
    FingerprintMismatch,
    /// The key was published with the specification: its private half is public (R13).
    #[error("the key was published with the specification (R13): make a new one")]
    PublishedKey,
    /// The identity has expired (R16).
    #[error("the identity has expired (R16): ask its owner for a new one")]
    Expired,
    /// The identity was revoked, as the caller said.
    #[error("the identity was revoked: what it signs does not count any more")]
    Revoked,
    /// The signer's key is not the key of the identity (R16).
    #[error("the private key does not belong to the identity (R16): use the one it was made with")]
    KeyMismatch,
    /// `signature.identifier` is not the hash of `signature.payload` (R17).
    #[error("the identifier does not match the payload (R17): one of them was changed")]
    IdentifierMismatch,
    /// The protected header is not exactly `alg` and `kid` (R18).
    #[error("the protected header must hold exactly `alg` = HS512 and `kid` (R18)")]
    ProtectedHeader,
    /// A signature container needs one signature or more (R20).
    #[error("no signer was given: a signature container needs at least one (R20)")]
    NoSigner,
    /// A signature container has more than [`MAX_SIGNATURES`](crate::signature::MAX_SIGNATURES).
    #[error("a signature container takes at most 64 signatures: use several containers")]
    TooManySignatures,
    /// A container that lists `resource` was to get several signatures (R12).
    #[error("a resource has exactly one signature (R12): let one key sign it")]
    OneSigner,
    /// No identity is known for this `kid` (R20).
    #[error("the signer {0} is not known (R20): add its identity first")]
    UnknownSigner(Fingerprint),
    /// A signature does not verify (R19, R20).
    #[error("a signature does not verify (R19): something was changed, or another key signed it")]
    BadSignature,
    /// Only the handshake may sign this container (R20a).
    #[error(
        "only a handshake signs this container (R20a): it would let others pass for the signer"
    )]
    ReservedForHandshake,
    /// A private key must not be signed, which would say that it may be passed on (R20a).
    #[error(
        "a container that names `private_key` is never signed (R20a): keep private keys to yourself"
    )]
    SignedPrivateKey,
    /// An identity of an older version lacks a member or has one of another type (R45).
    #[error(
        "the identity needs `type`, `expires` and `key` as strings, even in older versions (R45)"
    )]
    OlderIdentity,
    /// An encrypted container for recipients needs at least one, and at most
    /// `encrypted::MAX_RECIPIENTS` (R22).
    #[error("an encrypted container takes 1 to 256 recipients (R22)")]
    Recipients,
    /// The container could not be decrypted; deliberately opaque (R22, R39).
    #[error("the container cannot be decrypted with this key (R22)")]
    Decrypt,
}

impl Error {
    /// The stable code of this error, such as `identity.expired`, for logs, vectors and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Container(error) => error.code(),
            Self::Crypto(error) => error.code(),
            Self::UnsupportedVersion => "envelope.unsupported_version",
            Self::WrongSchema(_) => "envelope.wrong_schema",
            Self::KeyNotCanonical => "identity.key_not_canonical",
            Self::FingerprintMismatch => "identity.fingerprint_mismatch",
            Self::PublishedKey => "identity.published_key",
            Self::Expired => "identity.expired",
            Self::Revoked => "identity.revoked",
            Self::KeyMismatch => "identity.key_mismatch",
            Self::IdentifierMismatch => "signature.identifier_mismatch",
            Self::ProtectedHeader => "signature.protected_header",
            Self::NoSigner => "signature.no_signer",
            Self::TooManySignatures => "signature.too_many",
            Self::OneSigner => "signature.one_signer",
            Self::UnknownSigner(_) => "signature.unknown_signer",
            Self::BadSignature => "signature.bad_signature",
            Self::ReservedForHandshake => "signature.reserved_for_handshake",
            Self::SignedPrivateKey => "signature.private_key",
            Self::OlderIdentity => "compat.identity",
            Self::Recipients => "encrypted.recipients",
            Self::Decrypt => "encrypted.decrypt",
        }
    }
}
