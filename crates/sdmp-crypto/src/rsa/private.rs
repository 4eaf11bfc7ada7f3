//! Private keys: reading, writing, signing, unwrapping (R13, R14, R16, R22).

use super::{
    MAX_PRIVATE_TEXT, PublicKey, Signer, backend,
    encrypted::{self, Ciphers},
    pem::{self, Label},
    public::ALGORITHM,
};
use crate::{Error, error::KeyError, random::Random};
use core::fmt;
use der::{Decode, Encode, asn1::OctetStringRef};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::{PrivateKeyInfoRef, Version};
use zeroize::Zeroizing;

#[cfg(feature = "aws-lc-rs")]
use {super::OaepHash, crate::secret::SecretVec};

/// What every key signs and verifies once, when it is loaded.
const PROBE: &[u8] = b"sdmp-crypto: do the halves of this key fit each other?";

/// An RSA private key that R13 allows, with the public key that belongs to it.
///
/// It cannot be cloned; share it in an `Arc`:
///
/// ```compile_fail,E0599
/// fn copy(key: sdmp_crypto::rsa::PrivateKey) {
///     let _ = key.clone();
/// }
/// ```
pub struct PrivateKey {
    public: PublicKey,
    signing: backend::SigningKey,
    #[cfg(feature = "aws-lc-rs")]
    unwrapping: backend::UnwrappingKey,
}

impl PrivateKey {
    /// Generates a key of 2048, 3072 or 4096 bits, with e = 65537, by the library's own random
    /// generator. Takes from a tenth of a second to several seconds.
    ///
    /// # Errors
    /// [`KeyError::Size`] for another size, [`KeyError::Generation`] if the library fails.
    #[cfg(feature = "aws-lc-rs")]
    pub fn generate(bits: u32) -> Result<Self, Error> {
        Self::from_pkcs8_der(&backend::generate(bits)?)
    }

    /// Reads a PEM text: PKCS#8, plain or encrypted with `passphrase`, or PKCS#1 (R14). A
    /// passphrase that is not needed is not looked at.
    ///
    /// # Errors
    /// [`Error::Key`]; in particular [`KeyError::PassphraseNeeded`] and [`KeyError::Passphrase`].
    pub fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, Error> {
        Self::read_pem(text, passphrase, Ciphers::Aes256)
    }

