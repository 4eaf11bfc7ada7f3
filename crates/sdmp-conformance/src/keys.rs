//! The private keys that vectors use by name. They are public: never use them for anything else.

use crate::error::Error;
use crate::input::Input;
use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::rsa::{PrivateKey, PublicKey};
use sdmp_envelope::{Identity, LocalIdentity};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// When the identities of vectors expire unless a case says otherwise.
const EXPIRES: &str = "2099-01-01T00:00:00.000Z";

/// The present time of a case that does not name one.
const NOW: &str = "2030-01-01T00:00:00.000Z";

/// The PEM texts by name; dave's has 2056 bits, like the keys of the published examples (R13).
const TEXTS: [(&str, &str); 6] = [
    ("alice", include_str!("../vectors/keys/alice.pem")),
    ("bob", include_str!("../vectors/keys/bob.pem")),
    ("carol", include_str!("../vectors/keys/carol.pem")),
    ("dave", include_str!("../vectors/keys/dave.pem")),
    ("erin", include_str!("../vectors/keys/erin.pem")),
    ("mallory", include_str!("../vectors/keys/mallory.pem")),
];

/// The private key of this name.
pub(crate) fn private(name: &str) -> Result<Arc<PrivateKey>, Error> {
    static LOADED: OnceLock<BTreeMap<&str, Arc<PrivateKey>>> = OnceLock::new();
    let load = |text| PrivateKey::from_pem(text, None).ok().map(Arc::new);
    let loaded = LOADED.get_or_init(|| {
        TEXTS.into_iter().filter_map(|(name, text)| Some((name, load(text)?))).collect()
    });
    loaded
        .get(name)
        .cloned()
        .ok_or_else(|| Error::vector(format!("there is no loadable key {name}")))
}

/// The public half of the key of this name.
pub(crate) fn public(name: &str) -> Result<PublicKey, Error> {
    Ok(private(name)?.public().clone())
}

/// A moment in a vector.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, Error> {
    Timestamp::parse(text).map_err(|error| Error::vector(error.to_string()))
}

/// The present time of a case.
pub(crate) fn now(input: Input<'_>) -> Result<Timestamp, Error> {
    timestamp(input.optional_text("now").unwrap_or(NOW))
}

/// The identity of a key: a name, or an object with `key` and perhaps `type` and `expires`.
pub(crate) fn identity(notation: &serde_json::Value) -> Result<(Identity, Arc<PrivateKey>), Error> {
    let empty = serde_json::Map::new();
    let members = Input(notation.as_object().unwrap_or(&empty));
    let key = private(match notation.as_str() {
        Some(name) => name,
        None => members.text("key")?,
    })?;
    let kind = match members.optional_text("type") {
        Some("user") => IdentityType::User,
        _ => IdentityType::Node,
    };
    let expires = timestamp(members.optional_text("expires").unwrap_or(EXPIRES))?;
    let identity = Identity::create(key.public(), kind, expires)
        .map_err(|error| Error::vector(error.to_string()))?;
    Ok((identity, key))
}

/// An identity that can sign.
pub(crate) fn local(notation: &serde_json::Value) -> Result<LocalIdentity, Error> {
    let (identity, key) = identity(notation)?;
    LocalIdentity::new(identity, key).map_err(|error| Error::vector(error.to_string()))
}
