//! Public keys: one key, one encoding, one text, one fingerprint (R13 to R15).

use super::{MAX_PUBLIC_TEXT, backend, pem, weak};
use crate::{Error, error::KeyError, hash};
use core::fmt;
use der::{
    Decode, Encode, Tagged,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef},
};
use pkcs1::RsaPublicKeyRef;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use std::sync::Arc;

/// rsaEncryption (RFC 8017 appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The algorithm of every key here; RFC 3279 section 2.3.1: the parameters are NULL, not absent.
pub(super) const ALGORITHM: AlgorithmIdentifierRef<'static> =
    AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };

/// SHA-256 of the SubjectPublicKeyInfo of each key whose private half is public (section 13).
const PUBLISHED: [&str; 6] = [
    "692c41ff2be57e7d6ec8cebf8f614cae0a91ec084eb654e54950f06d14862ba8",
    "3955c36c3c032e6d159d51b913b981c3e9d01bec58664feb58715df8a14b3687",
    "ee51cc1f4d5c62f85dbb79a65daa2b17177de2fc7a0cce3763837ca4736785db",
    "68ef5cfd6b15ee36a644beb320bf47d74ee40c53fab847d5a36fa4e2076ceb10",
    "bbe6c26cdef39c21eb84016ac1392c018ccd0e10a723740e32a4e895ce7f0a72",
    "ac4d893870d39b9b2070c91fbda3a21a7a39614aca01f1cfa0cebb077fb34392",
];

/// An RSA public key that R13 allows.
///
/// Equality is equality of modulus and exponent. Cloning shares the key.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    spki: Vec<u8>,
    pem: String,
    modulus: Vec<u8>,
    exponent: u64,
    bits: u32,
    fingerprint: [u8; 64],
    published: bool,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`Error::Key`] if it is none, not in its one encoding, not RSA, or weak (R13).
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_PUBLIC_TEXT {
            return Err(KeyError::Oversized.into());
        }
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| other_than_spki(der))?;
        if spki.algorithm.oid != RSA {
            return Err(KeyError::Algorithm.into());
        }
        // None where the bit string has unused bits, which DER of a key never has.
        let key = spki.subject_public_key.as_bytes().ok_or(KeyError::Der)?;
        let key = RsaPublicKeyRef::from_der(key).map_err(|_| KeyError::Der)?;
        let parsed = Self::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
        // The decoder takes DER only; this holds it, and the parameters, to the last octet.
        if parsed.spki_der() == der { Ok(parsed) } else { Err(KeyError::NotDer.into()) }
    }

    /// Reads the PEM text of a `PUBLIC KEY`, whatever its line breaks are. Whether it was the
    /// canonical text is told by [`is_canonical`](Self::is_canonical).
    ///
    /// # Errors
    /// [`Error::Key`] if it is anything else, or the key is refused.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        match pem::decode(text, MAX_PUBLIC_TEXT)? {
            (pem::Label::Public, der) => Self::from_spki_der(&der),
            (
                pem::Label::Private | pem::Label::EncryptedPrivate | pem::Label::RsaPrivate,
                _wiped,
            ) => Err(KeyError::PrivateInPlaceOfPublic.into()),
        }
    }

    /// The key with this modulus and exponent, big-endian without leading zeros.
    pub(super) fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, Error> {
        // Every way to a key leads through this function, so a weak key cannot exist as a value.
        let (bits, value) = weak::check(modulus, exponent)?;
        let spki = encode(modulus, exponent).map_err(|_| KeyError::Der)?;
        let pem = pem::encode(pem::Label::Public, &spki)?.to_string();
        Ok(Self(Arc::new(Inner {
            fingerprint: fingerprint(&pem),
            published: is_known_compromised(&spki),
            spki,
            pem,
            modulus: modulus.to_vec(),
            exponent: value,
            bits,
        })))
    }

    /// The one PEM text of this key: `PUBLIC KEY`, 64 columns, LF, no LF at the end (R14).
    #[must_use]
    pub fn canonical_pem(&self) -> &str {
        &self.0.pem
    }

    /// Whether `text` is this key's one PEM text. Outside `compat` nothing else may stand in an
    /// identity (R14).
    #[must_use]
    pub fn is_canonical(&self, text: &str) -> bool {
        self.0.pem == text
    }

    /// The SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits
    }

    /// The length of the modulus, and so of a signature and of a wrapped key, in octets.
    #[must_use]
    pub fn modulus_len(&self) -> usize {
        self.0.modulus.len()
    }

    /// The modulus, big-endian without leading zeros.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.0.modulus
    }

    /// The public exponent.
    #[must_use]
    pub fn exponent(&self) -> u64 {
        self.0.exponent
    }

    /// The fingerprint (R15): SHA-512 of the canonical PEM as `JSON.stringify` writes it, which is
    /// with each LF as the two characters `\` and `n`.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 64] {
        self.0.fingerprint
    }

    /// Whether this is one of the keys published with the specification, whose private halves
    /// is published: no identity outside `compat` (R13).
    #[must_use]
    pub fn is_known_compromised(&self) -> bool {
        self.0.published
    }

    /// Whether `signature` has the length of the modulus and is below it. Only then does
    /// [`verify`](Self::verify) do the work of a verification; anything else fails at once, which
    /// takes less time (R37).
    #[must_use]
    pub fn is_in_range(&self, signature: &[u8]) -> bool {
        // Of the same length, the order of the octets is the order of the numbers.
        signature.len() == self.0.modulus.len() && signature < self.0.modulus.as_slice()
    }

    /// Verifies an RSASSA-PKCS1-v1_5 signature with SHA-512 (R18).
    ///
    /// # Errors
    /// [`Error::Signature`] if it is not this key's signature of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        backend::verify(&self.0.modulus, self.0.exponent, message, signature)
    }

    /// Wraps a content key: RSAES-OAEP with SHA-512 and an empty label (R22).
    ///
    /// # Errors
    /// [`Error::Length`] if `secret` is longer than this key can wrap (126 octets for 2048 bits);
    /// [`Error::Random`] if the library's generator fails.
    #[cfg(feature = "aws-lc-rs")]
    pub fn encrypt_oaep(&self, secret: &[u8]) -> Result<Vec<u8>, Error> {
        backend::encrypt_oaep(&self.0.spki, self.modulus_len(), secret)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut start = [0; 4];
        start.iter_mut().zip(self.0.fingerprint).for_each(|(to, from)| *to = from);
        let start = u32::from_be_bytes(start);
        write!(f, "PublicKey({} bits, fingerprint {start:08x}...)", self.0.bits)
    }
}

