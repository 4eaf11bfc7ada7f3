//! Exchange objects, and answers held against their requests (N25 to N28).

use super::super::{Failure, Outcome, output};
use super::value;
use crate::error::Error;
use crate::input::Input;
use crate::keys;
use sdmp_container::ResourceName;
use sdmp_journal::exchange::check::{self, Found};
use sdmp_journal::exchange::{Answered, Body, open};
use sdmp_journal::{LineId, Rsa};
use serde_json::json;

/// `octets`, `peer` -> the Rust value of the object's body, or why the session ends.
fn opened(input: Input<'_>) -> Result<Result<Body, Failure>, Error> {
    let (peer, _) = keys::identity(input.member("peer")?)?;
    Ok(match open(input.octets("octets")?, &peer, &Rsa) {
        Err(error) => Err(Failure::new(error.code(), error)),
        Ok(object) => object.body.map_err(|identifier| {
            let mut failure = Failure::new("bad_request", "only the identifier could be read");
            failure.details.insert("identifier".to_owned(), json!(identifier.as_str()));
            failure
        }),
    })
}

/// `octets`, `peer` -> `body`, and what it holds: `identifier`, `since`, `limit`, `entries`,
/// `names`, `found`.
pub(super) fn read(input: Input<'_>) -> Result<Outcome, Error> {
    Ok(match opened(input)? {
        Err(failure) => Err(failure),
        Ok(Body::Broadcast(lines)) => output([
            ("body", json!("broadcast")),
            ("since", json!(lines.since.to_string())),
            ("entries", json!(lines.entries.len())),
        ]),
        Ok(Body::RequestJournal { identifier, since, limit }) => output([
            ("body", json!("request_journal")),
            ("identifier", json!(identifier.as_str())),
            ("since", json!(since.to_string())),
            ("limit", json!(limit)),
        ]),
        Ok(Body::RequestResource { identifier, names }) => output([
            ("body", json!("request_resource")),
            ("identifier", json!(identifier.as_str())),
            ("names", json!(names.len())),
        ]),
        Ok(Body::Response(response)) => output([
            ("body", json!("response")),
            ("identifier", json!(response.identifier.as_str())),
            ("found", found(&response.answered)),
        ]),
    })
}

/// How an answer looks before it is held against the request.
fn found(answered: &Answered) -> serde_json::Value {
    match answered {
        Answered::BadRequest => json!("bad_request"),
        Answered::Lines(lines) => json!(lines.entries.len()),
        Answered::Resources(found) => {
            json!(found.iter().map(Option::is_some).collect::<Vec<_>>())
        }
    }
}

/// `octets`, `peer`, and `since` or `asked` -> `lines`, or `found`: a word for each name.
pub(super) fn answer(input: Input<'_>) -> Result<Outcome, Error> {
    let answered = match opened(input)? {
        Ok(Body::Response(response)) => response.answered,
        Ok(_) => return Err(Error::vector("the object is no response".to_owned())),
        Err(failure) => return Ok(Err(failure)),
    };
    let wrong = |error: sdmp_journal::Error| Err(Failure::new(error.code(), error));
    if input.0.contains_key("since") {
        let since: LineId = value(input, "since")?;
        return Ok(match check::lines(&since, &answered) {
            Ok(lines) => output([("lines", json!(lines.map(|lines| lines.entries.len())))]),
            Err(error) => wrong(error),
        });
    }
    let each = input.list("asked").filter_map(serde_json::Value::as_object).map(Input);
    let asked: Result<Vec<ResourceName>, Error> = each
        .map(|name| {
            Ok(ResourceName { author: value(name, "author")?, resource: value(name, "resource")? })
        })
        .collect();
    Ok(match check::resources(&asked?, &answered) {
        Ok(found) => output([("found", json!(found.iter().map(word).collect::<Vec<_>>()))]),
        Err(error) => wrong(error),
    })
}

fn word(found: &Found) -> &'static str {
    match found {
        Found::Nothing => "nothing",
        Found::Resource(Ok(_)) => "resource",
        Found::Resource(Err(error)) => error.code(),
        Found::Revoked { resource: None, .. } => "revoked",
        Found::Revoked { resource: Some(_), .. } => "revoked_and_resource",
    }
}
