//! Runs the stored vectors of the area `container` against this crate.
//!
//! The conformance crate, where the vectors live, depends on this one; so this test has a small
//! runner of its own. `vectors/README.md` there says what the operations mean.

use std::collections::BTreeSet;

use sdmp_container::closed::{EncryptedObject, HandshakeSignature, Rejection, SessionCreation};
use sdmp_container::{
    Container, Error, ErrorKind, Fingerprint, Limits, ResourceUri, Timestamp, Version, b64url,
    kind, strict,
};
use sdmp_testkit::{hex, vectors};
use serde_json::{Map, Value, json};

fn limits(input: &Value) -> Limits {
    let own = &input["limits"];
    let member = |name: &str, default| own[name].as_u64().map_or(default, |value| value as usize);
    Limits {
        octets: member("octets", Limits::DEFAULT.octets),
        depth: member("depth", Limits::DEFAULT.depth),
        members: member("members", Limits::DEFAULT.members),
    }
}

/// Does what an operation says; gives the members that may be compared.
fn perform(operation: &str, input: &Value) -> Result<Value, Error> {
    let text = |name: &str| input[name].as_str().unwrap();
    let octets = || vectors::octets(&input["octets"]);
    Ok(match operation {
        "json.parse" => strict::parse(&octets(), &limits(input)).map(|_| json!({}))?,
        "container.parse" => {
            let container = Container::parse(octets())?;
            let schemas: Vec<_> = container.schemas().iter().map(|name| name.as_str()).collect();
            json!({"version": container.version().to_string(), "schemas": schemas})
        }
        "container.core" => Container::parse(octets())?.check_core().map(|()| json!({}))?,
        "base64url.decode" => json!({"hex": hex::encode(&b64url::decode(text("text"))?)}),
        "base64url.encode" => json!({"text": b64url::encode(&hex::decode(text("hex")))}),
        "timestamp.parse" => {
            let timestamp = Timestamp::parse(text("text"))?;
            json!({"millis": timestamp.unix_millis(), "text": timestamp.to_string()})
        }
        "timestamp.expired" => {
            let (timestamp, now) =
                (Timestamp::parse(text("timestamp"))?, Timestamp::parse(text("now"))?);
            json!({"expired": timestamp.is_expired(now)})
        }
        "version.parse" => json!({"text": text("text").parse::<Version>()?.to_string()}),
        "uri.parse" => json!({"text": text("text").parse::<ResourceUri>()?.to_string()}),
        "fingerprint.parse" => json!({"text": text("text").parse::<Fingerprint>()?.to_string()}),
        "closed.session_creation" => {
            let object = SessionCreation::parse(&octets())?;
            json!({"g": object.g, "p": hex::encode(&object.p), "n": hex::encode(&object.n)})
        }
        "closed.encrypted" => {
            let octets = octets();
            let object = EncryptedObject::parse(&octets, &Limits::CLOSED_HANDSHAKE)?;
            json!({"iv": hex::encode(&object.iv)})
        }
        "closed.signature" => HandshakeSignature::parse(&octets()).map(|_| json!({}))?,
        "closed.rejection" => json!({"status": Rejection::parse(&octets())?.name()}),
        other => match other.strip_prefix("emit.") {
            Some(schema) => json!({"text": emit(schema, &octets())?}),
            None => panic!("no operation {other}"),
        },
    })
}

fn emit(schema: &str, octets: &[u8]) -> Result<String, Error> {
    kind::rewrite(&Container::parse(octets)?, schema.parse().unwrap())
}

/// What is wrong with a case's outcome, if anything.
fn judge(case: &Value) -> Option<String> {
    let outcome = perform(case["operation"].as_str().unwrap(), &case["input"]);
    let expected = &case["expected"];
    let (found, wanted) = match (outcome, expected["error"].as_str()) {
        (Ok(output), None) => {
            assert_eq!(expected["valid"], json!(true));
            (output, &expected["output"])
        }
        (Err(error), Some(code)) if error.code() == code => {
            (json!({"pointer": error.pointer()}), &expected["details"])
        }
        (Ok(_), Some(code)) => return Some(format!("accepted instead of {code}")),
        (Err(error), wanted) => return Some(format!("{} instead of {wanted:?}", error.code())),
    };
    let differs = |(name, value): (&String, &Value)| {
        (found[name] != *value).then(|| format!("{name}: {} instead of {value}", found[name]))
    };
    wanted.as_object().unwrap_or(&Map::new()).iter().find_map(differs)
}

#[test]
fn every_vector_has_its_outcome() {
    let cases = vectors::cases("container");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| judge(case).map(|what| format!("{}: {what}", case["id"])))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_fault_of_a_text_has_a_vector() {
    let cases = vectors::cases("container");
    assert!(cases.len() >= 150, "{}", cases.len());
    let seen: BTreeSet<&str> =
        cases.iter().filter_map(|case| case["expected"]["error"].as_str()).collect();
    let missing: Vec<&str> =
        ErrorKind::ALL.iter().map(|kind| kind.code()).filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no vector for {missing:?}");
}
