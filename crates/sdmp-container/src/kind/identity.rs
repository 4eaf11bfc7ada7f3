//! Identities (R13 to R16): here only their form; keys belong to a higher layer.

use std::fmt;
use std::str::FromStr;

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, ErrorKind, Fingerprint, Timestamp};

/// Who an identity belongs to (R16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityType {
    /// A person or organisation.
    User,
    /// A program on some machine.
    Node,
}

impl IdentityType {
    /// The word in `identity.type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Node => "node",
        }
    }
}

impl FromStr for IdentityType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "user" => Ok(Self::User),
            "node" => Ok(Self::Node),
            _ => Err(Error::new(ErrorKind::UnexpectedValue)),
        }
    }
}

impl fmt::Display for IdentityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The object of the schema `identity`: a public key, whose it is, and until when (R14 to R16).
///
/// That the fingerprint belongs to the key is *not* checked here (it takes cryptography).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    kind: IdentityType,
    expires: Timestamp,
    key: String,
    fingerprint: Fingerprint,
}

impl Identity {
    /// Makes an identity; `key` is the PEM text of the public key (R14).
    #[must_use]
    pub fn new(
        kind: IdentityType,
        expires: Timestamp,
        key: String,
        fingerprint: Fingerprint,
    ) -> Self {
        Self { kind, expires, key, fingerprint }
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (kind, expires, key, fingerprint) = Self::read(root)?;
        Ok(Self { kind, expires, key: key.to_owned(), fingerprint })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root).map(drop)
    }

    fn read<'o>(
        root: &'o Object<'_>,
    ) -> Result<(IdentityType, Timestamp, &'o str, Fingerprint), Error> {
        let fields = Fields::member(root, CoreSchema::Identity)?;
        let (kind, expires) = (fields.parsed("type")?, fields.parsed("expires")?);
        Ok((kind, expires, fields.string("key")?, fields.parsed("fingerprint")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        Writer::new(CoreSchema::Identity)
            .open()
            .string("type", self.kind.name())
            .string("expires", &self.expires.to_string())
            .string("key", &self.key)
            .string("fingerprint", &self.fingerprint.to_string())
            .finish()
    }

    /// User or node.
    #[must_use]
    pub const fn kind(&self) -> IdentityType {
        self.kind
    }

    /// From then on the identity is not usable (R6, R16).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The public key as PEM text (R14), as it was received.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The fingerprint that the container claims (R15).
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}
