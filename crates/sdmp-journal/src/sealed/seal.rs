//! Sealing a message (N38, N39).

use sdmp_container::{Container, Fingerprint, Timestamp};
#[cfg(feature = "aws-lc-rs")]
use sdmp_crypto::random::Random;
#[cfg(feature = "aws-lc-rs")]
use sdmp_crypto::rsa::PublicKey;
#[cfg(feature = "aws-lc-rs")]
use sdmp_envelope::{LocalIdentity, encrypted, signature};

use crate::error::{Code, Error};
use crate::sealed::{Content, MAX_USERS};

/// A message that is about to be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The user for whom it is published.
    pub user: Fingerprint,
    /// The users for whom it is, 1 to 32.
    pub to: Vec<Fingerprint>,
    /// When it was made.
    pub created: Timestamp,
    /// What it says.
    pub content: Content,
}

impl Draft {
    /// Signs and encrypts the message. `signer` is the key that will sign the resource, `keys` are
    /// those of [`recipients`](super::recipients). The container is for
    /// [`Author::publish`](crate::Author::publish) by the same signer.
    ///
    /// # Errors
    /// `resource.size`, `resource.kind`, `file.*` for what cannot be said so; the signer's refusal;
    /// none or more than 256 keys.
    #[cfg(feature = "aws-lc-rs")]
    pub fn seal(
        &self,
        signer: &LocalIdentity,
        keys: &[PublicKey],
        random: &mut dyn Random,
    ) -> Result<Container, Error> {
        let inner = self.container()?;
        let signed = signature::sign(&inner, &[signer], self.created).map_err(Error::Signing)?;
        let keys: Vec<&PublicKey> = keys.iter().collect();
        encrypted::seal_hidden(&signed, &keys, random).map_err(Error::Signing)
    }

    /// The innermost container, which is signed. It lists no `resource`, so it cannot be published
    /// as it is.
    ///
    /// # Errors
    /// `resource.size`, `resource.kind`, `file.*` for what cannot be said so.
    pub fn container(&self) -> Result<Container, Error> {
        if self.to.is_empty() || self.to.len() > MAX_USERS {
            return Err(Code::ResourceSize.into());
        }
        let payload = |error| Error::Container(Code::ResourcePayload, error);
        Container::parse(self.text()?).map_err(payload)
    }

    fn text(&self) -> Result<String, Error> {
        let (schemas, members) = self.content.parts()?;
        let schemas = schemas.join("\",\"");
        let to: Vec<String> = self.to.iter().map(|user| format!("\"{user}\"")).collect();
        Ok(format!(
            concat!(
                r#"{{"sdmp":{{"version":"0.12.0","schemas":["{}"]}},"#,
                r#""sealed":{{"user":"{}","to":[{}],"created":"{}"}},{}}}"#
            ),
            schemas,
            self.user,
            to.join(","),
            self.created,
            members
        ))
    }
}
