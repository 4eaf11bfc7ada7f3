//! The two libraries: which of them does what, and how.

use crate::{Error, error::KeyError};
use ring::{rsa::PublicKeyComponents, signature::RSA_PKCS1_2048_8192_SHA512};
use zeroize::Zeroizing;

#[cfg(feature = "aws-lc-rs")]
use {
    super::OaepHash,
    crate::secret::SecretVec,
    aws_lc_rs::{
        encoding::AsDer,
        rsa::{
            self as lc, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA512_MGF1SHA512,
            OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
            PublicEncryptingKey,
        },
    },
};

/// Verifies with *ring*, which takes every modulus that R13 allows.
pub(super) fn verify(
    modulus: &[u8],
    exponent: u64,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let exponent = exponent.to_be_bytes();
    // *ring* wants the exponent without leading zeros.
    let zeros = exponent.iter().take_while(|octet| **octet == 0).count();
    let e = exponent.get(zeros..).ok_or(Error::Signature)?;
    PublicKeyComponents { n: modulus, e }
        // *ring* rather than AWS-LC for verification: it is there with and without the feature, and
        // one verifier means one set of accepted signatures.
        .verify(&RSA_PKCS1_2048_8192_SHA512, message, signature)
        .map_err(|_| Error::Signature)
}

/// A private key, parsed by the library that signs with it.
///
/// With the feature that is AWS-LC, which takes all lengths of R13, wipes the key when it is
/// dropped, and signs up to twice as fast.
#[cfg(feature = "aws-lc-rs")]
pub(super) struct SigningKey(lc::KeyPair);

/// A private key, parsed by the library that signs with it, and its PKCS#1 document, which that
/// library does not give back.
#[cfg(not(feature = "aws-lc-rs"))]
pub(super) struct SigningKey(ring::rsa::KeyPair, Zeroizing<Vec<u8>>);

#[cfg(feature = "aws-lc-rs")]
impl SigningKey {
    /// Parses a PKCS#1 RSAPrivateKey whose public half is already checked.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        lc::KeyPair::from_der(der).map(Self).map_err(|_| KeyError::Inconsistent)
    }

    /// The key as a PKCS#8 document.
    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        pkcs8(&self.0, KeyError::Der)
    }

    /// An RSASSA-PKCS1-v1_5 signature with SHA-512. Blinding is the library's and draws from the
    /// system's generator.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.0
            .sign(&aws_lc_rs::signature::RSA_PKCS1_SHA512, &random, message, &mut signature)
            .map_err(|_| Error::Signing)?;
        Ok(signature)
    }
}

#[cfg(not(feature = "aws-lc-rs"))]
impl SigningKey {
    /// Parses a PKCS#1 RSAPrivateKey whose public half is already checked. *ring* takes primes of
    /// a multiple of 512 bits and moduli up to 4096: 2048, 3072 and 4096.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let key = ring::rsa::KeyPair::from_der(der).map_err(|refused| {
            // The library says why only in words.
            match refused.to_string().as_str() {
                "TooLarge" | "PrivateModulusLenNotMultipleOf512Bits" => KeyError::Unsupported,
                _ => KeyError::Inconsistent,
            }
        })?;
        Ok(Self(key, Zeroizing::new(der.to_vec())))
    }

    /// The PKCS#1 document that was parsed.
    pub(super) fn pkcs1(&self) -> &[u8] {
        &self.1
    }

    /// An RSASSA-PKCS1-v1_5 signature with SHA-512.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.0
            .sign(&ring::signature::RSA_PKCS1_SHA512, &random, message, &mut signature)
            .map_err(|_| Error::Signing)?;
        Ok(signature)
    }
}

/// A private key that unwraps (R22).
#[cfg(feature = "aws-lc-rs")]
pub(super) struct UnwrappingKey(PrivateDecryptingKey);

#[cfg(feature = "aws-lc-rs")]
impl UnwrappingKey {
    /// Parses an unencrypted PKCS#8 document; the library checks every part against the others.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        PrivateDecryptingKey::from_pkcs8(der).map(Self).map_err(|_| KeyError::Inconsistent)
    }

    pub(super) fn decrypt_oaep(&self, sealed: &[u8], hash: OaepHash) -> Result<SecretVec, Error> {
        // The clone is a reference count in the library; the key material is not copied.
        let key = OaepPrivateDecryptingKey::new(self.0.clone()).map_err(|_| Error::Decrypt)?;
        let algorithm = match hash {
            OaepHash::Sha512 => &OAEP_SHA512_MGF1SHA512,
            OaepHash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        };
        // The library writes the plaintext here before it knows whether the padding is right.
        let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
        let secret = key.decrypt(algorithm, sealed, &mut room, None).map_err(|_| Error::Decrypt)?;
        Ok(SecretVec::from_slice(secret))
    }

    #[cfg(feature = "compat-pkcs1v15")]
    pub(super) fn decrypt_pkcs1v15(&self, sealed: &[u8]) -> Result<SecretVec, Error> {
        let key = lc::Pkcs1PrivateDecryptingKey::new(self.0.clone()).map_err(|_| Error::Decrypt)?;
        // As above: wiped whatever the outcome is.
        let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
        let secret = key.decrypt(sealed, &mut room).map_err(|_| Error::Decrypt)?;
        Ok(SecretVec::from_slice(secret))
    }
}

/// Wraps `secret` for the key in `spki`, whose modulus has `octets`.
#[cfg(feature = "aws-lc-rs")]
pub(super) fn encrypt_oaep(spki: &[u8], octets: usize, secret: &[u8]) -> Result<Vec<u8>, Error> {
    let key = PublicEncryptingKey::from_der(spki).map_err(|_| KeyError::Unsupported)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Unsupported)?;
    // Checked here because the library has one error for this and for a failed generator.
    if secret.len() > key.max_plaintext_size(&OAEP_SHA512_MGF1SHA512) {
        return Err(Error::Length);
    }
    let mut sealed = vec![0; octets];
    key.encrypt(&OAEP_SHA512_MGF1SHA512, secret, &mut sealed, None).map_err(|_| Error::Random)?;
    Ok(sealed)
}

/// A fresh key of 2048, 3072 or 4096 bits with e = 65537, as PKCS#8.
#[cfg(feature = "aws-lc-rs")]
pub(super) fn generate(bits: u32) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let size = match bits {
        2_048 => KeySize::Rsa2048,
        3_072 => KeySize::Rsa3072,
        4_096 => KeySize::Rsa4096,
        _ => return Err(KeyError::Size),
    };
    let key = lc::KeyPair::generate(size).map_err(|_| KeyError::Generation)?;
    pkcs8(&key, KeyError::Generation)
}

/// A key as PKCS#8; the library wipes its own copy.
#[cfg(feature = "aws-lc-rs")]
fn pkcs8(key: &lc::KeyPair, error: KeyError) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der = key.as_der().map_err(|_| error)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}
