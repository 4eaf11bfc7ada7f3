//! Encrypted containers for recipients (R21, R22): a fresh content key, wrapped for each.
//!
//! Nothing in such a container says who wrote it: sign before sealing when that matters.
//!
//! ```
//! use sdmp_container::{Container, Message};
//! use sdmp_crypto::{random::SystemRandom, rsa::PrivateKey};
//! use sdmp_envelope::encrypted::{self, Form, Opened};
//!
//! let bob = PrivateKey::generate(2048)?;
//! let hello = Container::from(Message::new("hello"));
//! let random = &mut SystemRandom::new();
//! let sealed = encrypted::seal(&hello, &[bob.public()], Form::Hardened, random)?;
//! let Opened::Authenticated(opened) = encrypted::open(&sealed, &bob)? else { panic!() };
//! assert_eq!(opened, hello);
//! # Ok::<(), sdmp_envelope::Error>(())
//! ```

mod hidden;

use sdmp_container::{Container, CoreSchema, Encrypted, b64url};
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::{OaepHash, PrivateKey, PublicKey};
use sdmp_crypto::secret::{Secret, SecretVec};

use crate::{ContentKey, Error, check};

/// The most recipients of one container. Opening tries every entry (R22), each at the price of two
/// RSA private-key operations, so the number is bounded.
pub const MAX_RECIPIENTS: usize = 256;

/// Which form of R21 to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A256CBC-HS512: the content cannot be altered unnoticed.
    Hardened,
    /// AES-256-CBC, for readers that implement only the 0.12 text. **Not authenticated.**
    Published,
}

/// What [`open`] found.
#[derive(Clone, Debug)]
pub enum Opened {
    /// The hardened form: exactly what was sealed; it does not say by whom.
    Authenticated(Container),
    /// The published form: an on-path attacker may have altered it.
    Unauthenticated(Container),
}

impl Opened {
    pub(crate) fn new(container: Container, authenticated: bool) -> Self {
        if authenticated {
            Self::Authenticated(container)
        } else {
            Self::Unauthenticated(container)
        }
    }

    /// The container, whatever its standing.
    #[must_use]
    pub fn container(&self) -> &Container {
        match self {
            Self::Authenticated(container) | Self::Unauthenticated(container) => container,
        }
    }
}

/// Seals a container for the holders of some public keys.
///
/// # Errors
/// [`Error::Recipients`] for none or too many, what is wrong with the container, or a failure of
/// the random source or of a key.
pub fn seal(
    container: &Container,
    recipients: &[&PublicKey],
    form: Form,
    random: &mut dyn Random,
) -> Result<Container, Error> {
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(Error::Recipients);
    }
    // Checked before sealing: a recipient would refuse it, and the author is the one who can mend
    // it.
    check::current(container)?;
    let (key, wrapped) = match form {
        Form::Hardened => {
            // A fresh key for each container, so a recipient who has one key can open nothing else.
            let key = Secret::<64>::random(random)?;
            let wrapped = wrap_all(key.expose(), recipients)?;
            (ContentKey::authenticated(key), wrapped)
        }
        Form::Published => {
            let key = Secret::<32>::random(random)?;
            let wrapped = wrap_all(key.expose(), recipients)?;
            (ContentKey::unauthenticated(key), wrapped)
        }
    };
    seal_with(container, &key, wrapped, random)
}

/// Seals a container in the hardened form so that the wrapped keys tell neither for whom they are
/// nor exactly how many: of each recipient's key they show its length only, and their number is
/// filled up to a power of 2, from 4 to 256 (N39).
///
/// # Errors
/// As [`seal`].
pub fn seal_hidden(
    container: &Container,
    recipients: &[&PublicKey],
    random: &mut dyn Random,
) -> Result<Container, Error> {
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(Error::Recipients);
    }
    check::current(container)?;
    let key = Secret::<64>::random(random)?;
    let wrapped = hidden::wrap_all(key.expose(), recipients, random)?;
    let wrapped = wrapped.iter().map(|octets| b64url::encode(octets)).collect();
    seal_with(container, &ContentKey::authenticated(key), wrapped, random)
}

