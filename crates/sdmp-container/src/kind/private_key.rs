//! Private keys (R14): here only their form.

use std::fmt;

use zeroize::Zeroizing;

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, Fingerprint, Timestamp, emit};

/// More than what stands around the key in the text: names, a timestamp and a fingerprint.
const ROOM: usize = 256;

/// The object of the schema `private_key` (R14, R16).
///
/// `Debug` does not show the key, and this object's copy of it is wiped on drop, as is that of the
/// container that it was read from.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    expires: Timestamp,
    key: Zeroizing<String>,
    fingerprint: Fingerprint,
}

impl PrivateKey {
    /// Makes the object; `key` is the PEM text of the private key (R14).
    #[must_use]
    pub fn new(expires: Timestamp, key: String, fingerprint: Fingerprint) -> Self {
        Self { expires, key: Zeroizing::new(key), fingerprint }
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (expires, key, fingerprint) = Self::read(root)?;
        Ok(Self { expires, key: Zeroizing::new(key.to_owned()), fingerprint })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root).map(drop)
    }

    fn read<'o>(root: &'o Object<'_>) -> Result<(Timestamp, &'o str, Fingerprint), Error> {
        let fields = Fields::member(root, CoreSchema::PrivateKey)?;
        Ok((fields.parsed("expires")?, fields.string("key")?, fields.parsed("fingerprint")?))
    }

    /// The container as text (R3). It is secret: wipe it after use.
    #[must_use]
    pub fn to_text(&self) -> String {
        // All the room at once: a text that moves as it grows leaves copies of the key behind.
        Writer::new(CoreSchema::PrivateKey)
            .reserve(emit::string_len(&self.key) + ROOM)
            .open()
            .string("expires", &self.expires.to_string())
            .string("key", &self.key)
            .string("fingerprint", &self.fingerprint.to_string())
            .finish()
    }

    /// From then on the key refuses to sign (R16).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The private key as PEM text (R14). It is secret.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The fingerprint that the container claims for the key (R15).
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("expires", &self.expires)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_room_from_the_start() {
        let key = "line \"of\" \u{1}text\n".repeat(200);
        let fingerprint = Fingerprint::from_octets([0; 64]);
        let object = PrivateKey::new(Timestamp::MAX, key, fingerprint);
        let text = object.to_text();
        let written = emit::string_len(&object.key);
        // What stands before the member was there before room was made for the rest.
        let before = Writer::new(CoreSchema::PrivateKey).finish().len() - 1;
        assert!(text.len() - before <= written + ROOM, "{} {written}", text.len());
    }

    #[test]
    fn debug_shows_no_key() {
        let fingerprint = Fingerprint::from_octets([0; 64]);
        let object = PrivateKey::new(Timestamp::MAX, "SECRET".to_owned(), fingerprint);
        assert_eq!(
            format!("{object:?}"),
            format!(
                "PrivateKey {{ expires: Timestamp(9999-12-31T23:59:59.999Z), fingerprint: Fingerprint({}), .. }}",
                "A".repeat(86)
            )
        );
    }
}