    /// As [`from_pem`](Self::from_pem), for keys that other programs have written: also those that are
    /// encrypted with AES-128-CBC, as `ssh-keygen -m PKCS8` does. What is kept must be written anew.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    pub fn from_foreign_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, Error> {
        Self::read_pem(text, passphrase, Ciphers::Foreign)
    }

    fn read_pem(text: &str, passphrase: Option<&[u8]>, ciphers: Ciphers) -> Result<Self, Error> {
        let (label, der) = pem::decode(text, MAX_PRIVATE_TEXT)?;
        match label {
            Label::Private => Self::from_pkcs8_der(&der),
            Label::RsaPrivate => Self::from_pkcs1_der(&der),
            Label::Public => Err(KeyError::PublicInPlaceOfPrivate.into()),
            Label::EncryptedPrivate => {
                let der = encrypted::decrypt(&der, passphrase, ciphers)?;
                // A wrong passphrase gives right padding now and then, and then no PKCS#8.
                if PrivateKeyInfoRef::from_der(&der).is_err() {
                    return Err(KeyError::Passphrase.into());
                }
                Self::from_pkcs8_der(&der)
            }
        }
    }

    /// Whether [`from_pem`](Self::from_pem) needs a passphrase for this text.
    #[must_use]
    pub fn is_encrypted_pem(text: &str) -> bool {
        pem::label(text, MAX_PRIVATE_TEXT) == Ok(Label::EncryptedPrivate)
    }

    /// Reads an unencrypted PKCS#8 document in DER.
    ///
    /// # Errors
    /// [`Error::Key`] if it is none, not in its one encoding, not RSA, weak, or contradictory.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Error> {
        // Before any parsing: the cost of refusing must not grow with the input.
        if der.len() > MAX_PRIVATE_TEXT {
            return Err(KeyError::Oversized.into());
        }
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| other_than_private(der))?;
        if info.algorithm.oid != ALGORITHM.oid {
            return Err(KeyError::Algorithm.into());
        }
        // No attributes, no second copy of the public key: nothing that is not looked at.
        let again = Zeroizing::new(info.to_der().map_err(|_| KeyError::Der)?);
        if info.version() != Version::V1 || info.algorithm != ALGORITHM || *again != der {
            return Err(KeyError::NotDer.into());
        }
        Self::from_pkcs1_der(info.private_key.as_bytes())
    }

    /// Reads a PKCS#1 RSAPrivateKey of two primes in DER.
    ///
    /// # Errors
    /// [`Error::Key`] if it is none, not in its one encoding, weak, or contradictory.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_PRIVATE_TEXT {
            return Err(KeyError::Oversized.into());
        }
        let key = RsaPrivateKeyRef::from_der(der).map_err(|_| other_than_private(der))?;
        // Neither library signs with keys of more than two primes.
        if key.other_prime_infos.is_some() {
            return Err(KeyError::Unsupported.into());
        }
        let again = Zeroizing::new(key.to_der().map_err(|_| KeyError::Der)?);
        if *again != der {
            return Err(KeyError::NotDer.into());
        }
        let (modulus, exponent) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
        let public = PublicKey::from_components(modulus, exponent)?;
        let key = Self {
            public,
            signing: backend::SigningKey::from_pkcs1(der)?,
            #[cfg(feature = "aws-lc-rs")]
            unwrapping: backend::UnwrappingKey::from_pkcs8(&pkcs8(der)?)?,
        };
        // A private half that does not belong to the public one is found here, not in a peer's
        // refusal.
        let signature = key.sign(PROBE).map_err(|_| KeyError::Inconsistent)?;
        key.public.verify(PROBE, &signature).map_err(|_| KeyError::Inconsistent)?;
        Ok(key)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The unencrypted PKCS#8 PEM text (R14), without an LF at the end. It is made when it is asked
    /// for: the loaded key keeps no text of itself.
    ///
    /// # Errors
    /// [`KeyError::Der`] if the library cannot write the key.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, Error> {
        Ok(pem::encode(Label::Private, &self.to_pkcs8()?)?)
    }

    /// The PKCS#8 PEM text encrypted with `passphrase`: PBES2, scrypt and AES-256-CBC (R14).
    ///
    /// # Errors
    /// [`KeyError::PassphraseEmpty`], or [`Error::Random`] if `random` fails.
    pub fn to_encrypted_pem(
        &self,
        passphrase: &[u8],
        random: &mut dyn Random,
    ) -> Result<Zeroizing<String>, Error> {
        let der = encrypted::encrypt(&self.to_pkcs8()?, passphrase, random)?;
        Ok(pem::encode(Label::EncryptedPrivate, &der)?)
    }

    /// Unwraps a content key: RSAES-OAEP with an empty label (R22).
    ///
    /// # Errors
    /// [`Error::Decrypt`], the same for every cause.
    #[cfg(feature = "aws-lc-rs")]
    pub fn decrypt_oaep(&self, sealed: &[u8], hash: OaepHash) -> Result<SecretVec, Error> {
        self.unwrapping.decrypt_oaep(sealed, hash)
    }

    /// Unwraps a content key that was wrapped with RSAES-PKCS1-v1_5, as in the published examples
    /// (R45).
    ///
    /// Whether this succeeds is an oracle with which anyone who may ask often enough decrypts
    /// everything that was ever wrapped for this key (Bleichenbacher 1998): **never** let it be
    /// reached from a network.
    ///
    /// # Errors
    /// [`Error::Decrypt`], the same for every cause.
    #[cfg(feature = "compat-pkcs1v15")]
    pub fn compat_decrypt_pkcs1v15(&self, sealed: &[u8]) -> Result<SecretVec, Error> {
        self.unwrapping.decrypt_pkcs1v15(sealed)
    }

    /// The PKCS#8 document, as the library holds the key.
    #[cfg(feature = "aws-lc-rs")]
    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.signing.to_pkcs8()
    }

    /// The PKCS#8 document: *ring* does not give back what it has parsed.
    #[cfg(not(feature = "aws-lc-rs"))]
    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        pkcs8(self.signing.pkcs1())
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.signing.sign(message)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(redacted, {:?})", self.public)
    }
}

/// The PKCS#8 document around a PKCS#1 one.
fn pkcs8(pkcs1: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let private_key = <&OctetStringRef>::try_from(pkcs1).map_err(|_| KeyError::Der)?;
    let info = PrivateKeyInfoRef::new(ALGORITHM, private_key);
    info.to_der().map(Zeroizing::new).map_err(|_| KeyError::Der)
}

/// What was given where a private key should be, so that the error can say it.
fn other_than_private(der: &[u8]) -> KeyError {
    // People mix up files. Naming what they gave saves them a search.
    match PublicKey::from_spki_der(der) {
        Ok(_) => KeyError::PublicInPlaceOfPrivate,
        Err(Error::Key(KeyError::Certificate)) => KeyError::Certificate,
        Err(_) => KeyError::Der,
    }
}
