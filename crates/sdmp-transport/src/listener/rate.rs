//! How often handshakes of one source may fail: each costs this side two exponentiations and a
//! verification, and a stranger next to nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::Source;

/// Sources that are remembered. Those that have more addresses are held by the limit in all.
const SOURCES: usize = 4096;

/// Each handshake moves its source's moment on by one interval; a source whose moment lies too far in
/// the future has to wait. One that is accepted moves it back.
#[derive(Debug)]
pub(super) struct Rate {
    interval: Duration,
    /// How far a moment may lie in the future.
    most: Duration,
    moments: Mutex<HashMap<Source, Instant>>,
}

impl Rate {
    /// So many a second after so many at once; 0 for no limit.
    pub(super) fn new(per_second: u32, at_once: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second).unwrap_or(Duration::ZERO);
        Self { interval, most: interval.saturating_mul(at_once), moments: Mutex::default() }
    }

    /// Takes note of a handshake that begins; whether it may.
    pub(super) fn begin(&self, source: &Source, now: Instant) -> bool {
        if *source == Source::Local || self.interval.is_zero() {
            return true;
        }
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        if moments.len() >= SOURCES {
            // Those in the past have no debt: forgetting them changes nothing.
            moments.retain(|_, moment| *moment > now);
            if moments.len() >= SOURCES {
                // Under an attack from very many addresses memory matters more than the rate of
                // each.
                moments.clear();
            }
        }
        let moment = moments.entry(source.bucket()).or_insert(now);
        // A leaky bucket with one instant a source: the debt is how far it lies in the future.
        let next = (*moment).max(now) + self.interval;
        if next > now + self.most {
            return false;
        }
        *moment = next;
        true
    }

    /// A handshake of this source was accepted, and so does not count.
    pub(super) fn succeed(&self, source: &Source) {
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(moment) = moments.get_mut(&source.bucket()) {
            *moment = moment.checked_sub(self.interval).unwrap_or(*moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> Source {
        Source::Ip([10, 0, 0, last].into())
    }

    #[test]
    fn failures_of_one_source_are_limited_and_successes_do_not_count() {
        let (rate, now) = (Rate::new(10, 64), Instant::now());
        assert_eq!((0..100).filter(|_| rate.begin(&ip(1), now)).count(), 64);
        assert!(rate.begin(&ip(2), now), "another source");
        let later = now + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| rate.begin(&ip(1), later)).count(), 10);
        for _ in 0..1000 {
            assert!(rate.begin(&ip(3), now));
            rate.succeed(&ip(3));
        }
    }

    #[test]
    fn local_carriers_and_zero_have_no_limit() {
        let now = Instant::now();
        assert!((0..1000).all(|_| Rate::new(1, 64).begin(&Source::Local, now)));
        let none = Rate::new(0, 64);
        assert!((0..1000).all(|_| none.begin(&ip(1), now)));
    }

    #[test]
    fn many_sources_do_not_fill_the_memory() {
        let (rate, now) = (Rate::new(1, 64), Instant::now());
        for number in 0..3 * SOURCES {
            let address = std::net::Ipv4Addr::from(u32::try_from(number).unwrap());
            rate.begin(&Source::Ip(address.into()), now);
        }
        assert!(rate.moments.lock().unwrap().len() <= SOURCES);
    }
}
