//! Who speaks: an honest node and the server, with keys that everybody has.

use std::sync::Arc;

use sdmp_container::{Container, IdentityType, Limits, Message};
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Connection, Policy};
use sdmp_transport::clock::Clock;

use crate::Anything;

const ALICE: &str = include_str!("../../../sdmp-conformance/vectors/keys/alice.pem");
const BOB: &str = include_str!("../../../sdmp-conformance/vectors/keys/bob.pem");

fn node(pem: &str) -> Anything<LocalIdentity> {
    let key = PrivateKey::from_pem(pem, None)?;
    let expires = "2099-01-01T00:00:00.000Z".parse()?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}

/// The server's configuration: every default, and one trusted peer.
pub(crate) fn server() -> Anything<Config> {
    Ok(Config::new(node(BOB)?).trust([node(ALICE)?.identity().clone()]))
}

/// The honest node's, offering this group.
pub(crate) fn client(group: NamedGroup) -> Anything<Config> {
    let groups = Groups::default();
    let policy =
        Policy { offer: groups.named(group), groups, max_group_bits: 8192, ..Policy::default() };
    Ok(Config::new(node(ALICE)?).policy(policy).trust([node(BOB)?.identity().clone()]))
}

/// A valid M1 in this group.
pub(crate) fn first_message(group: NamedGroup) -> Anything<Vec<u8>> {
    let random = Box::new(SystemRandom::new());
    let mut connection = Connection::initiate(client(group)?, Clock::start().now()?, random)?;
    Ok(connection.poll_output().ok_or("no M1")?.into_bytes())
}

pub(crate) fn message(text: &str) -> Anything<Container> {
    Ok(Container::parse(Message::new(text)?.to_text(), &Limits::DEFAULT)?)
}
