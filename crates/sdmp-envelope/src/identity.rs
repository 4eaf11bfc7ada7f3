//! Identities of users and nodes (R13 to R16): a public key, its fingerprint and its last day.

use std::fmt;
use std::sync::Arc;

use sdmp_container::{
    Container, CoreSchema, Fingerprint, Identity as IdentityObject, IdentityType, Timestamp,
};
use sdmp_crypto::rsa::{PublicKey, Signer};

use crate::{Error, check};

/// An identity that was checked: its container validates, its key is canonical (R14), its
/// fingerprint belongs to the key (R15) and the key is not one of the published ones (R13).
///
/// ```
/// use sdmp_container::IdentityType;
/// use sdmp_crypto::rsa::PrivateKey;
/// use sdmp_envelope::Identity;
///
/// let (key, end) = (PrivateKey::generate(2048)?, "2099-01-01T00:00:00.000Z".parse()?);
/// let identity = Identity::create(key.public(), IdentityType::Node, end)?;
/// let read = Identity::parse(identity.as_bytes())?; // what a peer does with the file
/// assert_eq!(read, identity);
/// assert!(read.check_usable(end).is_err(), "that moment is the first without it");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Whether it has *expired* depends on the time and is asked separately: [`Identity::check_usable`].
/// Cloning is cheap: the contents are shared.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    container: Container,
    kind: IdentityType,
    expires: Timestamp,
    fingerprint: Fingerprint,
    key: PublicKey,
}

impl Identity {
    /// Reads an identity container from its octets.
    ///
    /// # Errors
    /// As [`Identity::from_container`], and what the strict parser refuses.
    pub fn parse(octets: &[u8]) -> Result<Self, Error> {
        Self::from_container(&Container::parse(octets)?)
    }

    /// Checks an identity container (R13 to R15).
    ///
    /// # Errors
    /// [`Error::UnsupportedVersion`], [`Error::WrongSchema`], [`Error::KeyNotCanonical`],
    /// [`Error::FingerprintMismatch`], [`Error::PublishedKey`], or the key's own refusal.
    pub fn from_container(container: &Container) -> Result<Self, Error> {
        check::current_as(container, CoreSchema::Identity)?;
        let object = IdentityObject::from_container(container)?;
        let key = PublicKey::from_pem(object.key())?;
        // The fingerprint is a hash of this text: another spelling would be another name for the
        // same key (R14).
        if !key.is_canonical(object.key()) {
            return Err(Error::KeyNotCanonical);
        }
        // Computed from the parsed key, so that no other spelling of it has a fingerprint (R15).
        let fingerprint = Fingerprint::from_octets(key.fingerprint());
        if fingerprint != *object.fingerprint() {
            return Err(Error::FingerprintMismatch);
        }
        // Last, so that a damaged copy of a published key is reported as damaged.
        if key.is_known_compromised() {
            return Err(Error::PublishedKey);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                container: container.clone(),
                kind: object.kind(),
                expires: object.expires(),
                fingerprint,
                key,
            }),
        })
    }

    /// Writes the identity container of a public key.
    ///
    /// # Errors
    /// [`Error::PublishedKey`] for a key whose private half is published, so that anyone can sign with it (R13).
    pub fn create(key: &PublicKey, kind: IdentityType, expires: Timestamp) -> Result<Self, Error> {
        if key.is_known_compromised() {
            return Err(Error::PublishedKey);
        }
        let fingerprint = Fingerprint::from_octets(key.fingerprint());
        let object =
            IdentityObject::new(kind, expires, key.canonical_pem().to_owned(), fingerprint.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                container: object.into(),
                kind,
                expires,
                fingerprint,
                key: key.clone(),
            }),
        })
    }

    /// The identity container, as received or as made.
    #[must_use]
    pub fn container(&self) -> &Container {
        &self.inner.container
    }

    /// The identity container's text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.inner.container.text()
    }

    /// The octets of [`Identity::text`].
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.inner.container.as_bytes()
    }

    /// Whether this is a user or a node.
    #[must_use]
    pub fn kind(&self) -> IdentityType {
        self.inner.kind
    }

    /// The moment from which the identity is no longer usable (R6).
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.inner.expires
    }

    /// The fingerprint of the key (R15).
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.inner.fingerprint
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.inner.key
    }

    /// Refuses an identity that has expired at `now` (R6, R16).
    ///
    /// # Errors
    /// [`Error::Expired`].
    pub fn check_usable(&self, now: Timestamp) -> Result<(), Error> {
        if self.inner.expires.is_expired(now) { Err(Error::Expired) } else { Ok(()) }
    }
}

impl From<&Identity> for Container {
    fn from(identity: &Identity) -> Self {
        identity.container().clone()
    }
}

impl TryFrom<&Container> for Identity {
    type Error = Error;

    fn try_from(container: &Container) -> Result<Self, Error> {
        Self::from_container(container)
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        // The whole container, not the key: two identities of one key may differ in their end.
        self.inner.container == other.inner.container
    }
}

impl Eq for Identity {}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("kind", &self.inner.kind)
            .field("expires", &self.inner.expires)
            .field("fingerprint", &self.inner.fingerprint)
            .finish_non_exhaustive()
    }
}

/// An identity together with what signs for it: a private key in memory, an agent, or a token.
///
/// Cloning is cheap: the signer is shared.
///
/// ```
/// use sdmp_container::{IdentityType, Message};
/// use sdmp_crypto::rsa::PrivateKey;
/// use sdmp_envelope::{Identity, LocalIdentity, signature};
/// use std::sync::Arc;
///
/// let (key, end) = (PrivateKey::generate(2048)?, "2099-01-01T00:00:00.000Z".parse()?);
/// let identity = Identity::create(key.public(), IdentityType::User, end)?;
/// let me = LocalIdentity::new(identity.clone(), Arc::new(key))?;
///
/// let now = "2026-01-01T00:00:00.000Z".parse()?;
/// let signed = signature::sign(&Message::new("I was here").into(), &[&me], now)?;
/// let known = |_: &_| Some(identity.clone());
/// assert_eq!(signature::verify(&signed, &known, now)?.signers, [identity.clone()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LocalIdentity {
    identity: Identity,
    signer: Arc<dyn Signer>,
}

impl LocalIdentity {
    /// Joins an identity and its signer.
    ///
    /// # Errors
    /// [`Error::KeyMismatch`] if the signer has another key than the identity.
    pub fn new(identity: Identity, signer: Arc<dyn Signer>) -> Result<Self, Error> {
        // Found here rather than by each peer, which would only say that a signature is wrong.
        if signer.public_key() == identity.public_key() {
            Ok(Self { identity, signer })
        } else {
            Err(Error::KeyMismatch)
        }
    }

    /// The public half.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// RSASSA-PKCS1-v1_5 with SHA-512 over `message` (R18), refused once expired (R16).
    pub(crate) fn sign(&self, message: &[u8], now: Timestamp) -> Result<Vec<u8>, Error> {
        // In the one place through which all signatures go, so that no caller can forget it.
        self.identity.check_usable(now)?;
        Ok(self.signer.sign(message)?)
    }
}
