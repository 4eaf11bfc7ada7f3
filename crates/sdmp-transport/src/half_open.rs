//! The limits of R42 on connections that say nothing: in all, and from one source.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a connection comes from, as far as the carrier tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// An address of the network. All addresses of one IPv6 /64 count as one source.
    Ip(IpAddr),
    /// This machine, by a carrier without addresses.
    Local,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

impl Source {
    /// What the limit for one source counts: whoever has an IPv6 address has 2^64 of them.
    fn bucket(&self) -> Self {
        match self {
            Self::Ip(IpAddr::V6(v6)) => {
                let prefix = v6.to_bits() >> 64 << 64;
                v6.to_ipv4_mapped()
                    .map_or(Self::Ip(IpAddr::V6(prefix.into())), |v4| Self::Ip(IpAddr::V4(v4)))
            }
            Self::Ip(IpAddr::V4(_)) | Self::Local => self.clone(),
        }
    }
}

/// The limits of R42 on connections whose handshake is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerLimits {
    /// In all: 256.
    pub half_open: usize,
    /// From one source: 16.
    pub half_open_per_source: usize,
    /// Accepted sessions at the same time; no limit by default. Looked at when a connection comes
    /// in: handshakes that were under way then may still be accepted.
    pub sessions: Option<usize>,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self { half_open: 256, half_open_per_source: 16, sessions: None }
    }
}

/// How many handshakes are under way, in all and by source: what a [`Listener`](crate::Listener) counts
/// by itself, for services that accept connections without one.
#[derive(Debug, Default)]
pub struct HalfOpen {
    by_source: Mutex<HashMap<Source, usize>>,
    most: AtomicU64,
}

impl HalfOpen {
    fn lock(&self) -> MutexGuard<'_, HashMap<Source, usize>> {
        self.by_source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many now, and the most so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (number(self.lock().values().sum()), self.most.load(Ordering::Relaxed))
    }

    /// A place for a connection from this source, until it is dropped; `None` when a limit is reached.
    #[must_use]
    pub fn enter(this: &Arc<Self>, source: &Source, limits: &ListenerLimits) -> Option<Place> {
        let source = source.bucket();
        let mut counts = this.lock();
        let all = counts.values().sum::<usize>();
        if all >= limits.half_open {
            return None;
        }
        let here = counts.get(&source).copied().unwrap_or(0);
        if source != Source::Local && here >= limits.half_open_per_source {
            return None;
        }
        counts.insert(source.clone(), here + 1);
        this.most.fetch_max(number(all + 1), Ordering::Relaxed);
        Some(Place { counts: Arc::clone(this), source })
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// One handshake's place among the half-open ones; dropping it leaves.
#[derive(Debug)]
pub struct Place {
    counts: Arc<HalfOpen>,
    source: Source,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        match counts.get_mut(&self.source) {
            Some(here) if *here > 1 => *here -= 1,
            _ => drop(counts.remove(&self.source)),
        }
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
        let limits = ListenerLimits { half_open: 5, half_open_per_source: 2, sessions: None };
        let enter = |source: &str| HalfOpen::enter(&half_open, &ip(source), &limits);
        let (first, second) = (enter("10.0.0.1").unwrap(), enter("10.0.0.1").unwrap());
        assert!(enter("10.0.0.1").is_none());
        let others: Vec<_> = (2..5).map(|n| enter(&format!("10.0.0.{n}")).unwrap()).collect();
        assert!(enter("10.0.0.9").is_none(), "five in all");
        drop(first);
        let again = enter("10.0.0.1").unwrap();
        drop((second, again, others));
        assert!(half_open.counts() == (0, 5));
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        assert_eq!(ip("2001:db8::1").bucket(), ip("2001:db8::ffff:1").bucket());
        assert_ne!(ip("2001:db8:0:1::1").bucket(), ip("2001:db8:0:2::1").bucket());
        assert_eq!(ip("::ffff:10.0.0.1").bucket(), ip("10.0.0.1"));
    }

    #[test]
    fn carriers_without_addresses_share_the_whole_limit() {
        let half_open = Arc::new(HalfOpen::default());
        let limits = ListenerLimits { half_open: 3, half_open_per_source: 1, sessions: None };
        let places: Vec<_> =
            (0..3).map(|_| HalfOpen::enter(&half_open, &Source::Local, &limits).unwrap()).collect();
        assert!(HalfOpen::enter(&half_open, &Source::Local, &limits).is_none());
        drop(places);
    }
}
