//! Answers to requests.

use std::fmt;
use std::str::FromStr;

use crate::kind::{Fields, Writer};
use crate::strict::Object;
use crate::{CoreSchema, Error, ErrorKind};

/// How a request went (R37).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The answer carries data.
    Ok,
    /// The request was not understood.
    BadRequest,
    /// There is nothing for the asker, for whatever reason.
    NotFound,
}

impl Status {
    /// The word in `response.status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::BadRequest => "bad_request",
            Self::NotFound => "not_found",
        }
    }
}

impl FromStr for Status {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "ok" => Ok(Self::Ok),
            "bad_request" => Ok(Self::BadRequest),
            "not_found" => Ok(Self::NotFound),
            _ => Err(Error::new(ErrorKind::UnexpectedValue)),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that an answer holds, and what ended it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    data: Object<'static>,
    revoked: Option<Object<'static>>,
}

impl Found {
    /// What was asked for.
    #[must_use]
    pub const fn new(data: Object<'static>) -> Self {
        Self { data, revoked: None }
    }

    /// A revocation in place of what was asked for, and beside it what it revokes.
    #[must_use]
    pub fn with_revoked(mut self, revoked: Object<'static>) -> Self {
        self.revoked = Some(revoked);
        self
    }

    /// What was asked for, or the revocation that took its place.
    #[must_use]
    pub const fn data(&self) -> &Object<'static> {
        &self.data
    }

    /// What [`Found::data`] revokes.
    #[must_use]
    pub const fn revoked(&self) -> Option<&Object<'static>> {
        self.revoked.as_ref()
    }

    /// The members of one object, `data` and `revoked`, if `data` is there.
    fn read<'o>(fields: &Fields<'o>) -> Result<Option<View<'o>>, Error> {
        match (fields.optional_object("data")?, fields.optional_object("revoked")?) {
            (Some(data), revoked) => Ok(Some((data, revoked))),
            (None, Some(_)) => Err(fields.fault(ErrorKind::Forbidden, "revoked")),
            (None, None) => Ok(None),
        }
    }

    fn from_view((data, revoked): View<'_>) -> Self {
        let owned = |object: &Object<'_>| object.clone().into_owned();
        Self { data: owned(data), revoked: revoked.map(owned) }
    }

    fn write(&self, writer: Writer) -> Writer {
        let writer = writer.object("data", &self.data);
        match &self.revoked {
            Some(revoked) => writer.object("revoked", revoked),
            None => writer,
        }
    }
}

/// A [`Found`] in place.
type View<'o> = (&'o Object<'o>, Option<&'o Object<'o>>);

/// The object of the schema `response`: data if and only if the status is ok.
///
/// Rejections of a handshake are closed and have a parser of their own:
/// [`Rejection`](crate::closed::Rejection).
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    status: Status,
    identifier: String,
    found: Option<Found>,
    more: Option<Vec<Option<Found>>>,
}

impl Response {
    /// Makes the object; `identifier` is that of the request.
    ///
    /// # Errors
    /// `field.missing` for ok without data, `field.forbidden` for data without ok.
    pub fn new(
        status: Status,
        identifier: String,
        data: Option<Object<'static>>,
    ) -> Result<Self, Error> {
        check_data(status, data.is_some())?;
        Ok(Self { status, identifier, found: data.map(Found::new), more: None })
    }

    /// The answer to a request for a resource: ok if it was found, else not found.
    #[must_use]
    pub const fn answer(identifier: String, found: Option<Found>) -> Self {
        let status = if found.is_some() { Status::Ok } else { Status::NotFound };
        Self { status, identifier, found, more: None }
    }

    /// The same, with answers to [`RequestResource::more`](crate::RequestResource::more) in its
    /// order: `None` where nothing was found, and fewer where the rest was not tried.
    #[must_use]
    pub fn with_more(mut self, more: Vec<Option<Found>>) -> Self {
        self.more = Some(more);
        self
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let mut more = None;
        let (status, identifier, found) = Self::read(root, |entry| match entry {
            Entry::Begin => more = Some(Vec::new()),
            Entry::Item(item) => more.get_or_insert_default().push(item.map(Found::from_view)),
        })?;
        let found = found.map(Found::from_view);
        Ok(Self { status, identifier: identifier.to_owned(), found, more })
    }

    /// As [`Self::from_root`], without keeping anything.
    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root, |_| {}).map(drop)
    }

    fn read<'o>(
        root: &'o Object<'_>,
        mut further: impl FnMut(Entry<'o>),
    ) -> Result<(Status, &'o str, Option<View<'o>>), Error> {
        let fields = Fields::member(root, CoreSchema::Response)?;
        let status = fields.parsed("status")?;
        let identifier = fields.string("identifier")?;
        let found = Found::read(&fields)?;
        check_data(status, found.is_some())?;
        if fields.contains("more") {
            further(Entry::Begin);
            for entry in fields.nullable_objects("more")? {
                let Some(entry) = entry? else {
                    further(Entry::Item(None));
                    continue;
                };
                let found = Found::read(&entry)?;
                let found = found.ok_or_else(|| entry.fault(ErrorKind::Missing, "data"))?;
                further(Entry::Item(Some(found)));
            }
        }
        Ok((status, identifier, found))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut writer = Writer::new(CoreSchema::Response)
            .open()
            .string("status", self.status.name())
            .string("identifier", &self.identifier);
        if let Some(found) = &self.found {
            writer = found.write(writer);
        }
        if let Some(more) = &self.more {
            writer = writer.begin_array("more");
            for (index, entry) in more.iter().enumerate() {
                writer = match entry {
                    Some(found) => found.write(writer.begin_element(index)).end_element(),
                    None => writer.null_element(index),
                };
            }
            writer = writer.end_array();
        }
        writer.finish()
    }

    /// How the request went.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The identifier of the request.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The data, present if and only if the status is ok.
    #[must_use]
    pub fn data(&self) -> Option<&Object<'static>> {
        self.found.as_ref().map(Found::data)
    }

    /// What the data revokes; only with data.
    #[must_use]
    pub fn revoked(&self) -> Option<&Object<'static>> {
        self.found.as_ref().and_then(Found::revoked)
    }

    /// The data and what it revokes.
    #[must_use]
    pub const fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// The answers to further resources of the request, in its order; none where the member is
    /// missing.
    #[must_use]
    pub fn more(&self) -> Option<&[Option<Found>]> {
        self.more.as_deref()
    }
}

/// What reading `response.more` comes upon.
enum Entry<'o> {
    /// The array itself.
    Begin,
    /// One of its elements.
    Item(Option<View<'o>>),
}

fn check_data(status: Status, has_data: bool) -> Result<(), Error> {
    match (status, has_data) {
        (Status::Ok, false) => Err(Error::pointing(ErrorKind::Missing, "/response/data")),
        (Status::BadRequest | Status::NotFound, true) => {
            Err(Error::pointing(ErrorKind::Forbidden, "/response/data"))
        }
        _ => Ok(()),
    }
}
