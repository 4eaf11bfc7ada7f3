//! A user, two devices, and a store of the first device.

use std::sync::Arc;

use sdmp_container::Container;
use sdmp_journal::{Candidate, Fingerprint, Grants, Judged, Resource, Timestamp, Verdict};

use super::people::{Key, Keyed, at};
use crate::{Append, Appended, Error, Store, fsck};

/// A user with the device whose store is tried, another device, and another user.
#[derive(Debug)]
pub struct House {
    /// The user (N1).
    pub user: Key,
    /// The device whose store it is.
    pub node: Key,
    /// Another device of the user.
    pub other: Key,
    /// The trust in the device.
    pub trust: Resource,
    /// The trust in the other device, which the first one signed.
    pub other_trust: Resource,
}

impl House {
    /// The same keys each time.
    #[must_use]
    pub fn new() -> Self {
        let (user, node, other) = (Key::user("U"), Key::node("X"), Key::node("Y"));
        let trust = user.author().trust(&node.fp(), Grants::ALL, None, at(0)).unwrap();
        let grants = Grants::of(&[sdmp_journal::Authorization::PublishResource]);
        let other_trust = node.under(&trust).trust(&other.fp(), grants, None, at(1)).unwrap();
        Self { user, node, other, trust, other_trust }
    }

    /// What the journal begins with (N21), and the device's identity.
    #[must_use]
    pub fn first(&self) -> Vec<Resource> {
        vec![self.node.identity(), self.trust.clone(), self.user.identity()]
    }

    /// Appends resources at a time.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub fn append(
        &self,
        store: &dyn Store,
        resources: &[Resource],
        now: Timestamp,
    ) -> Result<Appended, Error> {
        store.append(append(self.user.fp(), resources, now))
    }

    /// A store with the first lines.
    #[must_use]
    pub fn begin<S: Store>(&self, store: S) -> S {
        let appended = self.append(&store, &self.first(), at(10)).unwrap();
        assert_eq!(appended.lines.len(), 3, "{:?}", verdicts(&appended.judged));
        store
    }

    /// Public messages of the device, each another.
    #[must_use]
    pub fn messages(&self, range: std::ops::Range<i64>) -> Vec<Resource> {
        let author = self.node.under(&self.trust);
        range.map(|n| author.publish(&message(n), at(n)).unwrap()).collect()
    }

    /// Nothing is wrong with a store.
    pub fn check(&self, store: &dyn Store) {
        let report = fsck(store, &self.node.fp(), &Keyed).unwrap();
        assert_eq!(report.faults, []);
    }
}

impl Default for House {
    fn default() -> Self {
        Self::new()
    }
}

/// An append of these.
#[must_use]
pub fn append(own: Fingerprint, resources: &[Resource], now: Timestamp) -> Append {
    let candidates = resources.iter().cloned().map(Candidate::new).collect();
    Append::new(own, now, candidates).with_verifier(Arc::new(Keyed))
}

/// A message.
#[must_use]
pub fn message(n: i64) -> Container {
    let text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"message {n}"}}"#
    );
    Container::parse(text).unwrap()
}

/// The verdicts alone.
#[must_use]
pub fn verdicts(judged: &[Judged]) -> Vec<&Verdict> {
    judged.iter().map(|one| &one.verdict).collect()
}