/// The one SubjectPublicKeyInfo of a modulus and an exponent.
fn encode(modulus: &[u8], exponent: &[u8]) -> der::Result<Vec<u8>> {
    let key = RsaPublicKeyRef {
        modulus: UintRef::new(modulus)?,
        public_exponent: UintRef::new(exponent)?,
    }
    .to_der()?;
    let subject_public_key = BitStringRef::from_bytes(&key)?;
    SubjectPublicKeyInfoRef { algorithm: ALGORITHM, subject_public_key }.to_der()
}

/// R15. The base64 and the dashes of a PEM text are what `JSON.stringify` leaves alone.
fn fingerprint(pem: &str) -> [u8; 64] {
    let mut hash = hash::Sha512::new();
    for (at, line) in pem.split('\n').enumerate() {
        if at > 0 {
            hash.update(br"\n");
        }
        hash.update(line.as_bytes());
    }
    hash.finish()
}

fn is_known_compromised(spki: &[u8]) -> bool {
    let hash = hash::sha256(spki);
    PUBLISHED.iter().any(|hex| {
        let digits = hex.as_bytes().chunks_exact(2);
        digits.zip(hash).all(|(pair, octet)| {
            let pair = core::str::from_utf8(pair).ok();
            pair.and_then(|p| u8::from_str_radix(p, 16).ok()) == Some(octet)
        })
    })
}

/// What was given where a SubjectPublicKeyInfo should be, so that the error can say it.
fn other_than_spki(der: &[u8]) -> KeyError {
    let first = |octets| AnyRef::from_der(octets).ok();
    let Some(outer) = first(der).filter(|any| any.tag() == der::Tag::Sequence) else {
        return KeyError::Der;
    };
    match leading(outer.value()) {
        // The version of PKCS#8 and PKCS#1.
        Some(field) if field.tag() == der::Tag::Integer => KeyError::PrivateInPlaceOfPublic,
        // TBSCertificate: an explicit version, or the serial number of X.509 version 1.
        Some(field) if field.tag() == der::Tag::Sequence => match leading(field.value()) {
            Some(inner) if inner.tag() != der::Tag::ObjectIdentifier => KeyError::Certificate,
            _ => KeyError::Der,
        },
        _ => KeyError::Der,
    }
}

/// The first of several encodings in a row.
fn leading(octets: &[u8]) -> Option<AnyRef<'_>> {
    let mut reader = der::SliceReader::new(octets).ok()?;
    AnyRef::decode(&mut reader).ok()
}
