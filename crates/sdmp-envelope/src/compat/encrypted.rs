//! Encrypted containers by the older rules (R45), or by those of today (R21, R22).

use sdmp_container::{Container, CoreSchema, Encrypted};
use sdmp_crypto::content::a256cbc;
use sdmp_crypto::rsa::{OaepHash, PrivateKey};

use super::{check, check_as};
use crate::encrypted::{Opened, Parts};
use crate::{ContentKey, Error};

/// How a content key may have been wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unwrap {
    /// RSAES-OAEP with SHA-512 or SHA-1, as everywhere (R22).
    Oaep,
    /// RSAES-PKCS1-v1_5 as well.
    ///
    /// Whether this opens something is an answer that a patient attacker turns into the plaintext
    /// of everything ever wrapped for the key (Bleichenbacher 1998). Use it on files at hand, with
    /// a key that is used for nothing else, and **never** on what comes from a network. It exists
    /// only with the feature `compat-pkcs1v15`.
    #[cfg(feature = "compat-pkcs1v15")]
    OaepAndPkcs1v15,
}

/// Opens an encrypted container with one's private key: AES-256-CBC with PKCS#7 padding, besides
/// the two forms of R21.
///
/// # Errors
/// As [`encrypted::open`](crate::encrypted::open).
pub fn open(container: &Container, key: &PrivateKey, unwrap: Unwrap) -> Result<Opened, Error> {
    check_as(container, CoreSchema::Encrypted)?;
    let object = Encrypted::from_container(container)?;
    let sealed = Parts::of(&object)?;
    let found = sealed.unwrap_key(|wrapped, found| {
        for hash in [OaepHash::Sha512, OaepHash::Sha1] {
            found.offer(key.decrypt_oaep(wrapped, hash));
        }
        match unwrap {
            Unwrap::Oaep => {}
            #[cfg(feature = "compat-pkcs1v15")]
            Unwrap::OaepAndPkcs1v15 => found.offer(key.compat_decrypt_pkcs1v15(wrapped)),
        }
    });
    let content_key = found.ok_or(Error::Decrypt)?;
    // PKCS#7 first: a text with zero padding cannot look like it, since JSON does not end in
    // control characters.
    if let ContentKey::Unauthenticated(content_key) = &content_key
        && let Some(inner) = open_pkcs7(content_key, &sealed.iv, sealed.payload.clone())
    {
        return Ok(Opened::Unauthenticated(inner));
    }
    let authenticated = matches!(content_key, ContentKey::Authenticated(_));
    let text = content_key.open(&sealed.iv, &[], sealed.payload)?;
    Ok(Opened::new(read(text).ok_or(Error::Decrypt)?, authenticated))
}

fn open_pkcs7(key: &a256cbc::Key, iv: &[u8; 16], mut payload: Vec<u8>) -> Option<Container> {
    let length = a256cbc::decrypt_pkcs7(key, iv, &mut payload).ok()?;
    payload.truncate(length);
    read(payload)
}

fn read(text: Vec<u8>) -> Option<Container> {
    let container = Container::parse(text).ok()?;
    check(&container).ok()?;
    Some(container)
}
