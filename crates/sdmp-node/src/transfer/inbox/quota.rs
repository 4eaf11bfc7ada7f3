//! How much each peer has left in a directory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sdmp_container::Fingerprint;

use super::super::refusal::Refusal;

/// Octets by peer, from the opening of the directory on.
#[derive(Clone, Debug)]
pub(super) struct Quota {
    used: Arc<Mutex<HashMap<Fingerprint, u64>>>,
    limit: u64,
}

impl Quota {
    pub(super) fn new(limit: u64) -> Self {
        Self { used: Arc::default(), limit }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fingerprint, u64>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts octets that are to come. Given back when the result is dropped before they are kept.
    pub(super) fn charge(&self, peer: &Fingerprint, octets: u64) -> Result<Charge, Refusal> {
        let mut charge = Charge { quota: self.clone(), peer: peer.clone(), octets: 0 };
        charge.add(octets)?;
        Ok(charge)
    }
}

/// What was counted for one file.
#[derive(Debug)]
pub(super) struct Charge {
    quota: Quota,
    peer: Fingerprint,
    octets: u64,
}

impl Charge {
    /// Counts more.
    pub(super) fn add(&mut self, octets: u64) -> Result<(), Refusal> {
        let mut all = self.quota.lock();
        let used = all.entry(self.peer.clone()).or_default();
        let more = used.saturating_add(octets);
        if more > self.quota.limit {
            return Err(Refusal::Quota);
        }
        *used = more;
        self.octets = self.octets.saturating_add(octets);
        Ok(())
    }

    /// The file is stored.
    pub(super) fn keep(mut self) {
        self.octets = 0;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(used) = self.quota.lock().get_mut(&self.peer) {
            *used = used.saturating_sub(self.octets);
        }
    }
}
