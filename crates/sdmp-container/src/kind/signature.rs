//! Signature containers (R17 to R20): here only their form.

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, ErrorKind, Identifier, b64url};

/// One signature of a signature container (R18, R19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureEntry {
    protected: String,
    signature: String,
}

impl SignatureEntry {
    /// Makes an entry of two base64url texts.
    ///
    /// # Errors
    /// A `b64url.*` kind (R1).
    pub fn new(protected: String, signature: String) -> Result<Self, Error> {
        b64url::check(&protected).map_err(|error| error.within("/protected"))?;
        b64url::check(&signature).map_err(|error| error.within("/signature"))?;
        Ok(Self { protected, signature })
    }

    fn from_fields(fields: &Fields<'_>) -> Result<Self, Error> {
        let (protected, signature) = Self::read(fields)?;
        Ok(Self { protected: protected.to_owned(), signature: signature.to_owned() })
    }

    fn read<'o>(fields: &Fields<'o>) -> Result<(&'o str, &'o str), Error> {
        Ok((fields.base64("protected")?, fields.base64("signature")?))
    }

    /// The protected header, base64url of JSON (R18).
    #[must_use]
    pub fn protected(&self) -> &str {
        &self.protected
    }

    /// The signature, base64url.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

/// The object of the schema `signature` (R17): another container and who signed it.
///
/// That identifier and signatures match the payload is *not* checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    identifier: Identifier,
    payload: String,
    signatures: Vec<SignatureEntry>,
}

impl Signature {
    /// Makes the object; `payload` is base64url of the signed container's text.
    ///
    /// # Errors
    /// A `b64url.*` kind for the payload, `field.empty` without signatures (R20).
    pub fn new(
        identifier: Identifier,
        payload: String,
        signatures: Vec<SignatureEntry>,
    ) -> Result<Self, Error> {
        b64url::check(&payload).map_err(|error| error.within("/signature/payload"))?;
        if signatures.is_empty() {
            return Err(Error::pointing(ErrorKind::Empty, "/signature/signatures"));
        }
        Ok(Self { identifier, payload, signatures })
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (identifier, payload, entries) = Self::read(root)?;
        let signatures =
            entries.map(|entry| SignatureEntry::from_fields(&entry?)).collect::<Result<_, _>>()?;
        Ok(Self { identifier, payload: payload.to_owned(), signatures })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        let (_, _, mut entries) = Self::read(root)?;
        entries.try_for_each(|entry| SignatureEntry::read(&entry?).map(drop))
    }

    fn read<'o>(
        root: &'o Object<'_>,
    ) -> Result<(Identifier, &'o str, impl Iterator<Item = Result<Fields<'o>, Error>>), Error> {
        let fields = Fields::member(root, CoreSchema::Signature)?;
        let identifier = fields.parsed("identifier")?;
        let payload = fields.base64("payload")?;
        if fields.array("signatures")?.is_empty() {
            return Err(fields.fault(ErrorKind::Empty, "signatures"));
        }
        Ok((identifier, payload, fields.objects("signatures")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let entries = self.signatures.iter();
        Writer::new(CoreSchema::Signature)
            .open()
            .string("identifier", &self.identifier.to_string())
            .string("payload", &self.payload)
            .objects(
                "signatures",
                entries.map(|entry| {
                    [("protected", entry.protected()), ("signature", entry.signature())]
                }),
            )
            .finish()
    }

    /// The identifier that the container claims for the payload (R17).
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// The signed container's text in base64url: what the signatures cover (R17, R19).
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// One or more signatures (R20).
    #[must_use]
    pub fn signatures(&self) -> &[SignatureEntry] {
        &self.signatures
    }
}
