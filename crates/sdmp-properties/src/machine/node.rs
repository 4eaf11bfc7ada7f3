//! The nodes that take part: fixed keys, fixed randomness, a fixed time.

use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::dh::{Group, Groups};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Now, Policy, Profile};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// 2030-01-01T00:00:00.000Z.
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_unix_millis(1_893_456_000_000).expect("a moment that can be written")
}

/// That moment, so many milliseconds after the start.
pub(crate) fn now(milliseconds: u64) -> Now {
    Now { elapsed: Duration::from_millis(milliseconds), wall: wall() }
}

/// When all identities here end: before what [`Timestamp::MAX`] can say.
pub(crate) fn expiry() -> Timestamp {
    Timestamp::from_unix_millis(4_070_908_800_000).expect("a moment that can be written")
}

/// The public keys of the conformance vectors. Never use them for anything else.
const KEYS: [(&str, &str); 3] = [
    ("alice", include_str!("../../../sdmp-conformance/vectors/keys/alice.pem")),
    ("bob", include_str!("../../../sdmp-conformance/vectors/keys/bob.pem")),
    ("mallory", include_str!("../../../sdmp-conformance/vectors/keys/mallory.pem")),
];

/// The node of this name.
pub(crate) fn node(name: &str) -> LocalIdentity {
    static NODES: OnceLock<Vec<(&str, LocalIdentity)>> = OnceLock::new();
    let nodes = NODES.get_or_init(|| {
        let load = |text| {
            let key = Arc::new(PrivateKey::from_pem(text, None).expect("a key of the vectors"));
            let identity = Identity::create(key.public(), IdentityType::Node, expiry());
            LocalIdentity::new(identity.expect("a plain identity"), key).expect("its own key")
        };
        KEYS.into_iter().map(|(name, text)| (name, load(text))).collect()
    });
    let (_, node) = nodes.iter().find(|(known, _)| *known == name).expect("one of the three");
    node.clone()
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

/// A random source that gives the same octets for the same seed.
#[derive(Debug)]
pub(crate) struct Seeded {
    seed: u64,
    counter: u64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }
}

impl Random for Seeded {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        for chunk in octets.chunks_mut(64) {
            let input = [self.seed.to_be_bytes(), self.counter.to_be_bytes()].concat();
            self.counter = self.counter.wrapping_add(1);
            chunk.iter_mut().zip(sha512(&input)).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}
