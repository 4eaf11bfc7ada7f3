//! Password-encrypted PKCS#8 (R14): PBES2 with scrypt, PBKDF2-HMAC-SHA-256 or PBKDF2-HMAC-SHA-512, and
//! AES-256-CBC.

use crate::{Error, error::KeyError, random::Random};
use der::{
    Decode, Encode, SliceReader,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use pkcs8::{
    EncryptedPrivateKeyInfoRef,
    pkcs5::{
        EncryptionScheme,
        pbes2::{self, Kdf, Pbkdf2Prf, ScryptParams},
    },
};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

/// What is written: 16 MiB, which OpenSSL reads without being told to, five times over.
const COST: u64 = 1 << 14;
const BLOCK_SIZE: u16 = 8;
const PARALLEL: u16 = 5;

/// The most memory that scrypt is given for a file, in octets (128 N r).
const MAX_MEMORY: u64 = 128 << 20;
/// The most work that scrypt does for a file (N r p); some seconds.
const MAX_WORK: u64 = 1 << 23;
/// The most iterations that PBKDF2 does for a file; some seconds.
const MAX_ITERATIONS: u32 = 4_000_000;

/// Which ciphers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ciphers {
    /// AES-256-CBC (R14).
    Aes256,
    /// AES-128-CBC as well, which `ssh-keygen` writes.
    Foreign,
}

/// The PKCS#8 document inside an EncryptedPrivateKeyInfo. What cannot be read is refused before a
/// passphrase is missed.
pub(super) fn decrypt(
    der: &[u8],
    passphrase: Option<&[u8]>,
    ciphers: Ciphers,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|e| refused(der, &e))?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(KeyError::Encryption.into());
    };
    let (aes256, aes128) = (
        matches!(parameters.encryption, pbes2::EncryptionScheme::Aes256Cbc { .. }),
        matches!(parameters.encryption, pbes2::EncryptionScheme::Aes128Cbc { .. }),
    );
    if !(aes256 || aes128 && ciphers == Ciphers::Foreign) {
        return Err(KeyError::Encryption.into());
    }
    let key_octets = if aes256 { 32 } else { 16 };
    // Before the passphrase is used: a file must not be able to order gigabytes or minutes of work.
    bounded(&parameters.kdf, key_octets)?;
    // A document with two encodings would have two meanings for other readers; only DER is taken
    // (R14).
    let again = info.to_der().map_err(|_| KeyError::Der)?;
    if again != der {
        return Err(KeyError::NotDer.into());
    }
    let passphrase = passphrase.ok_or(KeyError::PassphraseNeeded)?;
    let mut octets = Zeroizing::new(info.encrypted_data.as_bytes().to_vec());
    let len = match parameters.decrypt_in_place(passphrase, &mut octets) {
        Ok(plain) => plain.len(),
        // A wrong passphrase and a damaged file look the same: CBC has no tag. The message names
        // both.
        Err(_) => return Err(KeyError::Passphrase.into()),
    };
    octets.truncate(len);
    Ok(octets)
}

/// An EncryptedPrivateKeyInfo around a PKCS#8 document.
pub(super) fn encrypt(
    pkcs8: &[u8],
    passphrase: &[u8],
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    if passphrase.is_empty() {
        return Err(KeyError::PassphraseEmpty.into());
    }
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    // Fresh for each file, so that one passphrase does not give one key twice.
    random.fill(&mut salt)?;
    random.fill(&mut iv)?;
    let kdf = ScryptParams {
        salt: salt.as_slice().try_into().map_err(|_| KeyError::Encryption)?,
        cost_parameter: COST,
        block_size: BLOCK_SIZE,
        parallelization: PARALLEL,
        key_length: None,
    };
    let parameters = pbes2::Parameters {
        kdf: Kdf::Scrypt(kdf),
        encryption: pbes2::EncryptionScheme::Aes256Cbc { iv },
    };
    let sealed = parameters.encrypt(passphrase, pkcs8).map_err(|_| KeyError::Encryption)?;
    let encrypted_data = <&OctetStringRef>::try_from(&*sealed).map_err(|_| KeyError::Der)?;
    let info =
        EncryptedPrivateKeyInfoRef { encryption_algorithm: parameters.into(), encrypted_data };
    Ok(info.to_der().map_err(|_| KeyError::Der)?)
}

/// Refuses other functions, and parameters that are absurd, before any of the work.
fn bounded(kdf: &Kdf, key_octets: u16) -> Result<(), KeyError> {
    // A file need not say how long its key is; it may not say anything but the truth.
    if kdf.key_length().is_some_and(|octets| octets != key_octets) {
        return Err(KeyError::Encryption);
    }
    match kdf {
        Kdf::Scrypt(scrypt) => {
            let (n, r) = (scrypt.cost_parameter, u64::from(scrypt.block_size));
            let p = u64::from(scrypt.parallelization);
            if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                return Err(KeyError::Encryption);
            }
            let memory = n.checked_mul(r).and_then(|m| m.checked_mul(128));
            let work = n.checked_mul(r).and_then(|m| m.checked_mul(p));
            // p blocks of 128 r octets are also in memory.
            let blocks = (p * r).checked_mul(128);
            let within = |value: Option<u64>, most| value.is_some_and(|v| v <= most);
            if within(memory, MAX_MEMORY) && within(work, MAX_WORK) && within(blocks, MAX_MEMORY) {
                Ok(())
            } else {
                Err(KeyError::Cost)
            }
        }
        Kdf::Pbkdf2(pbkdf2) => {
            let known = [Pbkdf2Prf::HmacWithSha256, Pbkdf2Prf::HmacWithSha512];
            if !known.contains(&pbkdf2.prf) || pbkdf2.iteration_count == 0 {
                return Err(KeyError::Encryption);
            }
            if pbkdf2.iteration_count > MAX_ITERATIONS { Err(KeyError::Cost) } else { Ok(()) }
        }
        _ => Err(KeyError::Encryption),
    }
}

/// An algorithm that the decoder does not know is not a broken file.
fn refused(der: &[u8], error: &der::Error) -> KeyError {
    let algorithm = || -> der::Result<ObjectIdentifier> {
        let outer = AnyRef::from_der(der)?;
        let mut reader = SliceReader::new(outer.value())?;
        Ok(AlgorithmIdentifierRef::decode(&mut reader)?.oid)
    };
    let unknown = matches!(error.kind(), der::ErrorKind::OidUnknown { .. });
    if unknown || algorithm().is_ok_and(|oid| oid != pbes2::PBES2_OID) {
        KeyError::Encryption
    } else {
        KeyError::Der
    }
}
