//! Encrypted network objects (R32 to R36): what nodes send each other once they share keys.
//!
//! The initialisation vector and, in the hardened profile, the sequence number are bound by the
//! tag; the sequence number itself is never sent.
//!
//! ```
//! use sdmp_container::Limits;
//! use sdmp_crypto::secret::Secret;
//! use sdmp_envelope::ContentKey;
//! use sdmp_envelope::network::{Sealed, seal};
//!
//! let key = ContentKey::authenticated(Secret::new([7; 64])); // of a handshake
//! let text = br#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;
//! let object = seal(&key, &[1; 16], 0, text)?; // with a fresh vector for each object (R34)
//!
//! let sealed = Sealed::parse(object.as_bytes(), &Limits::CLOSED_TRAFFIC)?;
//! assert_eq!(sealed.clone().open(&key, 0)?, text);
//! assert!(sealed.open(&key, 1).is_err(), "this is object 0");
//! # Ok::<(), sdmp_envelope::Error>(())
//! ```

mod batch;
#[cfg(feature = "lanes")]
mod lanes;

use std::fmt;

use sdmp_container::closed::EncryptedObject;
use sdmp_container::{Limits, b64url};

use sdmp_crypto::content::a256cbc_hs512;

use crate::{ContentKey, Error};

pub use batch::{Unsealed, open_all, seal_all};

/// The length in octets of the object that [`seal`] makes of a text of `text` octets.
#[must_use]
pub fn sealed_len(key: &ContentKey, text: usize) -> usize {
    const FRAME: usize = EncryptedObject::PREFIX.len()
        + 22
        + EncryptedObject::MIDDLE.len()
        + EncryptedObject::SUFFIX.len();
    key.payload_len(text).saturating_add(FRAME)
}

/// Seals a container's text under `key`. `sequence` counts the objects of this key and direction
/// and is ignored by a published key.
///
/// # Errors
/// None that a caller can cause.
pub fn seal(key: &ContentKey, iv: &[u8; 16], sequence: u64, text: &[u8]) -> Result<String, Error> {
    // The one allocation of a message: the exact length is known beforehand.
    let mut out = String::with_capacity(sealed_len(key, text.len()));
    out.push_str(EncryptedObject::PREFIX);
    b64url::encode_append(iv, &mut out);
    out.push_str(EncryptedObject::MIDDLE);
    // The number is authenticated, not sent: a repeated or reordered object does not open (R35).
    key.seal_into(&mut out, iv, &sequence.to_be_bytes(), text)?;
    out.push_str(EncryptedObject::SUFFIX);
    Ok(out)
}

/// The object of an encrypted payload, whose text had `text` octets.
#[cfg(feature = "lanes")]
fn frame(key: &ContentKey, iv: &[u8; 16], text: usize, payload: &[u8]) -> String {
    let mut out = String::with_capacity(sealed_len(key, text));
    out.push_str(EncryptedObject::PREFIX);
    b64url::encode_append(iv, &mut out);
    out.push_str(EncryptedObject::MIDDLE);
    b64url::encode_append(payload, &mut out);
    out.push_str(EncryptedObject::SUFFIX);
    out
}

/// An encrypted network object that was read but not yet decrypted.
#[derive(Clone)]
pub struct Sealed {
    iv: [u8; 16],
    payload: Vec<u8>,
}

impl Sealed {
    /// Reads the closed object (R12, R32) and decodes its payload.
    ///
    /// # Errors
    /// What the strict parser or the closed object refuses.
    pub fn parse(octets: &[u8], limits: &Limits) -> Result<Self, Error> {
        let object = EncryptedObject::parse(octets, limits)?;
        Ok(Self { iv: object.iv, payload: b64url::decode(object.payload.as_ref())? })
    }

    /// Whether `key` opens this object, leaving it whole; only an authenticated key can tell.
    #[must_use]
    pub fn is_sealed_with(&self, key: &ContentKey, sequence: u64) -> bool {
        let ContentKey::Authenticated(key) = key else { return false };
        let Some((ciphertext, tag)) = self.payload.split_last_chunk::<32>() else { return false };
        let aad = sequence.to_be_bytes();
        a256cbc_hs512::verify_tag(key, &self.iv, &aad, ciphertext, tag).is_ok()
    }

    /// Decrypts and removes the padding.
    ///
    /// # Errors
    /// [`Error::Decrypt`], whatever the reason.
    pub fn open(self, key: &ContentKey, sequence: u64) -> Result<Vec<u8>, Error> {
        key.open(&self.iv, &sequence.to_be_bytes(), self.payload)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("octets", &self.payload.len()).finish_non_exhaustive()
    }
}
