//! Writing bodies (N26). Texts of resources are put in as they are, never written again (R5).

use std::fmt::Write;

use sdmp_container::{CoreSchema, RequestJournal, RequestResource, strict::Value};

use crate::exchange::{Answered, Body, Given, Lines, Response};
use crate::{Code, Error};

/// The kind of a body (N25), and the text of its member in the payload.
pub(crate) fn member(body: &Body) -> Result<(CoreSchema, String), Error> {
    Ok(match body {
        Body::Broadcast(lines) => (CoreSchema::Broadcast, journal(lines)),
        Body::RequestJournal { identifier, since, limit } => {
            let limit = u64::try_from(*limit).ok();
            let request =
                RequestJournal::new(identifier.as_str().to_owned(), since.to_string(), limit)
                    .map_err(malformed)?;
            (CoreSchema::RequestJournal, member_of(&request.to_text(), CoreSchema::RequestJournal))
        }
        Body::RequestResource { identifier, names } => {
            let Some((first, more)) = names.split_first() else {
                return Err(Code::ExchangeUnexpected.into());
            };
            let request = RequestResource::new(
                identifier.as_str().to_owned(),
                first.author.clone(),
                first.resource.clone(),
            )
            .with_more(more.to_vec())
            .map_err(malformed)?;
            let text = request.to_text();
            (CoreSchema::RequestResource, member_of(&text, CoreSchema::RequestResource))
        }
        Body::Response(response) => (CoreSchema::Response, self::response(response)),
    })
}

fn malformed(error: sdmp_container::Error) -> Error {
    Error::Container(Code::ExchangeUnexpected, error)
}

/// The root member of a container that has just been written: what follows its header.
fn member_of(text: &str, schema: CoreSchema) -> String {
    let name = format!("\"{}\":", schema.member());
    let member = text.split_once(&name).map_or("", |(_, member)| member);
    member.strip_suffix('}').unwrap_or(member).to_owned()
}

/// A JSON string of printable ASCII.
fn string(text: &str) -> String {
    Value::String(text.into()).to_text()
}

fn journal(lines: &Lines) -> String {
    let mut text = format!("{{\"since\":\"{}\",\"entries\":[", lines.since);
    for (index, line) in lines.entries.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Writing to a string cannot fail; a line is ASCII without characters to escape (N21).
        let _ = write!(text, "{comma}\"{line}\"");
    }
    text.push_str("]}");
    text
}

fn response(response: &Response) -> String {
    let identifier = string(response.identifier.as_str());
    let head = |status: &str| format!("{{\"status\":\"{status}\",\"identifier\":{identifier}");
    match &response.answered {
        Answered::BadRequest => head("bad_request") + "}",
        Answered::Lines(lines) => {
            let header = "{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"broadcast\"]}";
            format!("{},\"data\":{header},\"journal\":{}}}}}", head("ok"), journal(lines))
        }
        Answered::Resources(found) => {
            let (first, more) = match found.split_first() {
                Some((first, more)) => (first.as_ref(), more),
                None => (None, [].as_slice()),
            };
            let first = match first {
                Some(given) => format!("{},{}", head("ok"), members(given)),
                None => head("not_found"),
            };
            if more.is_empty() {
                return first + "}";
            }
            let item = |given: &Option<Given>| match given {
                Some(given) => format!("{{{}}}", members(given)),
                None => "null".to_owned(),
            };
            let more: Vec<String> = more.iter().map(item).collect();
            format!("{first},\"more\":[{}]}}", more.join(","))
        }
    }
}

fn members(given: &Given) -> String {
    match &given.revoked {
        Some(revoked) => format!("\"data\":{},\"revoked\":{revoked}", given.data),
        None => format!("\"data\":{}", given.data),
    }
}
