//! What makes a container publishable, and how a publication ends.

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, Fingerprint, Identifier, Timestamp};

/// The object of the schema `resource`: for whom a container is published.
///
/// The published thing is the signature container around it, whose outer part is closed:
/// [`ResourceSignature`](crate::closed::ResourceSignature).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    user: Fingerprint,
    trust: Option<Identifier>,
    created: Option<Timestamp>,
}

impl Resource {
    /// Makes the object; `trust` is the trust resource that lets a node publish for `user`.
    #[must_use]
    pub fn new(user: Fingerprint, trust: Option<Identifier>) -> Self {
        Self { user, trust, created: None }
    }

    /// The same, stating when it was made. That is the signer's claim: it orders, and proves nothing.
    #[must_use]
    pub const fn with_created(mut self, created: Timestamp) -> Self {
        self.created = Some(created);
        self
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::from_root(root).map(drop)
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let fields = Fields::member(root, CoreSchema::Resource)?;
        Ok(Self {
            user: fields.parsed("user")?,
            trust: fields.optional_parsed("trust")?,
            created: fields.optional_parsed("created")?,
        })
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let trust = self.trust.as_ref().map(Identifier::to_string);
        let created = self.created.as_ref().map(Timestamp::to_string);
        Writer::new(CoreSchema::Resource)
            .open()
            .string("user", &self.user.to_string())
            .optional_string("trust", trust.as_deref())
            .optional_string("created", created.as_deref())
            .finish()
    }

    /// The user that publishes.
    #[must_use]
    pub const fn user(&self) -> &Fingerprint {
        &self.user
    }

    /// The trust resource that lets the signer publish for the user.
    #[must_use]
    pub const fn trust(&self) -> Option<&Identifier> {
        self.trust.as_ref()
    }

    /// When the signer says that it was made (R6).
    #[must_use]
    pub const fn created(&self) -> Option<Timestamp> {
        self.created
    }
}

/// The object of the schema `revoke`: a resource is not valid any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoke {
    resource: Identifier,
    authorization: Option<Identifier>,
}

impl Revoke {
    /// Makes the object; `authorization` is the trust resource that allows it.
    #[must_use]
    pub fn new(resource: Identifier, authorization: Option<Identifier>) -> Self {
        Self { resource, authorization }
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::from_root(root).map(drop)
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let fields = Fields::member(root, CoreSchema::Revoke)?;
        Ok(Self {
            resource: fields.parsed("resource")?,
            authorization: fields.optional_parsed("authorization")?,
        })
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let authorization = self.authorization.as_ref().map(Identifier::to_string);
        Writer::new(CoreSchema::Revoke)
            .open()
            .string("resource", &self.resource.to_string())
            .optional_string("authorization", authorization.as_deref())
            .finish()
    }

    /// The resource that ends.
    #[must_use]
    pub const fn resource(&self) -> &Identifier {
        &self.resource
    }

    /// The trust resource that allows the signer to end it.
    #[must_use]
    pub const fn authorization(&self) -> Option<&Identifier> {
        self.authorization.as_ref()
    }
}
