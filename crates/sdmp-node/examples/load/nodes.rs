//! Who speaks: an honest node and the server, with published keys.

use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_handshake::{Config, Connection, Policy};
use sdmp_testkit::nodes::{alice, bob};
use sdmp_transport::clock::Clock;

use crate::Anything;

pub(crate) use sdmp_testkit::nodes::message;

/// The server's configuration: every default, and one trusted peer.
pub(crate) fn server() -> Config {
    Config::new(bob()).trust([alice().identity().clone()])
}

/// The honest node's, offering this group.
pub(crate) fn client(group: NamedGroup) -> Config {
    let groups = Groups::default();
    let policy =
        Policy { offer: groups.named(group), groups, max_group_bits: 8192, ..Policy::default() };
    Config::new(alice()).trust([bob().identity().clone()]).with_policy(policy)
}

/// A valid M1 in this group.
pub(crate) fn first_message(group: NamedGroup) -> Anything<Vec<u8>> {
    let random = Box::new(SystemRandom::new());
    let mut connection = Connection::initiate(client(group), Clock::start().now()?, random)?;
    Ok(connection.poll_output().ok_or("no M1")?.into_bytes())
}
