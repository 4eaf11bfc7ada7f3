//! Trust in users and nodes.

use std::fmt;
use std::str::FromStr;

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, ErrorKind, Fingerprint, Timestamp};

/// What a trusted user or node may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Authorization {
    /// Read what is encrypted for the one who trusts.
    ReadEncrypted,
    /// Read resources.
    ReadResource,
    /// Publish resources.
    PublishResource,
    /// Trust others in turn.
    CreateTrust,
    /// Revoke resources.
    Revoke,
}

impl Authorization {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ReadEncrypted,
        Self::ReadResource,
        Self::PublishResource,
        Self::CreateTrust,
        Self::Revoke,
    ];

    /// The word in `trust.authorization`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadEncrypted => "read_encrypted",
            Self::ReadResource => "read_resource",
            Self::PublishResource => "publish_resource",
            Self::CreateTrust => "create_trust",
            Self::Revoke => "revoke",
        }
    }
}

impl FromStr for Authorization {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|authorization| authorization.name() == text);
        found.ok_or(Error::new(ErrorKind::UnexpectedValue))
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The object of the schema `trust`: what a user lets another user or node do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    trustee: Fingerprint,
    authorization: Vec<Authorization>,
    expires: Option<Timestamp>,
}

impl Trust {
    /// Makes the object.
    ///
    /// # Errors
    /// `field.empty` without an authorization.
    pub fn new(
        trustee: Fingerprint,
        authorization: Vec<Authorization>,
        expires: Option<Timestamp>,
    ) -> Result<Self, Error> {
        if authorization.is_empty() {
            return Err(Error::pointing(ErrorKind::Empty, "/trust/authorization"));
        }
        Ok(Self { trustee, authorization, expires })
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let mut authorization = Vec::new();
        let (trustee, expires) = Self::read(root, |word| authorization.push(word))?;
        Ok(Self { trustee, authorization, expires })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root, drop).map(drop)
    }

    fn read(
        root: &Object<'_>,
        mut authorization: impl FnMut(Authorization),
    ) -> Result<(Fingerprint, Option<Timestamp>), Error> {
        let fields = Fields::member(root, CoreSchema::Trust)?;
        let trustee = fields.parsed("trustee")?;
        // All of them are strings before the first is read.
        fields.strings("authorization")?.try_for_each(|word| word.map(drop))?;
        if fields.array("authorization")?.is_empty() {
            return Err(fields.fault(ErrorKind::Empty, "authorization"));
        }
        for (index, word) in fields.strings("authorization")?.enumerate() {
            authorization(
                word?.parse().map_err(|error: Error| {
                    error.within(format!("/trust/authorization/{index}"))
                })?,
            );
        }
        Ok((trustee, fields.optional_parsed("expires")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let expires = self.expires.map(|expires| expires.to_string());
        Writer::new(CoreSchema::Trust)
            .open()
            .string("trustee", &self.trustee.to_string())
            .strings("authorization", self.authorization.iter().map(|one| one.name()))
            .optional_string("expires", expires.as_deref())
            .finish()
    }

    /// Who is trusted.
    #[must_use]
    pub const fn trustee(&self) -> &Fingerprint {
        &self.trustee
    }

    /// With what; at least one.
    #[must_use]
    pub fn authorization(&self) -> &[Authorization] {
        &self.authorization
    }

    /// From then on the trust is void (R6).
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}
