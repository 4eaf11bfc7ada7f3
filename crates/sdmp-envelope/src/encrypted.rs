//! Encrypted containers for recipients (R21, R22): a fresh content key, wrapped for each.
//!
//! Nothing in such a container says who wrote it: sign before sealing when that matters.

use sdmp_container::{Container, CoreSchema, Encrypted, Limits, b64url};
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::{OaepHash, PrivateKey, PublicKey};
use sdmp_crypto::secret::Secret;

use crate::{ContentKey, Error};

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
    /// The hardened form: exactly what was sealed, by whoever sealed it.
    Authenticated(Container),
    /// The published form: anybody on the way may have altered it.
    Unauthenticated(Container),
}

impl Opened {
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
/// [`Error::Recipients`] for none or too many, or a failure of the random source or of a key.
pub fn seal(
    container: &Container,
    recipients: &[&PublicKey],
    form: Form,
    random: &mut dyn Random,
) -> Result<String, Error> {
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(Error::Recipients);
    }
    let mut iv = [0; 16];
    random.fill(&mut iv)?;
    let (key, wrapped) = match form {
        Form::Hardened => {
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
    let mut payload = String::with_capacity(key.payload_len(container.octets().len()));
    key.seal_into(&mut payload, &iv, &[], container.octets())?;
    Ok(Encrypted::new(b64url::encode(&iv), payload, wrapped)?.to_text())
}

fn wrap_all(content_key: &[u8], recipients: &[&PublicKey]) -> Result<Vec<String>, Error> {
    recipients.iter().map(|key| Ok(b64url::encode(&key.encrypt_oaep(content_key)?))).collect()
}

/// Opens an encrypted container with one's private key.
///
/// # Errors
/// [`Error::WrongSchema`] or the parser's refusal for what is not an encrypted container,
/// [`Error::Recipients`], and [`Error::Decrypt`] for everything that fails after that.
pub fn open(container: &Container, key: &PrivateKey) -> Result<Opened, Error> {
    let object = read(container)?;
    let iv = decode_iv(&object)?;
    let payload = b64url::decode(object.payload())?;
    let mut found = None;
    for entry in object.recipients() {
        // Every entry is tried in both ways, found or not, so that time tells nothing (R22).
        let wrapped = b64url::decode(entry).unwrap_or_default();
        for hash in [OaepHash::Sha512, OaepHash::Sha1] {
            let unwrapped = key.decrypt_oaep(&wrapped, hash);
            if let (None, Ok(secret)) = (&found, unwrapped) {
                found = content_key(secret.expose());
            }
        }
    }
    open_with(found.ok_or(Error::Decrypt)?, &iv, payload)
}

pub(crate) fn read(container: &Container) -> Result<Encrypted, Error> {
    if !container.lists(CoreSchema::Encrypted) {
        return Err(Error::WrongSchema("encrypted"));
    }
    let object = Encrypted::from_container(container)?;
    if object.recipients().is_empty() || object.recipients().len() > MAX_RECIPIENTS {
        return Err(Error::Recipients);
    }
    Ok(object)
}

pub(crate) fn decode_iv(object: &Encrypted) -> Result<[u8; 16], Error> {
    b64url::decode(object.iv())?.try_into().map_err(|_| Error::Decrypt)
}

/// The length of the unwrapped key says which form it is (R21).
fn content_key(secret: &[u8]) -> Option<ContentKey> {
    if let Ok(key) = <[u8; 64]>::try_from(secret) {
        return Some(ContentKey::authenticated(Secret::new(key)));
    }
    let key = <[u8; 32]>::try_from(secret).ok()?;
    Some(ContentKey::unauthenticated(Secret::new(key)))
}

fn open_with(key: ContentKey, iv: &[u8; 16], payload: Vec<u8>) -> Result<Opened, Error> {
    let authenticated = matches!(key, ContentKey::Authenticated(_));
    let text = key.open(iv, &[], payload)?;
    let inner = Container::parse(text, &Limits::DEFAULT).map_err(|_| Error::Decrypt)?;
    inner.check_core().map_err(|_| Error::Decrypt)?;
    Ok(if authenticated { Opened::Authenticated(inner) } else { Opened::Unauthenticated(inner) })
}
