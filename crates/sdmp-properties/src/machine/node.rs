//! The nodes that take part: fixed keys, fixed randomness, a fixed time.

use sdmp_container::Timestamp;
use sdmp_crypto::dh::{Group, Groups};
use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Connection, Now, Policy, Profile};
use sdmp_testkit::nodes;
pub(crate) use sdmp_testkit::nodes::expiry;
pub(crate) use sdmp_testkit::random::Seeded;
use std::sync::OnceLock;
use std::time::Duration;

/// 2030-01-01T00:00:00.000Z.
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_unix_millis(1_893_456_000_000).expect("a moment that can be written")
}

/// That moment, so many milliseconds after the start.
pub(crate) fn now(milliseconds: u64) -> Now {
    Now { elapsed: Duration::from_millis(milliseconds), wall: wall() }
}

/// Lets the time pass that a refusal waits for (R37).
pub(crate) fn release(connection: &mut Connection) {
    while connection.holds_refusal() {
        let elapsed = connection.poll_timeout().expect("a refusal leaves at some time");
        connection.handle_timeout(Now { elapsed, ..now(0) });
    }
}

/// The node of this name, with a public test key.
pub(crate) fn node(name: &str) -> LocalIdentity {
    match name {
        "alice" => nodes::alice(),
        "bob" => nodes::bob(),
        _ => nodes::mallory(),
    }
}

/// 2^256 - 36113, a safe prime: large enough for nothing but speed.
const PRIME: [u8; 32] = {
    let mut octets = [0xff; 32];
    octets[30] = 0x72;
    octets[31] = 0xef;
    octets
};

/// The ten named groups and a small one, and the small one.
fn groups() -> (Groups, Group) {
    static GROUPS: OnceLock<(Groups, Group)> = OnceLock::new();
    let known = GROUPS.get_or_init(|| {
        let mut groups = Groups::default();
        let small = groups.insert_small(&PRIME, 4, 256).expect("an odd number of 256 bits");
        (groups, small)
    });
    known.clone()
}

/// The configuration of a node that trusts others.
pub(crate) fn config(own: &str, peers: &[&str], profile: Profile) -> Config {
    let (groups, offer) = groups();
    let policy = Policy { profile, offer, groups, ..Policy::default() };
    let peers = peers.iter().map(|name| node(name).identity().clone());
    Config::new(node(own)).with_policy(policy).trust(peers)
}
