//! Users and their nodes.

use sdmp_envelope::LocalIdentity;
use sdmp_journal::{Fingerprint, IdentityType, Resource};

use super::keys::{actor, fp, identity, message, trust};
use super::node::Node;
use super::{World, at};

pub const ALL: &str =
    "\"read_encrypted\",\"read_resource\",\"publish_resource\",\"create_trust\",\"revoke\"";
pub const READ: &str = "\"read_resource\"";

/// A user with nodes.
pub struct Person {
    pub key: LocalIdentity,
    pub fp: Fingerprint,
    pub identity: Resource,
    /// Each node with the trust in it.
    pub nodes: Vec<(LocalIdentity, Resource, Resource)>,
}

impl Person {
    pub fn new(number: u64, nodes: u64) -> Self {
        let key = actor(number * 100, IdentityType::User);
        let fp_user = fp(&key);
        let identity_of = |one: &LocalIdentity| identity(one, at(-1_000_000));
        let nodes = (1..=nodes).map(|index| {
            let node = actor(number * 100 + index, IdentityType::Node);
            let created = at(-900_000 + i64::try_from(index).unwrap());
            let trusted = trust(&key, (&fp_user, None), &fp(&node), ALL, created);
            let identity = identity_of(&node);
            (node, trusted, identity)
        });
        let nodes = nodes.collect();
        Self { identity: identity_of(&key), fp: fp_user, key, nodes }
    }

    /// Node `index` with lines 1 to 3 and its identity (N43).
    pub fn node(&self, index: usize, name: &'static str) -> Node {
        let (me, trusted, identity) = &self.nodes[index];
        let first = [self.identity.clone(), trusted.clone(), identity.clone()];
        Node::new(name, me, &self.fp, &first, at(0))
    }

    /// What an introduction of this user and its first node holds (N44).
    pub fn introduction(&self) -> Vec<Resource> {
        let mut all = vec![self.identity.clone()];
        for (_, trusted, identity) in &self.nodes {
            all.extend([trusted.clone(), identity.clone()]);
        }
        all
    }

    /// The user's trust in another user.
    pub fn trusts(&self, other: &Self, number: i64) -> Resource {
        trust(&self.key, (&self.fp, None), &other.fp, READ, at(-800_000 + number))
    }

    /// A public message by node `index`.
    pub fn says(&self, index: usize, text: &str, millis: i64) -> Resource {
        let (node, trusted, _) = &self.nodes[index];
        message(node, (&self.fp, Some(trusted.id())), text, at(millis))
    }
}

/// A and B trust each other, and B and C; A has two nodes, B two, C one. Nodes 0 and 1 are A's, 2
/// and 3 B's, 4 C's. The first node of each user knows what introductions told it.
pub fn three_users(seed: u64) -> (World, [Person; 3]) {
    let (a, b, c) = (Person::new(1, 2), Person::new(2, 2), Person::new(3, 1));
    let nodes = vec![
        a.node(0, "A1"),
        a.node(1, "A2"),
        b.node(0, "B1"),
        b.node(1, "B2"),
        c.node(0, "C1"),
    ];
    let mut world = World::new(nodes, seed);
    world.all_reachable_but(&[]);
    let meets = |mut file: Vec<Resource>, own: &Person, own_trust, other_trust| {
        file.extend(own.introduction());
        file.extend([own_trust, other_trust]);
        file
    };
    let (ab, ba) = (a.trusts(&b, 1), b.trusts(&a, 2));
    let (bc, cb) = (b.trusts(&c, 3), c.trusts(&b, 4));
    world.introduce(0, meets(b.introduction(), &a, ab.clone(), ba.clone()));
    world.introduce(2, meets(a.introduction(), &b, ba, ab));
    world.introduce(2, meets(c.introduction(), &b, bc.clone(), cb.clone()));
    world.introduce(4, meets(b.introduction(), &c, cb, bc));
    // Second devices know their own user's first one (N43).
    world.introduce(1, a.introduction());
    world.introduce(3, b.introduction());
    (world, [a, b, c])
}
