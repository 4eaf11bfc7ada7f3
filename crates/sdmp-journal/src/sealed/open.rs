//! Opening a sealed message, and whether it is shown (N40).

use sdmp_container::strict::Value;
use sdmp_container::{Container, CoreSchema, Fingerprint, Identifier, Timestamp};
#[cfg(feature = "aws-lc-rs")]
use sdmp_crypto::rsa::PrivateKey;
use sdmp_crypto::rsa::PublicKey;
#[cfg(feature = "aws-lc-rs")]
use sdmp_envelope::encrypted;

#[cfg(feature = "aws-lc-rs")]
use crate::Kind;
use crate::error::{Code, Error};
use crate::sealed::{Content, MAX_USERS};
use crate::{Outer, Resource, Verify};

/// Who made a sealed message, for whom, and when: the member `sealed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The user for whom it was published.
    pub user: Fingerprint,
    /// The users for whom it is.
    pub to: Vec<Fingerprint>,
    /// When it says that it was made.
    pub created: Timestamp,
}

/// A message that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "one at a time")]
pub enum Opened {
    /// Signed inside by the resource's signer, who is the sender.
    Proven {
        /// For whom it is.
        sealed: Sealed,
        /// The identifier of what was signed: each is shown once, however often it comes.
        inner: Identifier,
        /// What it says.
        content: Content,
    },
    /// *Sender unproven*: nothing inside says who made it. It may be shown with these words, and
    /// causes nothing: no receipt, no file, no state.
    Unproven(Container),
}

/// Why a message is not shown.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NotShown {
    /// This key does not open it, or it was damaged: the two cannot be told apart (R22).
    Closed,
    /// `sealed.not_for_us`, `sealed.signer`, `sealed.user`, or what is wrong with the content.
    Refused(Error),
}

impl From<Code> for NotShown {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

/// Opens an admitted resource of kind `encrypted` with a key of `user`'s.
///
/// `signer_key` is the public key of the resource's signer, which was verified when the resource was
/// admitted. That the signer may publish for its user was judged then, too.
///
/// # Errors
/// [`NotShown`]: whether the key opens it at all, else which rule keeps it from being shown.
#[cfg(feature = "aws-lc-rs")]
pub fn open(
    resource: &Resource,
    user: &Fingerprint,
    key: &PrivateKey,
    signer_key: &PublicKey,
    verifier: &dyn Verify,
) -> Result<Opened, NotShown> {
    if resource.kind() != Kind::Encrypted {
        return Err(Code::ResourceKind.into());
    }
    let opened = encrypted::open(resource.payload(), key).map_err(|_| NotShown::Closed)?;
    match opened {
        // R21: the published form has no integrity.
        encrypted::Opened::Unauthenticated(inner) => Ok(Opened::Unproven(inner)),
        encrypted::Opened::Authenticated(inner) => {
            judge(&inner, resource, user, signer_key, verifier)
        }
    }
}

/// Judges what was inside of a resource of the hardened form: the part of opening that follows
/// decryption.
///
/// # Errors
/// [`NotShown::Refused`].
pub fn judge(
    signed: &Container,
    resource: &Resource,
    user: &Fingerprint,
    signer_key: &PublicKey,
    verifier: &dyn Verify,
) -> Result<Opened, NotShown> {
    if !signed.lists(CoreSchema::Signature) {
        return Ok(Opened::Unproven(signed.clone()));
    }
    let outer = Outer::parse(signed.as_bytes()).map_err(|_| Code::SealedSigner)?;
    // One signer outside and inside, or a recipient could publish the inner part as its own
    // message.
    if outer.signer() != resource.signer() || !outer.is_signed_by(signer_key, verifier) {
        return Err(Code::SealedSigner.into());
    }
    let payload = |error| NotShown::Refused(Error::Container(Code::ResourcePayload, error));
    let container = Container::parse(outer.payload_text()).map_err(payload)?;
    if !container.version().is_0_12() {
        return Err(Code::ResourcePayload.into());
    }
    container.check_core().map_err(payload)?;
    // Without `sealed` it may be anything that the signer signed for another purpose.
    let sealed = read_sealed(&container).ok_or(Code::SealedUser)?;
    if sealed.user != *resource.user() || container.lists(CoreSchema::Resource) {
        return Err(Code::SealedUser.into());
    }
    // A text that was sealed for others and passed on is not shown as if it were for us.
    if sealed.user != *user && !sealed.to.contains(user) {
        return Err(Code::SealedNotForUs.into());
    }
    let content = Content::read(&container).map_err(NotShown::Refused)?;
    Ok(Opened::Proven { sealed, inner: outer.id().clone(), content })
}

fn read_sealed(container: &Container) -> Option<Sealed> {
    let sealed = container.root().get("sealed")?.as_object()?;
    let user = sealed.get("user")?.as_str()?.parse().ok()?;
    let to = sealed.get("to")?.as_array()?;
    // Bounded before anything is copied.
    if to.is_empty() || to.len() > MAX_USERS {
        return None;
    }
    let to = to.iter().map(|user| user.as_str()?.parse().ok()).collect::<Option<_>>()?;
    let created = sealed.get("created").and_then(Value::as_str)?.parse().ok()?;
    Some(Sealed { user, to, created })
}
