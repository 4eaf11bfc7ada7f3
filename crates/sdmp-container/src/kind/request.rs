//! Requests.

use crate::kind::{Fields, Writer, from_container};
use crate::strict::Object;
use crate::{CoreSchema, Error, ErrorKind, Fingerprint, Identifier};

/// The object of the schema `request_journal`: asks for the lines of a journal after one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestJournal {
    identifier: String,
    since: String,
    limit: Option<u64>,
}

impl RequestJournal {
    /// Makes the object; the answer will carry `identifier`, and at most `limit` lines.
    ///
    /// # Errors
    /// `field.integer_range` for a limit of 0.
    pub fn new(identifier: String, since: String, limit: Option<u64>) -> Result<Self, Error> {
        if limit == Some(0) {
            return Err(Error::pointing(ErrorKind::IntegerRange, "/request/limit"));
        }
        Ok(Self { identifier, since, limit })
    }

    from_container!(RequestJournal);

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (identifier, since, limit) = Self::read(root)?;
        Ok(Self { identifier: identifier.to_owned(), since: since.to_owned(), limit })
    }

    pub(crate) fn read<'o>(root: &'o Object<'_>) -> Result<(&'o str, &'o str, Option<u64>), Error> {
        let fields = Fields::member(root, CoreSchema::RequestJournal)?;
        let identifier = fields.string("identifier")?;
        fields.constant("type", "journal")?;
        let since = fields.string("since")?;
        let limit =
            if fields.contains("limit") { Some(fields.unsigned("limit", 1)?) } else { None };
        Ok((identifier, since, limit))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let writer = Writer::new(CoreSchema::RequestJournal)
            .open()
            .string("identifier", &self.identifier)
            .string("type", "journal")
            .string("since", &self.since);
        match self.limit {
            Some(limit) => writer.unsigned("limit", limit).finish(),
            None => writer.finish(),
        }
    }

    /// What the answer repeats.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The last line that the asker knows.
    #[must_use]
    pub fn since(&self) -> &str {
        &self.since
    }

    /// The most lines to send, at least 1.
    #[must_use]
    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }
}

/// The object of the schema `request_resource`: asks for one published resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestResource {
    identifier: String,
    author: Fingerprint,
    resource: Identifier,
}

impl RequestResource {
    /// Makes the object; the answer will carry `identifier`.
    ///
    /// # Errors
    /// None at present: every combination of these types has a form.
    pub fn new(
        identifier: String,
        author: Fingerprint,
        resource: Identifier,
    ) -> Result<Self, Error> {
        Ok(Self { identifier, author, resource })
    }

    from_container!(RequestResource);

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (identifier, author, resource) = Self::read(root)?;
        Ok(Self { identifier: identifier.to_owned(), author, resource })
    }

    pub(crate) fn read<'o>(
        root: &'o Object<'_>,
    ) -> Result<(&'o str, Fingerprint, Identifier), Error> {
        let fields = Fields::member(root, CoreSchema::RequestResource)?;
        fields.constant("type", "resource")?;
        Ok((fields.string("identifier")?, fields.parsed("author")?, fields.parsed("resource")?))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        Writer::new(CoreSchema::RequestResource)
            .open()
            .string("type", "resource")
            .string("identifier", &self.identifier)
            .string("author", &self.author.to_string())
            .string("resource", &self.resource.to_string())
            .finish()
    }

    /// What the answer repeats.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Who published the resource.
    #[must_use]
    pub const fn author(&self) -> &Fingerprint {
        &self.author
    }

    /// The resource.
    #[must_use]
    pub const fn resource(&self) -> &Identifier {
        &self.resource
    }
}
