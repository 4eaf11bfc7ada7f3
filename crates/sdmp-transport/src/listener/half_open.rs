//! Handshakes under way: how many in all and by source (R42).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::limits::{Limit, ListenerLimits, Source};

/// How many handshakes are under way, in all and by source: what a [`Listener`](crate::Listener) counts
/// by itself, for services that accept connections without one.
#[derive(Debug, Default)]
pub struct HalfOpen(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By number, so the oldest is the first.
    places: BTreeMap<u64, Occupied>,
    by_source: HashMap<Source, usize>,
    next: u64,
    most: usize,
}

#[derive(Debug)]
struct Occupied {
    source: Source,
    /// What ends the handshake; `None` once its session is accepted.
    evict: Option<CancellationToken>,
}

impl State {
    fn leave(&mut self, number: u64) {
        let Some(Occupied { source, .. }) = self.places.remove(&number) else { return };
        match self.by_source.get_mut(&source) {
            Some(here) if *here > 1 => *here -= 1,
            _ => drop(self.by_source.remove(&source)),
        }
    }

    /// Ends the oldest handshake of a carrier without addresses; whether there was one.
    fn evict(&mut self) -> bool {
        let oldest = self.places.iter().find_map(|(number, place)| {
            let evict = place.evict.as_ref().filter(|_| place.source == Source::Local)?;
            Some((*number, evict.clone()))
        });
        let Some((number, evict)) = oldest else { return false };
        evict.cancel();
        self.leave(number);
        true
    }
}

impl HalfOpen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many now, and the most so far.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.places.len(), state.most)
    }

    /// A place for a connection from this source, until it is dropped.
    ///
    /// Handshakes over a directory may take a day. So that those that were abandoned do not keep
    /// others out for so long, a newcomer without an address takes the place of the oldest.
    ///
    /// # Errors
    /// The limit that leaves none.
    pub fn enter(
        this: &Arc<Self>,
        source: &Source,
        limits: &ListenerLimits,
    ) -> Result<Place, Limit> {
        // An attacker has a whole IPv6 network, so a network counts as one source.
        let source = source.bucket();
        let mut state = this.lock();
        let here = state.by_source.get(&source).copied().unwrap_or(0);
        if source != Source::Local && here >= limits.half_open_per_source {
            return Err(Limit::HalfOpenPerSource);
        }
        // Local sources push out the oldest local one instead of being refused: a user's own
        // programs cannot be told apart by address.
        let is_full = state.places.len() >= limits.half_open;
        if is_full && !(source == Source::Local && state.evict()) {
            return Err(Limit::HalfOpen);
        }
        let number = state.next;
        state.next += 1;
        *state.by_source.entry(source.clone()).or_default() += 1;
        let evicted = CancellationToken::new();
        state.places.insert(number, Occupied { source, evict: Some(evicted.clone()) });
        state.most = state.most.max(state.places.len());
        Ok(Place { half_open: Arc::clone(this), number, evicted })
    }
}

/// One handshake's place among the half-open ones; dropping it leaves.
#[derive(Debug)]
pub struct Place {
    half_open: Arc<HalfOpen>,
    number: u64,
    /// Cancelled when a newcomer took the place.
    pub(super) evicted: CancellationToken,
}

impl Place {
    /// The session is accepted: it keeps the place until the application takes it.
    pub(super) fn settle(&self) {
        if let Some(place) = self.half_open.lock().places.get_mut(&self.number) {
            place.evict = None;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.half_open.lock().leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Source {
        Source::Ip(text.parse().unwrap())
    }

    #[test]
    fn one_source_is_limited_and_gives_its_places_back() {
        let half_open = Arc::new(HalfOpen::default());
        let limits = ListenerLimits::default().with_half_open(5).with_half_open_per_source(2);
        let enter = |source: &str| HalfOpen::enter(&half_open, &ip(source), &limits);
        let (first, second) = (enter("10.0.0.1").unwrap(), enter("10.0.0.1").unwrap());
        assert_eq!(enter("10.0.0.1").unwrap_err(), Limit::HalfOpenPerSource);
        let others: Vec<_> = (2..5).map(|n| enter(&format!("10.0.0.{n}")).unwrap()).collect();
        assert_eq!(enter("10.0.0.9").unwrap_err(), Limit::HalfOpen, "five in all");
        drop(first);
        let again = enter("10.0.0.1").unwrap();
        drop((second, again, others));
        assert_eq!(half_open.counts(), (0, 5));
    }

    #[test]
    fn a_newcomer_without_an_address_takes_the_oldest_place_of_its_kind() {
        let half_open = Arc::new(HalfOpen::default());
        let limits = ListenerLimits::default().with_half_open(3).with_half_open_per_source(1);
        let enter = |source: &Source| HalfOpen::enter(&half_open, source, &limits);
        let far = enter(&ip("10.0.0.1")).unwrap();
        let (accepted, old) = (enter(&Source::Local).unwrap(), enter(&Source::Local).unwrap());
        accepted.settle();
        let new = enter(&Source::Local).unwrap();
        assert!(old.evicted.is_cancelled());
        assert!(![&far, &accepted, &new].iter().any(|place| place.evicted.is_cancelled()));
        drop(old);
        assert_eq!(half_open.counts(), (3, 3), "its place was given away already");
        assert_eq!(enter(&ip("10.0.0.2")).unwrap_err(), Limit::HalfOpen);
        new.settle();
        assert_eq!(enter(&Source::Local).unwrap_err(), Limit::HalfOpen, "all are accepted");
    }
}
