//! The identities of test people, and a fixed day.

use std::sync::{Arc, OnceLock};

use sdmp_container::{Container, IdentityType, Message, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};

use crate::keys;

/// 2026-01-01T00:00:00.000Z, long before the test identities end.
#[must_use]
pub fn wall() -> Timestamp {
    "2026-01-01T00:00:00.000Z".parse().unwrap()
}

/// 2099-01-01T00:00:00.000Z: the end of the test identities.
#[must_use]
pub fn expiry() -> Timestamp {
    "2099-01-01T00:00:00.000Z".parse().unwrap()
}

/// An identity that can sign, made of one of the [`keys`].
#[must_use]
pub fn local(key: &Arc<PrivateKey>, kind: IdentityType, expires: Timestamp) -> LocalIdentity {
    let identity = Identity::create(key.public(), kind, expires).unwrap();
    LocalIdentity::new(identity, key.clone()).unwrap()
}

macro_rules! nodes {
    ($($name:ident),+) => {
        $(
            /// A node until [`expiry`], made once.
            #[must_use]
            pub fn $name() -> LocalIdentity {
                static CELL: OnceLock<LocalIdentity> = OnceLock::new();
                let node = || local(&keys::$name(), IdentityType::Node, expiry());
                CELL.get_or_init(node).clone()
            }
        )+
    };
}
nodes!(alice, bob, carol, dave, erin, mallory);

/// The node whose key has this PEM text, until [`expiry`].
#[must_use]
pub fn node(pem: &str) -> LocalIdentity {
    let key = Arc::new(PrivateKey::from_pem(pem, None).unwrap());
    local(&key, IdentityType::Node, expiry())
}

/// A `message` container.
#[must_use]
pub fn message(text: &str) -> Container {
    Message::new(text).into()
}

/// The text of a `message` container.
#[must_use]
pub fn text(container: &Container) -> String {
    Message::from_container(container).unwrap().as_str().to_owned()
}

/// The value of one string member, wherever it stands in a JSON text.
#[must_use]
pub fn member<'a>(object: &'a str, name: &str) -> &'a str {
    let (_, value) = object.split_once(&format!("\"{name}\":\"")).unwrap();
    value.split_once('"').unwrap().0
}
