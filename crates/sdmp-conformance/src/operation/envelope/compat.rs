//! Operations on the older forms (R45), and on private keys in containers.

use super::{container, failure};
use crate::error::Error;
use crate::input::Input;
use crate::keys;
use crate::operation::{Operation, Outcome, output};
use sdmp_container::Fingerprint;
use sdmp_envelope::compat::{self, Hashed, Identity, Unwrap};
use sdmp_envelope::encrypted::Opened;
use sdmp_envelope::private_key;
use serde_json::{Value, json};

/// The operation of this name, if it belongs here.
pub(super) fn find(name: &str) -> Option<Operation> {
    Some(match name {
        "compat.identity" => identity,
        "compat.verify" => verify,
        "compat.open" => open,
        "private_key.open" => open_private_key,
        _ => return None,
    })
}

fn identity(input: Input<'_>) -> Result<Outcome, Error> {
    let now = keys::now(input)?;
    let parsed = Identity::parse(&input.octets("octets")?);
    let usable = parsed.and_then(|identity| identity.check_usable(now).map(|()| identity));
    Ok(usable.map_err(|error| failure(&error)).and_then(|identity| {
        output([
            ("fingerprint", json!(identity.fingerprint().to_string())),
            ("type", json!(identity.kind().to_string())),
            ("bits", json!(identity.public_key().bits())),
            ("published", json!(identity.is_known_compromised())),
        ])
    }))
}

fn verify(input: Input<'_>) -> Result<Outcome, Error> {
    let read = |notation: &Value| {
        let text = notation.as_str().ok_or_else(|| Error::vector("an identity is no text"))?;
        Identity::parse(text.as_bytes()).map_err(|error| Error::vector(error.to_string()))
    };
    let known = input.list("identities").map(read).collect::<Result<Vec<Identity>, Error>>()?;
    let find = |kid: &Fingerprint| known.iter().find(|one| one.fingerprint() == kid).cloned();
    let now = keys::now(input)?;
    Ok(container(input)?.and_then(|container| {
        let verified = compat::verify(&container, &find, now).map_err(|error| failure(&error))?;
        let signers = || verified.signers.iter();
        let names: Vec<String> =
            signers().map(|signer| signer.identity.fingerprint().to_string()).collect();
        let covered: Vec<bool> = signers().map(|signer| signer.covers_header).collect();
        output([
            ("signers", json!(names)),
            ("covers_header", json!(covered)),
            (
                "hashed",
                json!(if verified.hashed == Hashed::Payload { "payload" } else { "raw_json" }),
            ),
            ("text", json!(verified.container.text())),
        ])
    }))
}

fn open(input: Input<'_>) -> Result<Outcome, Error> {
    let key = keys::private(input.text("key")?)?;
    Ok(container(input)?.and_then(|container| {
        let opened =
            compat::open(&container, &key, Unwrap::Oaep).map_err(|error| failure(&error))?;
        let authenticated = matches!(opened, Opened::Authenticated(_));
        output([
            ("text", json!(opened.container().text())),
            ("authenticated", json!(authenticated)),
        ])
    }))
}

fn open_private_key(input: Input<'_>) -> Result<Outcome, Error> {
    let passphrase = input.optional_text("passphrase").map(str::as_bytes);
    Ok(container(input)?.and_then(|container| {
        let loaded = private_key::open(&container, passphrase).map_err(|error| failure(&error))?;
        let fingerprint = Fingerprint::from_octets(loaded.key.public().fingerprint());
        output([
            ("fingerprint", json!(fingerprint.to_string())),
            ("bits", json!(loaded.key.public().bits())),
            ("expires", json!(loaded.expires.to_string())),
        ])
    }))
}
