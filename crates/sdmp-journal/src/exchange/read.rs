//! Reading bodies (N26).

use std::sync::Arc;

use sdmp_container::strict::{Object, Value};
use sdmp_container::{Container, CoreSchema, RequestJournal, RequestResource, Status};

use crate::exchange::{Answered, Body, Given, Lines, MAX_LINES, MAX_NAMES, RequestId, Response};
use crate::{Code, Error, Line};

/// What a malformed body still tells.
#[derive(Debug)]
pub(crate) enum Malformed {
    /// A request whose identifier can be read: it is answered `bad_request` (N27).
    Request(RequestId),
    /// Anything else ends the session (N29).
    Body(Error),
}

impl From<Error> for Malformed {
    fn from(error: Error) -> Self {
        Self::Body(error)
    }
}

fn unexpected(error: sdmp_container::Error) -> Error {
    Error::Container(Code::ExchangeUnexpected, error)
}

/// The kind of an exchange object, by what its payload lists (N25).
pub(crate) fn kind_of(payload: &Container) -> Option<CoreSchema> {
    let kinds = [
        CoreSchema::Broadcast,
        CoreSchema::RequestJournal,
        CoreSchema::RequestResource,
        CoreSchema::Response,
    ];
    let mut listed = kinds.into_iter().filter(|kind| payload.lists(*kind));
    match (listed.next(), listed.next()) {
        // With two kinds it would depend on the reader which of them counts.
        (Some(kind), None) => Some(kind),
        _ => None,
    }
}

/// Reads the body of a payload.
pub(crate) fn body(payload: &Container) -> Result<Body, Malformed> {
    let kind = kind_of(payload).ok_or(Malformed::Body(Code::ExchangeUnexpected.into()))?;
    let read = if kind == CoreSchema::RequestJournal {
        request_journal(payload)
    } else if kind == CoreSchema::RequestResource {
        request_resource(payload)
    } else if kind == CoreSchema::Response {
        response(payload).map(Body::Response)
    } else {
        lines(payload.root(), 1).map(Body::Broadcast)
    };
    // A request whose identifier can be read is answered, so that the peer does not wait.
    read.map_err(|error| match request_id(payload, kind) {
        Some(identifier) => Malformed::Request(identifier),
        None => Malformed::Body(error),
    })
}

/// The identifier of a request, whatever else is wrong with it.
fn request_id(payload: &Container, kind: CoreSchema) -> Option<RequestId> {
    if !matches!(kind, CoreSchema::RequestJournal | CoreSchema::RequestResource) {
        return None;
    }
    let request = payload.root().get("request")?.as_object()?;
    request.get("identifier")?.as_str()?.parse().ok()
}

fn request_journal(payload: &Container) -> Result<Body, Error> {
    let request = RequestJournal::from_container(payload).map_err(unexpected)?;
    // N26: no limit, or one above the most lines of an object, is the most lines.
    let limit = request.limit().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_LINES);
    Ok(Body::RequestJournal {
        identifier: request.identifier().parse()?,
        since: request.since().parse().map_err(|_| Error::from(Code::ExchangeUnexpected))?,
        limit: limit.min(MAX_LINES),
    })
}

fn request_resource(payload: &Container) -> Result<Body, Error> {
    let request = RequestResource::from_container(payload).map_err(unexpected)?;
    let identifier = request.identifier().parse()?;
    Ok(Body::RequestResource { identifier, names: request.resources().cloned().collect() })
}

/// Reads the member `journal` of a root object with at least so many entries.
pub(crate) fn lines(root: &Object<'_>, least: usize) -> Result<Lines, Error> {
    let malformed = || Error::from(Code::ExchangeUnexpected);
    let journal = root.get("journal").and_then(Value::as_object).ok_or_else(malformed)?;
    let since = journal.get("since").and_then(Value::as_str).ok_or_else(malformed)?;
    let entries = journal.get("entries").and_then(Value::as_array).ok_or_else(malformed)?;
    if entries.len() < least || entries.len() > MAX_LINES {
        return Err(malformed());
    }
    // N23: an entry without a line's form is the journal's fault, not the exchange's.
    let line = |entry: &Value<'_>| entry.as_str().ok_or_else(malformed)?.parse::<Line>();
    Ok(Lines {
        since: since.parse().map_err(|_| malformed())?,
        entries: entries.iter().map(line).collect::<Result<_, Error>>()?,
    })
}

fn response(payload: &Container) -> Result<Response, Error> {
    payload.check_core().map_err(unexpected)?;
    let malformed = || Error::from(Code::ExchangeUnexpected);
    let response =
        payload.root().get("response").and_then(Value::as_object).ok_or_else(malformed)?;
    let text = |name: &str| response.get(name).and_then(Value::as_str).ok_or_else(malformed);
    let identifier = text("identifier")?.parse()?;
    let status: Status = text("status")?.parse().map_err(unexpected)?;
    let more = match response.get("more").and_then(Value::as_array) {
        // Bounded before anything of it is copied.
        Some(more) if more.len() >= MAX_NAMES => return Err(malformed()),
        Some(more) => more,
        None => &[],
    };
    let answered = match status {
        Status::BadRequest => Answered::BadRequest,
        Status::Ok | Status::NotFound => {
            let first = (status == Status::Ok).then_some(response);
            let more = more.iter().map(Value::as_object);
            Answered::Resources(std::iter::once(first).chain(more).map(given).collect())
        }
    };
    let answered = match unsigned_lines(&answered, response)? {
        Some(lines) => Answered::Lines(lines),
        None => answered,
    };
    Ok(Response { identifier, answered })
}

fn given(entry: Option<&Object<'_>>) -> Option<Given> {
    let text = |name: &str| Some(Arc::from(entry?.get(name)?.as_object()?.to_text()));
    Some(Given { data: text("data")?, revoked: text("revoked") })
}

/// The lines of an answer whose data is an unsigned broadcast (N27).
fn unsigned_lines(answered: &Answered, response: &Object<'_>) -> Result<Option<Lines>, Error> {
    let Answered::Resources(found) = answered else { return Ok(None) };
    let [Some(only)] = found.as_slice() else { return Ok(None) };
    let data = response.get("data").and_then(Value::as_object);
    let Some(data) = data.filter(|data| data.contains("journal") && !data.contains("signature"))
    else {
        return Ok(None);
    };
    let container = parse(&only.data)?;
    if !container.lists(CoreSchema::Broadcast) || !container.version().is_0_12() {
        return Err(Code::ExchangeUnexpected.into());
    }
    lines(data, 0).map(Some)
}

pub(crate) fn parse(text: &str) -> Result<Container, Error> {
    Container::parse(text).map_err(unexpected)
}
