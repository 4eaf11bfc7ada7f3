//! Encrypted containers (R21, R22): here only their form.

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, ErrorKind, b64url};

/// The object of the schema `encrypted` (R21): a container that some keys can open.
///
/// Encrypted *network* objects are closed and have a parser of their own:
/// [`EncryptedObject`](crate::closed::EncryptedObject).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    iv: String,
    payload: String,
    recipients: Vec<String>,
}

impl Encrypted {
    /// Makes the object of base64url texts; `recipients` are the wrapped keys.
    ///
    /// # Errors
    /// A `b64url.*` kind, or `encrypted.iv_length` if the vector is not 16 octets.
    pub fn new(iv: String, payload: String, recipients: Vec<String>) -> Result<Self, Error> {
        check_iv(&iv).map_err(|error| error.within("/encrypted/iv"))?;
        b64url::check(&payload).map_err(|error| error.within("/encrypted/payload"))?;
        for (index, key) in recipients.iter().enumerate() {
            b64url::check(key)
                .map_err(|error| error.within(format!("/encrypted/recipients/{index}/key")))?;
        }
        Ok(Self { iv, payload, recipients })
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let fields = Fields::member(root, CoreSchema::Encrypted)?;
        let (iv, payload) = Self::check_head(&fields)?;
        let entries = fields.objects("recipients")?;
        let keys = entries.map(|entry| Ok(entry?.base64("key")?.to_owned()));
        Ok(Self {
            iv: iv.to_owned(),
            payload: payload.to_owned(),
            recipients: keys.collect::<Result<_, Error>>()?,
        })
    }

    /// As [`Self::from_root`], without copying the payload.
    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        let fields = Fields::member(root, CoreSchema::Encrypted)?;
        Self::check_head(&fields)?;
        for entry in fields.objects("recipients")? {
            entry?.base64("key")?;
        }
        Ok(())
    }

    fn check_head<'o>(fields: &Fields<'o>) -> Result<(&'o str, &'o str), Error> {
        let iv = fields.string("iv")?;
        check_iv(iv).map_err(|error| error.within("/encrypted/iv"))?;
        Ok((iv, fields.base64("payload")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let keys = self.recipients.iter();
        Writer::new(CoreSchema::Encrypted)
            .open()
            .string("iv", &self.iv)
            .string("payload", &self.payload)
            .objects("recipients", keys.map(|key| [("key", key.as_str())]))
            .finish()
    }

    /// The initialisation vector: 16 octets in base64url.
    #[must_use]
    pub fn iv(&self) -> &str {
        &self.iv
    }

    /// The ciphertext, in the hardened form with its tag, in base64url.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The content key as wrapped for each recipient, in base64url (R22).
    #[must_use]
    pub fn recipients(&self) -> &[String] {
        &self.recipients
    }
}

pub(crate) fn check_iv(iv: &str) -> Result<[u8; 16], Error> {
    b64url::decode_array(iv, ErrorKind::IvLength)
}
