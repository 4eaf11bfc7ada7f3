//! Rows of the table of wants, and the indexes that follow them.

use sdmp_container::{Fingerprint, Identifier, ResourceName, Timestamp};

use super::Wants;
use crate::exchange::body::is_identity;
use crate::sync::Want;

/// Where the names of one author begin.
pub(super) fn first_of(author: &Fingerprint) -> ResourceName {
    ResourceName { author: author.clone(), resource: Identifier::from_octets([0; 64]) }
}

impl Wants {
    /// The names of one author's wants.
    pub(super) fn of_author(&self, author: &Fingerprint) -> Vec<ResourceName> {
        let rows =
            self.rows.range(first_of(author)..).take_while(|(name, _)| name.author == *author);
        rows.map(|(name, _)| name.clone()).collect()
    }

    /// Takes a row out of table and indexes.
    pub(super) fn take(&mut self, name: &ResourceName) -> Option<Want> {
        let want = self.rows.remove(name)?;
        self.queue.place(want.order, name, None, Timestamp::MIN);
        for missing in want.waits_for() {
            if let Some(waiting) = self.waited.get_mut(missing) {
                waiting.remove(name);
                if waiting.is_empty() {
                    self.waited.remove(missing);
                }
            }
        }
        self.identities.remove(name);
        for holder in want.holders_that_missed() {
            if let Some(missed) = self.missed.get_mut(holder) {
                missed.remove(name);
                if missed.is_empty() {
                    self.missed.remove(holder);
                }
            }
        }
        self.ids.remove(&(name.resource.clone(), name.author.clone()));
        if want.is_closed() {
            if let Some(rows) = self.closed.get_mut(&name.author) {
                rows.remove(&want.order);
                if rows.is_empty() {
                    self.closed.remove(&name.author);
                }
            }
        } else if let Some(count) = self.open.get_mut(&want.reporter) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.open.remove(&want.reporter);
            }
        }
        Some(want)
    }

    /// Puts a row into table and indexes.
    pub(super) fn put(&mut self, name: ResourceName, want: Want, now: Timestamp) {
        self.queue.place(want.order, &name, Some(&want), now);
        for missing in want.waits_for() {
            self.waited.entry(missing.clone()).or_default().insert(name.clone());
        }
        for holder in want.holders_that_missed() {
            self.missed.entry(holder.clone()).or_default().insert(name.clone());
        }
        if is_identity(&name) {
            self.identities.insert(name.clone());
        }
        self.ids.insert((name.resource.clone(), name.author.clone()));
        if want.is_closed() {
            let rows = self.closed.entry(name.author.clone()).or_default();
            rows.insert(want.order, name.clone());
        } else {
            let count = self.open.entry(want.reporter.clone()).or_default();
            *count = count.saturating_add(1);
        }
        self.changed.insert(name.clone());
        self.rows.insert(name, want);
    }
}
