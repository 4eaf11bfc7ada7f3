//! Operations on JSON text, containers and their core objects.

use super::{Failure, Operation, Outcome, output};
use crate::error::Error;
use crate::input::{Input, from_hex, to_hex};
use sdmp_container::closed::{EncryptedObject, HandshakeSignature, Rejection, SessionCreation};
use sdmp_container::{
    Container, Fingerprint, Limits, ResourceUri, Timestamp, Version, b64url, kind, strict,
};
use serde_json::{Value, json};
use std::str::FromStr;

/// The operation of this name, if it belongs here.
pub(super) fn find(name: &str) -> Option<Operation> {
    Some(match name {
        "json.parse" => json_parse,
        "container.parse" => container_parse,
        "container.core" => container_core,
        "base64url.decode" => base64url_decode,
        "base64url.encode" => base64url_encode,
        "timestamp.parse" => timestamp_parse,
        "timestamp.expired" => timestamp_expired,
        "version.parse" => parse_and_display::<Version>,
        "uri.parse" => parse_and_display::<ResourceUri>,
        "fingerprint.parse" => parse_and_display::<Fingerprint>,
        "closed.session_creation" => closed_session_creation,
        "closed.encrypted" => closed_encrypted,
        "closed.signature" => closed_signature,
        "closed.rejection" => closed_rejection,
        _ => return None,
    })
}

fn failure(error: &sdmp_container::Error) -> Failure {
    let mut failure = Failure::new(error.code(), error);
    if let Some(pointer) = error.pointer() {
        failure.details.insert("pointer".to_owned(), json!(pointer));
    }
    failure
}

/// The limits of a case: the defaults, but for the members that it sets.
fn limits(input: Input<'_>) -> Result<Limits, Error> {
    let mut limits = Limits::DEFAULT;
    let Some(own) = input.object("limits") else { return Ok(limits) };
    for (name, limit) in [
        ("octets", &mut limits.octets),
        ("depth", &mut limits.depth),
        ("members", &mut limits.members),
    ] {
        if let Some(number) = own.optional_number(name)? {
            *limit = usize::try_from(number).map_err(|_| Error::vector("a limit is too large"))?;
        }
    }
    Ok(limits)
}

fn json_parse(input: Input<'_>) -> Result<Outcome, Error> {
    let octets = input.octets("octets")?;
    let parsed = strict::parse(&octets, &limits(input)?);
    Ok(parsed.map_err(|error| failure(&error)).and_then(|_| output([])))
}

fn parse(input: Input<'_>) -> Result<Result<Container, Failure>, Error> {
    Ok(Container::parse_within(input.octets("octets")?, &limits(input)?)
        .map_err(|error| failure(&error)))
}

fn container_parse(input: Input<'_>) -> Result<Outcome, Error> {
    Ok(parse(input)?.and_then(|container| {
        let schemas: Vec<String> = container.schemas().iter().map(ToString::to_string).collect();
        output([("version", json!(container.version().to_string())), ("schemas", json!(schemas))])
    }))
}

fn container_core(input: Input<'_>) -> Result<Outcome, Error> {
    Ok(parse(input)?
        .and_then(|container| container.check_core().map_err(|error| failure(&error)))
        .and_then(|()| output([])))
}

fn base64url_decode(input: Input<'_>) -> Result<Outcome, Error> {
    let decoded = b64url::decode(input.text("text")?);
    Ok(decoded
        .map_err(|error| failure(&error))
        .and_then(|octets| output([("hex", json!(to_hex(&octets)))])))
}

fn base64url_encode(input: Input<'_>) -> Result<Outcome, Error> {
    let octets =
        from_hex(input.text("hex")?).ok_or_else(|| Error::vector("hex is not hexadecimal"))?;
    Ok(output([("text", json!(b64url::encode(&octets)))]))
}

fn timestamp_parse(input: Input<'_>) -> Result<Outcome, Error> {
    let parsed = Timestamp::parse(input.text("text")?).map_err(|error| failure(&error));
    Ok(parsed.and_then(|timestamp| {
        output([("millis", json!(timestamp.unix_millis())), ("text", json!(timestamp.to_string()))])
    }))
}

fn timestamp_expired(input: Input<'_>) -> Result<Outcome, Error> {
    let [timestamp, now] = ["timestamp", "now"].map(|name| input.text(name).map(Timestamp::parse));
    Ok(match (timestamp?, now?) {
        (Ok(timestamp), Ok(now)) => output([("expired", json!(timestamp.is_expired(now)))]),
        (Err(error), _) | (_, Err(error)) => Err(failure(&error)),
    })
}

fn parse_and_display<T>(input: Input<'_>) -> Result<Outcome, Error>
where
    T: FromStr<Err = sdmp_container::Error> + ToString,
{
    let parsed = input.text("text")?.parse::<T>().map_err(|error| failure(&error));
    Ok(parsed.and_then(|value| output([("text", json!(value.to_string()))])))
}

fn closed_session_creation(input: Input<'_>) -> Result<Outcome, Error> {
    let parsed = SessionCreation::parse(&input.octets("octets")?).map_err(|error| failure(&error));
    Ok(parsed.and_then(|object| {
        output([
            ("g", json!(object.g)),
            ("p", json!(to_hex(&object.p))),
            ("n", json!(to_hex(&object.n))),
        ])
    }))
}

fn closed_encrypted(input: Input<'_>) -> Result<Outcome, Error> {
    let octets = input.octets("octets")?;
    let parsed =
        EncryptedObject::parse(&octets, &Limits::CLOSED_HANDSHAKE).map_err(|error| failure(&error));
    Ok(parsed.and_then(|object| output([("iv", json!(to_hex(&object.iv)))])))
}

fn closed_signature(input: Input<'_>) -> Result<Outcome, Error> {
    let parsed =
        HandshakeSignature::parse(&input.octets("octets")?).map_err(|error| failure(&error));
    Ok(parsed.and_then(|_| output([])))
}

fn closed_rejection(input: Input<'_>) -> Result<Outcome, Error> {
    let parsed = Rejection::parse(&input.octets("octets")?).map_err(|error| failure(&error));
    Ok(parsed.and_then(|status| output([("status", json!(status.to_string()))])))
}

/// Parses a container into the typed object of `schema` and writes it again; `None` for no schema.
pub(super) fn rewrite(schema: &str, input: Input<'_>) -> Result<Option<Outcome>, Error> {
    let Ok(schema) = schema.parse() else { return Ok(None) };
    Ok(Some(parse(input)?.and_then(|container| {
        let text = kind::rewrite(&container, schema).map_err(|error| failure(&error))?;
        output([("text", Value::String(text))])
    })))
}
