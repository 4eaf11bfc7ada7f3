//! Requests.

use crate::kind::{Fields, Writer};
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

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (identifier, since, limit) = Self::read(root)?;
        Ok(Self { identifier: identifier.to_owned(), since: since.to_owned(), limit })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root).map(drop)
    }

    fn read<'o>(root: &'o Object<'_>) -> Result<(&'o str, &'o str, Option<u64>), Error> {
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

/// A published resource by name: who published it, and which it is.
///
/// `resource` equal to `author` names the identity of that key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceName {
    /// The user for whom it was published.
    pub author: Fingerprint,
    /// The identifier of the resource.
    pub resource: Identifier,
}

impl ResourceName {
    fn read(fields: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self { author: fields.parsed("author")?, resource: fields.parsed("resource")? })
    }
}

/// The object of the schema `request_resource`: asks for one published resource, or for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestResource {
    identifier: String,
    first: ResourceName,
    more: Vec<ResourceName>,
}

impl RequestResource {
    /// The most resources in [`RequestResource::more`].
    pub const MAX_MORE: usize = 63;

    /// Makes the object; the answer will carry `identifier`.
    #[must_use]
    pub fn new(identifier: String, author: Fingerprint, resource: Identifier) -> Self {
        Self { identifier, first: ResourceName { author, resource }, more: Vec::new() }
    }

    /// The same, asking for these as well; none is as before.
    ///
    /// # Errors
    /// `field.too_many` for more than [`RequestResource::MAX_MORE`].
    pub fn with_more(mut self, more: Vec<ResourceName>) -> Result<Self, Error> {
        if more.len() > Self::MAX_MORE {
            return Err(Error::pointing(ErrorKind::TooMany, "/request/more"));
        }
        self.more = more;
        Ok(self)
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let mut more = Vec::new();
        let (identifier, first) = Self::read(root, |name| more.push(name))?;
        Ok(Self { identifier: identifier.to_owned(), first, more })
    }

    /// As [`Self::from_root`], without keeping anything.
    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root, drop).map(drop)
    }

    fn read<'o>(
        root: &'o Object<'_>,
        mut further: impl FnMut(ResourceName),
    ) -> Result<(&'o str, ResourceName), Error> {
        let fields = Fields::member(root, CoreSchema::RequestResource)?;
        fields.constant("type", "resource")?;
        let identifier = fields.string("identifier")?;
        let first = ResourceName::read(&fields)?;
        if fields.contains("more") {
            match fields.array("more")?.len() {
                0 => return Err(fields.fault(ErrorKind::Empty, "more")),
                1..=Self::MAX_MORE => {}
                _ => return Err(fields.fault(ErrorKind::TooMany, "more")),
            }
            for entry in fields.objects("more")? {
                further(ResourceName::read(&entry?)?);
            }
        }
        Ok((identifier, first))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let writer = Writer::new(CoreSchema::RequestResource)
            .open()
            .string("type", "resource")
            .string("identifier", &self.identifier)
            .string("author", &self.first.author.to_string())
            .string("resource", &self.first.resource.to_string());
        if self.more.is_empty() {
            return writer.finish();
        }
        let more =
            self.more.iter().map(|name| (name.author.to_string(), name.resource.to_string()));
        let more: Vec<(String, String)> = more.collect();
        let members = |(author, resource)| [("author", author), ("resource", resource)];
        let names = more.iter().map(|(author, resource)| (author.as_str(), resource.as_str()));
        writer.objects("more", names.map(members)).finish()
    }

    /// What the answer repeats.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Who published the resource.
    #[must_use]
    pub const fn author(&self) -> &Fingerprint {
        &self.first.author
    }

    /// The resource.
    #[must_use]
    pub const fn resource(&self) -> &Identifier {
        &self.first.resource
    }

    /// Which resources are asked for beside the first.
    #[must_use]
    pub fn more(&self) -> &[ResourceName] {
        &self.more
    }

    /// All resources that are asked for, in the order of the answer.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceName> {
        std::iter::once(&self.first).chain(&self.more)
    }
}
