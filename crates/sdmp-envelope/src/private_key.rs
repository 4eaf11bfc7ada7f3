//! Private keys as `private_key` containers (R14, R16): how a program keeps its keys.

use std::sync::Arc;

use sdmp_container::{
    Container, CoreSchema, Fingerprint, IdentityType, PrivateKey as PrivateKeyObject, Timestamp,
};
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::PrivateKey;
use zeroize::Zeroizing;

use crate::{Error, Identity, LocalIdentity, check};

/// A private key read from its container, with the day it ends.
///
/// ```
/// use sdmp_container::{Container, IdentityType};
/// use sdmp_crypto::{random::SystemRandom, rsa::PrivateKey};
/// use sdmp_envelope::private_key;
///
/// let (key, end) = (PrivateKey::generate(2048)?, "2099-01-01T00:00:00.000Z".parse()?);
/// let text = private_key::create(&key, end, Some(b"correct horse"), &mut SystemRandom::new())?;
///
/// let container = Container::parse(text.as_bytes())?;
/// assert!(private_key::is_encrypted(&container)?);
/// let me = private_key::open(&container, Some(b"correct horse"))?.into_local(IdentityType::Node)?;
/// assert_eq!(me.identity().public_key(), key.public());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The key.
    pub key: PrivateKey,
    /// From then on its identity is not usable and refuses to sign (R16).
    pub expires: Timestamp,
}

impl Loaded {
    /// The key as an identity that can sign, until the day that the container names.
    ///
    /// # Errors
    /// [`Error::PublishedKey`] for a key whose private half is published (R13).
    pub fn into_local(self, kind: IdentityType) -> Result<LocalIdentity, Error> {
        let identity = Identity::create(self.key.public(), kind, self.expires)?;
        LocalIdentity::new(identity, Arc::new(self.key))
    }
}

/// Writes the `private_key` container of a key: PKCS#8 PEM, encrypted when a passphrase is given.
///
/// # Errors
/// A failure of the random source or of the key's encoding.
pub fn create(
    key: &PrivateKey,
    expires: Timestamp,
    passphrase: Option<&[u8]>,
    random: &mut dyn Random,
) -> Result<Zeroizing<String>, Error> {
    let pem = match passphrase {
        Some(passphrase) => key.to_encrypted_pem(passphrase, random)?,
        None => key.to_pem()?,
    };
    let fingerprint = Fingerprint::from_octets(key.public().fingerprint());
    let object = PrivateKeyObject::new(expires, pem.as_str().to_owned(), fingerprint);
    Ok(Zeroizing::new(object.to_text()))
}

/// Whether the container's key needs a passphrase.
///
/// # Errors
/// [`Error::WrongSchema`], or what is wrong with the container.
pub fn is_encrypted(container: &Container) -> Result<bool, Error> {
    Ok(PrivateKey::is_encrypted_pem(read(container)?.key()))
}

/// Reads a `private_key` container and checks that its fingerprint is that of its key (R15).
///
/// # Errors
/// [`Error::WrongSchema`], [`Error::FingerprintMismatch`], or the key's own refusal: a missing or
/// wrong passphrase, a weak key, a broken encoding.
pub fn open(container: &Container, passphrase: Option<&[u8]>) -> Result<Loaded, Error> {
    let object = read(container)?;
    let key = PrivateKey::from_pem(object.key(), passphrase)?;
    // A container whose label and key disagree was put together by hand: which of them was meant is
    // unknown.
    if Fingerprint::from_octets(key.public().fingerprint()) != *object.fingerprint() {
        return Err(Error::FingerprintMismatch);
    }
    Ok(Loaded { key, expires: object.expires() })
}

fn read(container: &Container) -> Result<PrivateKeyObject, Error> {
    check::current_as(container, CoreSchema::PrivateKey)?;
    Ok(PrivateKeyObject::from_container(container)?)
}
