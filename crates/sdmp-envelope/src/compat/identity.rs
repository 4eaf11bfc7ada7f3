//! Identities of the older form (R45).

use std::sync::Arc;

use sdmp_container::strict::Value;
use sdmp_container::{Container, CoreSchema, Fingerprint, IdentityType, Timestamp, b64url};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::rsa::PublicKey;

use super::check_as;
use crate::Error;

/// An identity of the older or of today's form, good for [`verify`](super::verify) and for nothing
/// else. Cloning is cheap: the contents are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    inner: Arc<Inner>,
}

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    text: String,
    form: Form,
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

    /// Reads an identity container of version 0.10 to 0.12: the key is canonical PEM (R14) or bare
    /// base64 of the SubjectPublicKeyInfo; the fingerprint may be missing.
    ///
    /// # Errors
    /// [`Error::UnsupportedVersion`], [`Error::WrongSchema`], [`Error::OlderIdentity`],
    /// [`Error::KeyNotCanonical`], [`Error::FingerprintMismatch`], or the key's own refusal.
    pub fn from_container(container: &Container) -> Result<Self, Error> {
        check_as(container, CoreSchema::Identity)?;
        let form = Form::read(container)?;
        let (key, fingerprint) = read_key(&form.key)?;
        // Older forms may leave it out; one that is there has to be right.
        if form.fingerprint.as_ref().is_some_and(|claimed| *claimed != fingerprint) {
            return Err(Error::FingerprintMismatch);
        }
        let text = container.text().to_owned();
        Ok(Self { inner: Arc::new(Inner { text, form, fingerprint, key }) })
    }

    /// The identity container's text as received.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// Whether this is a user or a node.
    #[must_use]
    pub fn kind(&self) -> IdentityType {
        self.inner.form.kind
    }

    /// The moment from which the identity is no longer usable (R6).
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.inner.form.expires
    }

    /// The fingerprint: by R15 of a key in PEM, SHA-512 of the text of one in bare base64.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.inner.fingerprint
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.inner.key
    }

    /// Whether the private half of this key is published, so that anyone can sign with it (R13).
    #[must_use]
    pub fn is_known_compromised(&self) -> bool {
        self.inner.key.is_known_compromised()
    }

    /// Refuses an identity that has expired at `at` (R6, R16).
    ///
    /// # Errors
    /// [`Error::Expired`].
    pub fn check_usable(&self, at: Timestamp) -> Result<(), Error> {
        if self.expires().is_expired(at) { Err(Error::Expired) } else { Ok(()) }
    }
}

impl From<&crate::Identity> for Identity {
    fn from(identity: &crate::Identity) -> Self {
        let (key, fingerprint) = (identity.public_key().clone(), identity.fingerprint().clone());
        let form = Form {
            kind: identity.kind(),
            expires: identity.expires(),
            key: key.canonical_pem().to_owned(),
            fingerprint: Some(fingerprint.clone()),
        };
        let text = identity.text().to_owned();
        Self { inner: Arc::new(Inner { text, form, fingerprint, key }) }
    }
}

/// The members of `identity`, of which the last may be missing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    kind: IdentityType,
    expires: Timestamp,
    key: String,
    fingerprint: Option<Fingerprint>,
}

impl Form {
    pub(super) fn read(container: &Container) -> Result<Self, Error> {
        let object = container.root().get("identity").and_then(Value::as_object);
        let object = object.ok_or(Error::OlderIdentity)?;
        let string = |name| object.get(name).and_then(Value::as_str).ok_or(Error::OlderIdentity);
        let fingerprint = match object.contains("fingerprint") {
            true => Some(string("fingerprint")?.parse()?),
            false => None,
        };
        Ok(Self {
            kind: string("type")?.parse()?,
            expires: string("expires")?.parse()?,
            key: string("key")?.to_owned(),
            fingerprint,
        })
    }
}

/// A key with the fingerprint that belongs to its spelling.
fn read_key(text: &str) -> Result<(PublicKey, Fingerprint), Error> {
    if text.starts_with("-----") {
        let key = PublicKey::from_pem(text)?;
        if !key.is_canonical(text) {
            return Err(Error::KeyNotCanonical);
        }
        let fingerprint = Fingerprint::from_octets(key.fingerprint());
        return Ok((key, fingerprint));
    }
    let url: String = text.trim_end_matches('=').chars().map(to_url).collect();
    let der = b64url::decode(&url).map_err(|_| Error::KeyNotCanonical)?;
    // base64url characters and wrong padding decode above but are not what encoding gives.
    // The older fingerprint is a hash of this text, so it needs one spelling as well.
    if base64(&der) != text {
        return Err(Error::KeyNotCanonical);
    }
    let key = PublicKey::from_spki_der(&der)?;
    Ok((key, Fingerprint::from_octets(sha512(text.as_bytes()))))
}

/// Base64 of RFC 4648 section 4, on one line.
fn base64(octets: &[u8]) -> String {
    let mut text: String = b64url::encode(octets).chars().map(from_url).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn to_url(character: char) -> char {
    match character {
        '+' => '-',
        '/' => '_',
        other => other,
    }
}

fn from_url(character: char) -> char {
    match character {
        '-' => '+',
        '_' => '/',
        other => other,
    }
}
