//! What is still to be opened, and in which order (N40).

use std::collections::{BTreeMap, VecDeque};

use sdmp_container::{Fingerprint, Identifier, Timestamp};

/// An admitted sealed text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// When it says it was made; without that it counts as the oldest.
    pub created: Option<Timestamp>,
    /// Its line in the journal here.
    pub line: u64,
    /// Which resource.
    pub id: Identifier,
}

/// Opening costs two private operations for each wrapped key, so it happens in the background:
/// newest first, authors in turn, so that no author keeps the others waiting.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    waiting: BTreeMap<Fingerprint, Vec<Waiting>>,
    turn: VecDeque<Fingerprint>,
}

impl Backlog {
    /// Adds a text that was not tried yet. What was made before `since`, the first trust that lets
    /// the key read, was not encrypted for it, and is not added; nor is what this node sealed, which
    /// keeps the content: that is for the caller to leave out.
    pub fn add(&mut self, author: &Fingerprint, waiting: Waiting, since: Option<Timestamp>) {
        let too_old =
            matches!((waiting.created, since), (Some(created), Some(since)) if created < since);
        if too_old {
            return;
        }
        let texts = self.waiting.entry(author.clone()).or_default();
        if texts.is_empty() {
            // Authors take turns: one that sends very much does not delay the others.
            self.turn.push_back(author.clone());
        }
        match texts.binary_search(&waiting) {
            Ok(_) => {}
            Err(place) => texts.insert(place, waiting),
        }
    }

    /// The next one to be tried; it counts as tried.
    pub fn take(&mut self) -> Option<(Fingerprint, Waiting)> {
        let author = self.turn.pop_front()?;
        let texts = self.waiting.get_mut(&author)?;
        // The newest first: that is what a person looks for.
        let newest = texts.pop()?;
        if texts.is_empty() {
            self.waiting.remove(&author);
        } else {
            self.turn.push_back(author.clone());
        }
        Some((author, newest))
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.values().map(Vec::len).sum()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
