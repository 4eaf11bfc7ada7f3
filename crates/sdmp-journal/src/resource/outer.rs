//! The outer part of a resource: a closed signature container with one signature (N3).

use std::fmt;

use sdmp_container::closed::ResourceSignature;
use sdmp_container::{ErrorKind, Limits, b64url};
use sdmp_crypto::rsa::PublicKey;
use sdmp_envelope::signature;

use crate::error::{Code, Error};
use crate::{Fingerprint, Identifier, Verify};

/// The longest resource, in octets of its compact text (N3).
pub const LONGEST: usize = 8 << 20;

/// The outer part of a resource, whatever its payload decodes to: N6's step 1.
///
/// Exchange objects have the same form (N25).
#[derive(Clone)]
pub struct Outer {
    text: String,
    id: Identifier,
    signer: Fingerprint,
    /// What was signed: `protected.payload` (R19).
    signed: String,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

impl Outer {
    /// Reads the outer part of a resource.
    ///
    /// # Errors
    /// `resource.size` for more than 8 MiB when compact, else `resource.form`.
    pub fn parse(text: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let outer = Self::parse_any_length(text)?;
        if outer.text.len() > LONGEST { Err(Code::ResourceSize.into()) } else { Ok(outer) }
    }

    /// The same for an exchange object, whose length R42 alone limits (N25).
    ///
    /// # Errors
    /// `resource.size` for more than R42 allows, else `resource.form`.
    pub fn parse_any_length(text: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let object = ResourceSignature::parse(&text.into(), &Limits::DEFAULT).map_err(|error| {
            let code = if error.kind() == ErrorKind::TooLarge {
                Code::ResourceSize
            } else {
                Code::ResourceForm
            };
            Error::Container(code, error)
        })?;
        let form = |error| Error::Envelope(Code::ResourceForm, error);
        let [entry] = object.signatures() else { return Err(Code::ResourceForm.into()) };
        let signature = b64url::decode(entry.signature())
            .map_err(|error| Error::Container(Code::ResourceForm, error))?;
        let payload = signature::check_payload(&object).map_err(form)?;
        Ok(Self {
            id: object.identifier().clone(),
            signer: signature::key_id(entry).map_err(form)?,
            signed: [entry.protected(), object.payload()].join("."),
            signature,
            payload,
            text: object.to_text(),
        })
    }

    /// The identifier, which is that of the payload (R17).
    #[must_use]
    pub const fn id(&self) -> &Identifier {
        &self.id
    }

    /// The key that it says signed it.
    #[must_use]
    pub const fn signer(&self) -> &Fingerprint {
        &self.signer
    }

    /// The compact text, as 0.12.0.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The octets of the payload: not looked at yet.
    #[must_use]
    pub fn payload_text(&self) -> &[u8] {
        &self.payload
    }

    /// Whether this key, whose fingerprint is [`Outer::signer`], signed it (R19).
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey, verifier: &dyn Verify) -> bool {
        key.fingerprint() == *self.signer.as_octets()
            && verifier.verify(key, self.signed.as_bytes(), &self.signature)
    }
}

impl fmt::Debug for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outer")
            .field("id", &self.id)
            .field("signer", &self.signer)
            .field("len", &self.text.len())
            .finish_non_exhaustive()
    }
}
