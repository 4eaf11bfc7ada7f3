//! What the person who runs a listener should see, and not too often.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::limits::{Limit, Source};

/// What is said about one source at most once.
const PERIOD: Duration = Duration::from_secs(60);
/// Sources that are told apart at the same time.
const SOURCES: usize = 1024;

/// Connections that a listener dropped.
///
/// The first of a source is reported at once; those that follow within a minute are reported
/// together. `to_string` gives a line that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Where they came from.
    pub source: Source,
    /// Why they were dropped.
    pub limit: Limit,
    /// How many.
    pub connections: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, limit, connections } = self;
        let s = if *connections == 1 { "" } else { "s" };
        write!(f, "dropped {connections} connection{s} from {source}: {limit}")
    }
}

/// Says something about a key at once, and then no more than once a period, with a count.
///
/// It remembers 1,024 keys and drops what it cannot remember, so that strangers cannot fill the memory.
///
/// ```
/// use std::time::Duration;
/// use sdmp_transport::listener::Throttle;
///
/// let mut refusals = Throttle::new(Duration::from_secs(60));
/// assert_eq!(refusals.note(&"10.0.0.1"), Some(1));
/// assert_eq!(refusals.note(&"10.0.0.1"), None, "within the same minute");
/// assert_eq!(refusals.note(&"10.0.0.2"), Some(1));
/// ```
#[derive(Debug)]
pub struct Throttle<K> {
    period: Duration,
    seen: HashMap<K, Seen>,
}

#[derive(Debug)]
struct Seen {
    /// When something was last said.
    since: Instant,
    unsaid: u64,
}

impl<K: Clone + Eq + Hash> Throttle<K> {
    /// Once in this period for each key.
    #[must_use]
    pub fn new(period: Duration) -> Self {
        Self { period, seen: HashMap::new() }
    }

    /// Takes note of one event. `Some(n)`: say now that there were so many since the last time.
    pub fn note(&mut self, key: &K) -> Option<u64> {
        let now = Instant::now();
        if let Some(seen) = self.seen.get_mut(key) {
            seen.unsaid = seen.unsaid.saturating_add(1);
            return (now >= seen.since + self.period).then(|| seen.say(now));
        }
        // What strangers can fill has a bound; the counters of the listener still count everything.
        if self.seen.len() >= SOURCES {
            let period = self.period;
            self.seen.retain(|_, seen| seen.unsaid > 0 || now < seen.since + period);
        }
        if self.seen.len() >= SOURCES {
            return None;
        }
        self.seen.insert(key.clone(), Seen { since: now, unsaid: 0 });
        Some(1)
    }

    /// Waits until something that was not said is due, and gives it. Cancel safe.
    pub async fn ready(&mut self) -> Vec<(K, u64)> {
        match self.next() {
            Some(next) => tokio::time::sleep_until(next).await,
            None => std::future::pending().await,
        }
        self.due()
    }

    /// All that was not said, due or not: for the end.
    pub fn rest(&mut self) -> Vec<(K, u64)> {
        let all = std::mem::take(&mut self.seen).into_iter();
        all.filter(|(_, seen)| seen.unsaid > 0).map(|(key, seen)| (key, seen.unsaid)).collect()
    }

    /// What was not said, of keys whose period is over: call it at [`next`](Self::next).
    pub fn due(&mut self) -> Vec<(K, u64)> {
        let (now, period) = (Instant::now(), self.period);
        self.seen.retain(|_, seen| seen.unsaid > 0 || now < seen.since + period);
        let over = self.seen.iter_mut().filter(|(_, seen)| now >= seen.since + period);
        over.map(|(key, seen)| (key.clone(), seen.say(now))).collect()
    }

    /// When something will be [`due`](Self::due), if nothing more happens.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        let unsaid = self.seen.values().filter(|seen| seen.unsaid > 0);
        unsaid.map(|seen| seen.since + self.period).min()
    }
}

impl Seen {
    fn say(&mut self, now: Instant) -> u64 {
        self.since = now;
        std::mem::take(&mut self.unsaid)
    }
}

/// Who is told of reports.
pub(super) type Listening = Arc<dyn Fn(Report) + Send + Sync>;

/// Reports dropped connections as the [`Throttle`] allows.
pub(super) struct Reporter {
    throttle: Throttle<(Source, Limit)>,
    tell: Listening,
}

impl Reporter {
    pub(super) fn new(tell: Listening) -> Self {
        Self { throttle: Throttle::new(PERIOD), tell }
    }

    pub(super) fn dropped(&mut self, source: &Source, limit: Limit) {
        if let Some(connections) = self.throttle.note(&(source.bucket(), limit)) {
            (self.tell)(Report { source: source.bucket(), limit, connections });
        }
    }

    /// Waits until something is due and reports it. Cancel safe.
    pub(super) async fn run(&mut self) {
        for ((source, limit), connections) in self.throttle.ready().await {
            (self.tell)(Report { source, limit, connections });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_is_said_at_once_and_the_rest_together() {
        let mut throttle = Throttle::new(PERIOD);
        assert_eq!(throttle.note(&1), Some(1));
        for _ in 0..500 {
            assert_eq!(throttle.note(&1), None);
        }
        assert_eq!(throttle.note(&2), Some(1));
        assert!(throttle.due().is_empty());
        tokio::time::sleep_until(throttle.next().unwrap()).await;
        assert_eq!(throttle.due(), [(1, 500)]);
        assert_eq!(throttle.next(), None);
        throttle.note(&1);
        assert_eq!((throttle.note(&2), throttle.rest()), (Some(1), vec![(1, 1)]));
        tokio::time::sleep(PERIOD).await;
        assert!(throttle.due().is_empty() && throttle.seen.is_empty(), "nothing is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn many_sources_do_not_fill_the_memory() {
        let mut throttle = Throttle::new(PERIOD);
        let said = (0..10 * SOURCES).filter(|source| throttle.note(source).is_some()).count();
        assert_eq!((said, throttle.seen.len()), (SOURCES, SOURCES));
        tokio::time::sleep(PERIOD).await;
        assert_eq!(throttle.note(&usize::MAX), Some(1));
    }
}
