//! Encrypted network objects (R32).

use std::borrow::Cow;

use crate::closed::root;
use crate::kind::{Fields, check_iv};
use crate::{CoreSchema, Error, ErrorKind, Limits, b64url};

/// The closed encrypted network object (R32), with its payload still in base64url and, where the
/// text has no escapes in it, not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedObject<'a> {
    /// The initialisation vector (R34).
    pub iv: [u8; 16],
    /// The payload, strict base64url (R1).
    pub payload: Cow<'a, str>,
}

impl<'a> EncryptedObject<'a> {
    /// What stands before the initialisation vector in the text that we emit.
    pub const PREFIX: &'static str = concat!(
        r#"{"sdmp":{"version":"0.12.0","schemas":["encrypted"]},"#,
        r#""encrypted":{"iv":""#
    );
    /// What stands between the initialisation vector and the payload.
    pub const MIDDLE: &'static str = r#"","payload":""#;
    /// What stands after the payload.
    pub const SUFFIX: &'static str = r#"","recipients":[]}}"#;

    /// Reads the object. The text that we emit ourselves is recognised by comparison, so that a
    /// long payload is looked at once.
    ///
    /// # Errors
    /// A `json.*`, `field.*`, `version.*`, `b64url.*`, `encrypted.*` or `closed.*` kind.
    pub fn parse(octets: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if octets.len() <= limits.octets
            && limits.depth >= 3
            && limits.members >= 8
            && let Some(object) = Self::parse_emitted(octets)
        {
            return Ok(object);
        }
        Self::parse_any(octets, limits)
    }

    /// The text as [`Self::to_text`] writes it, or nothing.
    fn parse_emitted(octets: &'a [u8]) -> Option<Self> {
        let rest = octets.strip_prefix(Self::PREFIX.as_bytes())?;
        let (iv, rest) = rest.split_at_checked(22)?;
        let rest = rest.strip_prefix(Self::MIDDLE.as_bytes())?;
        let payload = rest.strip_suffix(Self::SUFFIX.as_bytes())?;
        // Only characters of the alphabet: so the payload ends where the suffix begins.
        b64url::check(payload).ok()?;
        let iv = check_iv(std::str::from_utf8(iv).ok()?).ok()?;
        let payload = std::str::from_utf8(payload).ok()?;
        Some(Self { iv, payload: Cow::Borrowed(payload) })
    }

    fn parse_any(octets: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let root = root(octets, limits, &["encrypted"], "encrypted")?;
        let fields = Fields::member(&root, CoreSchema::Encrypted)?;
        fields.close(&["iv", "payload", "recipients"])?;
        let iv = check_iv(fields.string("iv")?).map_err(|error| error.within("/encrypted/iv"))?;
        fields.base64("payload")?;
        if !fields.array("recipients")?.is_empty() {
            return Err(fields.fault(ErrorKind::ClosedRecipients, "recipients"));
        }
        let payload =
            root.take_string("encrypted", "payload").ok_or(Error::new(ErrorKind::Missing))?;
        Ok(Self { iv, payload })
    }

    /// The object as text (R32).
    #[must_use]
    pub fn to_text(&self) -> String {
        let iv = b64url::encode(&self.iv);
        [Self::PREFIX, &iv, Self::MIDDLE, &self.payload, Self::SUFFIX].concat()
    }
}
