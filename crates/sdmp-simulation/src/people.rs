//! Users and their nodes.

use sdmp_container::Message;
use sdmp_journal::{Author, Authorization, Fingerprint, Grants, Resource};
use sdmp_store::suite::people::{Key, at};

use crate::node::Node;
use crate::world::World;

/// A user with nodes.
#[derive(Debug)]
pub struct Person {
    /// The user's key.
    pub key: Key,
    /// The user.
    pub fp: Fingerprint,
    /// The user's identity.
    pub identity: Resource,
    /// Each node with the trust in it and its identity.
    pub nodes: Vec<(Key, Resource, Resource)>,
}

impl Person {
    /// A user with so many nodes, each trusted with everything.
    #[must_use]
    pub fn new(name: &str, nodes: i64) -> Self {
        let key = Key::user(name);
        let nodes = (1..=nodes).map(|index| {
            let node = Key::node(&format!("{name}{index}"));
            let created = at(-900_000 + index);
            let trusted = key.author().trust(&node.fp(), Grants::ALL, None, created).unwrap();
            let identity = node.author().identity(at(-1_000_000)).unwrap();
            (node, trusted, identity)
        });
        let nodes = nodes.collect();
        let identity = key.author().identity(at(-1_000_000)).unwrap();
        Self { identity, fp: key.fp(), key, nodes }
    }

    /// Node `index` with lines 1 to 3 and its identity (N43).
    #[must_use]
    pub fn node(&self, index: usize, name: impl Into<String>) -> Node {
        let (key, trusted, identity) = &self.nodes[index];
        let first = [self.identity.clone(), trusted.clone(), identity.clone()];
        Node::new(name, &key.local, &self.fp, &first, at(0))
    }

    /// What an introduction of this user and its nodes holds (N44).
    #[must_use]
    pub fn introduction(&self) -> Vec<Resource> {
        let mut all = vec![self.identity.clone()];
        for (_, trusted, identity) in &self.nodes {
            all.extend([trusted.clone(), identity.clone()]);
        }
        all
    }

    /// The user's trust in another user, to read.
    #[must_use]
    pub fn trusts(&self, other: &Self, number: i64) -> Resource {
        let read = Grants::of(&[Authorization::ReadResource]);
        self.key.author().trust(&other.fp, read, None, at(-800_000 + number)).unwrap()
    }

    /// A trust in node `index` of this user, until a time.
    #[must_use]
    pub fn renews(&self, index: usize, created: i64, end: i64) -> Resource {
        let (node, ..) = &self.nodes[index];
        self.key.author().trust(&node.fp(), Grants::ALL, Some(at(end)), at(created)).unwrap()
    }

    /// Node `index` as one that publishes for the user.
    #[must_use]
    pub fn by(&self, index: usize) -> Author<'_> {
        let (key, trusted, _) = &self.nodes[index];
        key.under(trusted)
    }

    /// A public message by node `index`.
    #[must_use]
    pub fn says(&self, index: usize, text: &str, millis: i64) -> Resource {
        self.by(index).publish(&Message::new(text).into(), at(millis)).unwrap()
    }
}

/// A and B trust each other, and B and C; A has two nodes, B two, C one. Nodes 0 and 1 are A's, 2
/// and 3 B's, 4 C's. The first node of each user knows what introductions told it.
#[must_use]
pub fn three_users(seed: u64) -> (World, [Person; 3]) {
    let (a, b, c) = (Person::new("a", 2), Person::new("b", 2), Person::new("c", 1));
    let nodes =
        vec![a.node(0, "A1"), a.node(1, "A2"), b.node(0, "B1"), b.node(1, "B2"), c.node(0, "C1")];
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
