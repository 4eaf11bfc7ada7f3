//! A listener's open sessions: how many with each peer, and what ends them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;
use tokio_util::sync::CancellationToken;

use crate::Error;

#[derive(Debug, Default)]
pub(crate) struct OpenSessions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<u64, Open>,
    by_peer: BTreeMap<Fingerprint, usize>,
    next: u64,
    /// How often trust was looked at anew.
    reviews: u64,
}

#[derive(Debug)]
struct Open {
    peer: Identity,
    cut: CancellationToken,
}

impl State {
    fn is_full(&self, peer: &Identity, limit: usize) -> bool {
        self.by_peer.get(peer.fingerprint()).copied().unwrap_or(0) >= limit
    }
}

impl OpenSessions {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there are so many sessions with this peer.
    pub(super) fn is_full(&self, peer: &Identity, limit: usize) -> bool {
        self.lock().is_full(peer, limit)
    }

    /// A place for one more session with this peer.
    pub(crate) fn enter(this: &Arc<Self>, peer: &Identity, limit: usize) -> Result<Entry, Error> {
        let mut state = this.lock();
        if state.is_full(peer, limit) {
            return Err(Error::TooManySessions);
        }
        let number = state.next;
        state.next += 1;
        *state.by_peer.entry(peer.fingerprint().clone()).or_default() += 1;
        let cut = CancellationToken::new();
        state.sessions.insert(number, Open { peer: peer.clone(), cut: cut.clone() });
        Ok(Entry { open: Arc::clone(this), number, cut })
    }

    /// Ends the sessions of peers that are not to be kept; how many those are.
    pub(super) fn retain(&self, keep: impl Fn(&Identity) -> bool) -> usize {
        let mut state = self.lock();
        state.reviews += 1;
        let ending = state.sessions.values().filter(|open| !keep(&open.peer));
        ending.map(|open| open.cut.cancel()).count()
    }

    pub(super) fn reviews(&self) -> u64 {
        self.lock().reviews
    }
}

/// One session's entry; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Entry {
    open: Arc<OpenSessions>,
    number: u64,
    /// Cancelled when the peer is no longer trusted.
    pub(crate) cut: CancellationToken,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.open.lock();
        let Some(Open { peer, .. }) = state.sessions.remove(&self.number) else { return };
        match state.by_peer.get_mut(peer.fingerprint()) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(state.by_peer.remove(peer.fingerprint())),
        }
    }
}
