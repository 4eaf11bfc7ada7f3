//! What is remembered of an admitted resource: what authority is computed from.

use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::rsa::PublicKey;

use crate::{Body, Fingerprint, Grants, Identifier, Kind, Resource};

/// What is known of any admitted resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Its identifier.
    pub id: Identifier,
    /// Its kind.
    pub kind: Kind,
    /// The user for whom it is published.
    pub user: Fingerprint,
    /// The key that signed it.
    pub signer: Fingerprint,
    /// The trust under which it was signed; none where the user's key signed.
    pub trust: Option<Identifier>,
    /// When it says it was made: a claim.
    pub created: Option<Timestamp>,
    /// Its line in the journal here: the order of admission.
    pub line: u64,
    /// The length of its text in octets.
    pub size: u64,
}

/// An admitted identity (N9).
#[derive(Clone, Debug)]
pub struct IdentityFact {
    /// What is known of any resource. Its user is the key that it describes.
    pub meta: Meta,
    /// Whether it describes a user or a node.
    pub kind: IdentityType,
    /// From when it is not usable.
    pub expires: Timestamp,
    /// The key.
    pub key: PublicKey,
}

/// An admitted trust (N10). It is well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFact {
    /// What is known of any resource.
    pub meta: Meta,
    /// The user or node that is trusted.
    pub trustee: Fingerprint,
    /// What it may do.
    pub grants: Grants,
    /// Until when, if it ends by itself.
    pub expires: Option<Timestamp>,
}

/// An admitted revocation (N13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationFact {
    /// What is known of any resource.
    pub meta: Meta,
    /// What it revokes.
    pub target: Identifier,
    /// Whether it names its trust as the authorization.
    pub authorized: bool,
}

impl RevocationFact {
    /// Whether another revocation of the same resource is in effect whenever this one is (N13).
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.meta.user, &self.meta.signer, &self.meta.trust, self.authorized)
            == (&other.meta.user, &other.meta.signer, &other.meta.trust, other.authorized)
            && self.target == other.target
    }
}

/// What bars a node for a user (N14), if the node's key is one of type `node`: a trust of the user
/// in the key, and its revocation by the user's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarFact {
    /// The trust that was revoked.
    pub trust: Identifier,
    /// The revocation.
    pub revocation: Identifier,
    /// The revocation's line.
    pub line: u64,
}

/// An admitted resource, as authority sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fact {
    /// An identity.
    Identity(IdentityFact),
    /// A trust.
    Trust(TrustFact),
    /// A revocation.
    Revocation(RevocationFact),
    /// Content.
    Content(Meta),
}

impl Fact {
    /// What is known of a resource once it is admitted at this line.
    #[must_use]
    pub fn of(resource: &Resource, line: u64) -> Self {
        let meta = resource.meta(line);
        match resource.body() {
            Body::Identity(identity) => Self::Identity(IdentityFact {
                meta,
                kind: identity.kind(),
                expires: identity.expires(),
                key: identity.public_key().clone(),
            }),
            Body::Trust { trustee, grants, expires } => Self::Trust(TrustFact {
                meta,
                trustee: trustee.clone(),
                grants: *grants,
                expires: *expires,
            }),
            Body::Revoke { resource, authorization } => Self::Revocation(RevocationFact {
                meta,
                target: resource.clone(),
                authorized: authorization.is_some(),
            }),
            Body::Content => Self::Content(meta),
        }
    }

    /// What is known of any resource.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        match self {
            Self::Identity(fact) => &fact.meta,
            Self::Trust(fact) => &fact.meta,
            Self::Revocation(fact) => &fact.meta,
            Self::Content(meta) => meta,
        }
    }
}
