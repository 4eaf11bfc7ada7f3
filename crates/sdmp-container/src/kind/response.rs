//! Answers to requests.

use std::fmt;
use std::str::FromStr;

use crate::kind::{Fields, Writer, from_container};
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

/// The object of the schema `response`: data if and only if the status is ok.
///
/// Rejections of a handshake are closed and have a parser of their own:
/// [`Rejection`](crate::closed::Rejection).
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    status: Status,
    identifier: String,
    data: Option<Object<'static>>,
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
        Ok(Self { status, identifier, data })
    }

    from_container!(Response);

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (status, identifier, data) = Self::read(root)?;
        let data = data.map(|data| data.clone().into_owned());
        Ok(Self { status, identifier: identifier.to_owned(), data })
    }

    pub(crate) fn read<'o>(
        root: &'o Object<'_>,
    ) -> Result<(Status, &'o str, Option<&'o Object<'o>>), Error> {
        let fields = Fields::member(root, CoreSchema::Response)?;
        let status = fields.parsed("status")?;
        let identifier = fields.string("identifier")?;
        let data = if fields.contains("data") {
            let data = fields.required("data")?.as_object();
            Some(data.ok_or_else(|| fields.fault(ErrorKind::WrongType, "data"))?)
        } else {
            None
        };
        check_data(status, data.is_some())?;
        Ok((status, identifier, data))
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        let writer = Writer::new(CoreSchema::Response)
            .open()
            .string("status", self.status.name())
            .string("identifier", &self.identifier);
        match &self.data {
            Some(data) => writer.object("data", data).finish(),
            None => writer.finish(),
        }
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
    pub const fn data(&self) -> Option<&Object<'static>> {
        self.data.as_ref()
    }
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
