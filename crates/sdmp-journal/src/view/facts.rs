//! What lookups answer.

use std::ops::Deref;
use std::sync::Arc;

/// The facts that a lookup found, in their order; shared with the index, so cheap to take.
#[derive(Debug)]
pub struct Facts<T>(Option<Arc<Vec<Arc<T>>>>);

impl<T> Facts<T> {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Adds one at the end. Copies only where a lookup's answer is still held.
    pub(crate) fn push(&mut self, fact: Arc<T>) {
        // Copied only while a snapshot still holds the old list.
        Arc::make_mut(self.0.get_or_insert_default()).push(fact);
    }

    /// These, followed by `more`.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        match (&self.0, &more.0) {
            // Nearly always one of the two is empty, and nothing is copied.
            (_, None) => self,
            (None, _) => more,
            (Some(first), Some(second)) => first.iter().chain(second.iter()).cloned().collect(),
        }
    }
}

impl<T> Clone for Facts<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Facts<T> {
    fn default() -> Self {
        Self::none()
    }
}

impl<T> Deref for Facts<T> {
    type Target = [Arc<T>];

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().map_or(&[], |facts| facts.as_slice())
    }
}

impl<T> FromIterator<Arc<T>> for Facts<T> {
    fn from_iter<I: IntoIterator<Item = Arc<T>>>(facts: I) -> Self {
        let facts: Vec<Arc<T>> = facts.into_iter().collect();
        if facts.is_empty() { Self(None) } else { Self(Some(Arc::new(facts))) }
    }
}

/// How much control a key signed for a user (N51).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Trusts, the expired ones included.
    pub trusts: u64,
    /// Revocations.
    pub revocations: u64,
    /// Revocations by others, under a trust that this key signed.
    pub sponsored: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            trusts: self.trusts.saturating_add(other.trusts),
            revocations: self.revocations.saturating_add(other.revocations),
            sponsored: self.sponsored.saturating_add(other.sponsored),
        }
    }
}