fn seal_with(
    container: &Container,
    key: &ContentKey,
    wrapped: Vec<String>,
    random: &mut dyn Random,
) -> Result<Container, Error> {
    let mut iv = [0; 16];
    random.fill(&mut iv)?;
    let mut payload = String::with_capacity(key.payload_len(container.as_bytes().len()));
    // No additional data: unlike a session, a stored container has no number.
    key.seal_into(&mut payload, &iv, &[], container.as_bytes())?;
    Ok(Encrypted::new(b64url::encode(&iv), payload, wrapped)?.into())
}

fn wrap_all(content_key: &[u8], recipients: &[&PublicKey]) -> Result<Vec<String>, Error> {
    recipients.iter().map(|key| Ok(b64url::encode(&key.encrypt_oaep(content_key)?))).collect()
}

/// Opens an encrypted container with one's private key.
///
/// # Errors
/// [`Error::WrongSchema`], [`Error::UnsupportedVersion`] or the schema's refusal for what is not an
/// encrypted container, [`Error::Recipients`], and [`Error::Decrypt`] for everything that fails
/// after that.
pub fn open(container: &Container, key: &PrivateKey) -> Result<Opened, Error> {
    check::current_as(container, CoreSchema::Encrypted)?;
    let object = Encrypted::from_container(container)?;
    let sealed = Parts::of(&object)?;
    let unwrapped = sealed.unwrap_key(|wrapped, found| {
        // Both are always tried, so that the time does not show which one the author used.
        for hash in [OaepHash::Sha512, OaepHash::Sha1] {
            found.offer(key.decrypt_oaep(wrapped, hash));
        }
    });
    // Without a key the work is done all the same, so that time does not tell at which step it
    // failed (R22); what comes of it is thrown away.
    let (content_key, known) = match unwrapped {
        Some(content_key) => (content_key, true),
        None => (ContentKey::authenticated(Secret::zeroed()), false),
    };
    let authenticated = matches!(content_key, ContentKey::Authenticated(_));
    // The result is looked at only after the question whether there was a key at all.
    let text = content_key.open(&sealed.iv, &[], sealed.payload);
    if !known {
        return Err(Error::Decrypt);
    }
    let inner = Container::parse(text?).map_err(|_| Error::Decrypt)?;
    check::current(&inner).map_err(|_| Error::Decrypt)?;
    Ok(Opened::new(inner, authenticated))
}

/// An encrypted container's values, out of base64url.
pub(crate) struct Parts<'o> {
    pub(crate) iv: [u8; 16],
    pub(crate) payload: Vec<u8>,
    recipients: &'o [String],
}

impl<'o> Parts<'o> {
    pub(crate) fn of(object: &'o Encrypted) -> Result<Self, Error> {
        let recipients = object.recipients();
        if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
            return Err(Error::Recipients);
        }
        let iv = b64url::decode(object.iv())?.try_into().map_err(|_| Error::Decrypt)?;
        Ok(Self { iv, payload: b64url::decode(object.payload())?, recipients })
    }

    /// The content key: `unwrap` tries each entry in every way that it knows, whether or not one
    /// before it fitted (R22).
    pub(crate) fn unwrap_key(&self, unwrap: impl Fn(&[u8], &mut Found)) -> Option<ContentKey> {
        let mut found = Found(None);
        for entry in self.recipients {
            // What is not base64url is tried as well: as no octets, which nothing unwraps.
            let wrapped = b64url::decode(entry).unwrap_or_default();
            unwrap(&wrapped, &mut found);
        }
        found.0
    }
}

/// The first secret that is a content key.
pub(crate) struct Found(Option<ContentKey>);

impl Found {
    /// The length of an unwrapped key says which form it is (R21).
    pub(crate) fn offer(&mut self, unwrapped: Result<SecretVec, sdmp_crypto::Error>) {
        let Ok(secret) = unwrapped else { return };
        let octets = secret.expose();
        let key = Secret::from_slice(octets)
            .map(ContentKey::authenticated)
            .or_else(|_| Secret::from_slice(octets).map(ContentKey::unauthenticated));
        // Computed above in any case, so that an entry after the right one costs as much as one
        // before it.
        if self.0.is_none() {
            self.0 = key.ok();
        }
    }
}
