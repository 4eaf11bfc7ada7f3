//! Operations on identities, signature containers, encrypted containers and network objects.

mod compat;

use super::{Failure, Operation, Outcome, output};
use crate::error::Error;
use crate::input::{Input, to_hex};
use crate::keys;
use sdmp_container::{Container, Fingerprint, Limits};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::network::{self, Sealed};
use sdmp_envelope::{ContentKey, Identity, LocalIdentity, encrypted, signature};
use serde_json::{Value, json};

/// The operation of this name, if it belongs here.
pub(super) fn find(name: &str) -> Option<Operation> {
    Some(match name {
        "identity.parse" => identity_parse,
        "identity.create" => identity_create,
        "signature.sign" => sign,
        "signature.verify" => verify,
        "encrypted.open" => open,
        "traffic.seal" => traffic_seal,
        "traffic.open" => traffic_open,
        _ => return compat::find(name),
    })
}

fn failure(error: &sdmp_envelope::Error) -> Failure {
    Failure::new(error.code(), error)
}

fn text_of(octets: &[u8]) -> Value {
    json!(String::from_utf8_lossy(octets))
}

fn container(input: Input<'_>) -> Result<Result<Container, Failure>, Error> {
    let parsed = Container::parse(input.octets("octets")?);
    Ok(parsed.map_err(|error| Failure::new(error.code(), error)))
}

fn identity_parse(input: Input<'_>) -> Result<Outcome, Error> {
    let now = keys::now(input)?;
    let parsed = Identity::parse(&input.octets("octets")?);
    let usable = parsed.and_then(|identity| identity.check_usable(now).map(|()| identity));
    Ok(usable.map_err(|error| failure(&error)).and_then(|identity| {
        output([
            ("fingerprint", json!(identity.fingerprint().to_string())),
            ("type", json!(identity.kind().to_string())),
            ("bits", json!(identity.public_key().bits())),
        ])
    }))
}

fn identity_create(input: Input<'_>) -> Result<Outcome, Error> {
    let (identity, _) = keys::identity(input.member("identity")?)?;
    Ok(output([("text", json!(identity.text()))]))
}

fn sign(input: Input<'_>) -> Result<Outcome, Error> {
    let signers =
        input.list("signers").map(keys::local).collect::<Result<Vec<LocalIdentity>, _>>()?;
    let signers: Vec<&LocalIdentity> = signers.iter().collect();
    let now = keys::now(input)?;
    Ok(container(input)?.and_then(|container| {
        let signed = signature::sign(&container, &signers, now).map_err(|error| failure(&error))?;
        output([("text", json!(signed.text()))])
    }))
}

fn verify(input: Input<'_>) -> Result<Outcome, Error> {
    let known = input
        .list("identities")
        .map(|notation| Ok(keys::identity(notation)?.0))
        .collect::<Result<Vec<Identity>, Error>>()?;
    let find = |fingerprint: &Fingerprint| {
        known.iter().find(|identity| identity.fingerprint() == fingerprint).cloned()
    };
    let now = keys::now(input)?;
    Ok(container(input)?.and_then(|container| {
        let verified =
            signature::verify(&container, &find, now).map_err(|error| failure(&error))?;
        let signers: Vec<String> =
            verified.signers.iter().map(|signer| signer.fingerprint().to_string()).collect();
        output([
            ("signers", json!(signers)),
            ("text", json!(verified.container.text())),
            ("by_user", json!(verified.published.map(|published| published.by_user))),
        ])
    }))
}

fn open(input: Input<'_>) -> Result<Outcome, Error> {
    let key = keys::private(input.text("key")?)?;
    Ok(container(input)?.and_then(|container| {
        let opened = encrypted::open(&container, &key).map_err(|error| failure(&error))?;
        let authenticated = matches!(opened, encrypted::Opened::Authenticated(_));
        output([
            ("text", json!(opened.container().text())),
            ("authenticated", json!(authenticated)),
        ])
    }))
}

/// The content key of a case: 64 octets for the hardened profile, 32 for the published one.
fn content_key(input: Input<'_>) -> Result<ContentKey, Error> {
    let octets = input.octets("key")?;
    if let Ok(octets) = <[u8; 64]>::try_from(octets.as_slice()) {
        return Ok(ContentKey::authenticated(Secret::new(octets)));
    }
    let octets = <[u8; 32]>::try_from(octets)
        .map_err(|_| Error::vector("key has neither 64 nor 32 octets"))?;
    Ok(ContentKey::unauthenticated(Secret::new(octets)))
}

fn sequence(input: Input<'_>) -> Result<u64, Error> {
    Ok(input.optional_number("sequence")?.unwrap_or(0))
}

fn traffic_seal(input: Input<'_>) -> Result<Outcome, Error> {
    let sealed = network::seal(
        &content_key(input)?,
        &input.array("iv")?,
        sequence(input)?,
        &input.octets("octets")?,
    );
    Ok(sealed.map_err(|error| failure(&error)).and_then(|text| output([("text", json!(text))])))
}

fn traffic_open(input: Input<'_>) -> Result<Outcome, Error> {
    let (key, sequence) = (content_key(input)?, sequence(input)?);
    let opened = Sealed::parse(&input.octets("octets")?, &Limits::CLOSED_TRAFFIC)
        .and_then(|sealed| sealed.open(&key, sequence));
    Ok(opened
        .map_err(|error| failure(&error))
        .and_then(|octets| output([("text", text_of(&octets)), ("hex", json!(to_hex(&octets)))])))
}
