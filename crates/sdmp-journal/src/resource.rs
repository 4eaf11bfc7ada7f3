//! Resources: what is published, and what a node judges (N3 to N5).

mod body;
mod outer;
mod payload;

pub use body::Body;
pub use outer::{LONGEST, Outer};
pub use payload::Payload;

use std::fmt;

use sdmp_container::{Container, Timestamp};
use sdmp_crypto::rsa::PublicKey;

use crate::error::{Code, Error};
use crate::fact::Meta;
use crate::{Fingerprint, Identifier, Kind};

/// A resource that has the form of N3, the payload of N4 and a kind of N5.
///
/// That it was signed by the key that it names is *not* known yet, nor that the key may sign it:
/// that is for [`judge`](crate::judge). What the signature covers are the received octets (R5); the
/// outer part is kept compact, as it is stored and emitted (N3).
///
/// ```
/// use sdmp_journal::Resource;
///
/// let error = Resource::parse(r#"{"sdmp":{"version":"0.12.0","schemas":["signature"]}}"#).unwrap_err();
/// assert_eq!(error.code(), "resource.form");
/// ```
#[derive(Clone)]
pub struct Resource {
    outer: Outer,
    payload: Payload,
    kind: Kind,
    body: Body,
}

impl Resource {
    /// Reads a resource: N6's steps 1 and 2.
    ///
    /// # Errors
    /// `resource.size` and `resource.form` of step 1, `resource.payload` and `resource.kind` of
    /// step 2. Which verdict that is says [`Verdict::of_fault`](crate::Verdict::of_fault).
    pub fn parse(text: impl Into<Vec<u8>>) -> Result<Self, Error> {
        Self::from_outer(Outer::parse(text)?)
    }

    /// Reads the payload of an outer part that has its form: N6's step 2. What fails here depends
    /// on the payload alone, so no copy of the same identifier can be better: it is set aside (N7).
    ///
    /// # Errors
    /// `resource.payload`, `resource.kind`.
    pub fn from_outer(outer: Outer) -> Result<Self, Error> {
        let payload = Payload::parse(outer.payload_text())?;
        let body = Body::read(&payload)?;
        let kind = Kind::of(payload.core()).ok_or(Code::ResourceKind)?;
        // An address speaks for a user's node, so the trust in that node has to be named.
        if kind == Kind::Node && payload.trust().is_none() {
            return Err(Code::ResourcePayload.into());
        }
        // Control is kept for ever and by all nodes, so it has to be short.
        if payload.container().as_bytes().len() > kind.longest_payload() {
            return Err(Code::ResourceKind.into());
        }
        Ok(Self { outer, payload, kind, body })
    }

    /// Its identifier: the hash of its payload (R17).
    #[must_use]
    pub const fn id(&self) -> &Identifier {
        self.outer.id()
    }

    /// The user for whom it is published.
    #[must_use]
    pub const fn user(&self) -> &Fingerprint {
        self.payload.user()
    }

    /// The trust under which its signer published it.
    #[must_use]
    pub const fn trust(&self) -> Option<&Identifier> {
        self.payload.trust()
    }

    /// When it says it was made: a claim (N4).
    #[must_use]
    pub const fn created(&self) -> Option<Timestamp> {
        self.payload.created()
    }

    /// The key that it says signed it.
    #[must_use]
    pub const fn signer(&self) -> &Fingerprint {
        self.outer.signer()
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What control says; nothing for content.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The container that was signed.
    #[must_use]
    pub const fn payload(&self) -> &Container {
        self.payload.container()
    }

    /// The text of the resource, compact, as 0.12.0: as it is stored and given to others (N3).
    #[must_use]
    pub fn text(&self) -> &str {
        self.outer.text()
    }

    /// What is known of it once it is admitted, at this line of the journal.
    #[must_use]
    pub fn meta(&self, line: u64) -> Meta {
        Meta {
            id: self.id().clone(),
            kind: self.kind,
            user: self.user().clone(),
            signer: self.signer().clone(),
            trust: self.trust().cloned(),
            created: self.created(),
            line,
            size: u64::try_from(self.text().len()).unwrap_or(u64::MAX),
        }
    }

    /// Whether this key signed it: over exactly the received octets (R5, R19).
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, verifier: &dyn crate::Verify) -> bool {
        self.outer.is_signed_by(key, verifier)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("id", self.id())
            .field("kind", &self.kind)
            .field("user", self.user())
            .field("signer", self.signer())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Resource {}
