//! What the examples share: keys and identities from the files that `sdmp key` writes.
#![allow(dead_code, reason = "each example uses a part of it")]

use std::fs;
use std::path::Path;

use sdmp_container::{Container, IdentityType, Message};
use sdmp_envelope::{Identity, LocalIdentity, private_key};
use sdmp_handshake::Config;

pub(crate) type Anything<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A node's own key: a `private_key` container without a passphrase.
pub(crate) fn own(file: impl AsRef<Path>) -> Anything<LocalIdentity> {
    let container = Container::parse(fs::read(file)?)?;
    Ok(private_key::open(&container, None)?.into_local(IdentityType::Node)?)
}

/// A node that trusts these peers, each an identity container.
pub(crate) fn node(
    own_key: impl AsRef<Path>,
    peers: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Anything<Config> {
    let mut config = Config::new(own(own_key)?);
    for peer in peers {
        config = config.trust([Identity::parse(&fs::read(peer)?)?]);
    }
    Ok(config)
}

/// A `message` container.
pub(crate) fn message(text: &str) -> Anything<Container> {
    Ok(Message::new(text).into())
}
