//! A server's side: accepts connections, runs their handshakes beside the accept loop, and holds
//! the limits of R42 against those who only knock.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use sdmp_handshake::{Config, Error as HandshakeError, TimeLimit};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, info_span};

use crate::carrier::Carrier;
use crate::trust::{ConfiguredOnly, Trust};
use crate::{Error, Role, SecureSession, establish};

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

/// Somebody at the door: where from, and how to make a carrier of the connection.
pub struct Knock {
    /// Where the connection comes from.
    pub source: Source,
    /// What is left to be done before objects can be carried, such as a WebSocket's upgrade. It
    /// runs beside the accept loop and within the handshake's time limit.
    pub open: BoxFuture<'static, io::Result<Box<dyn Carrier>>>,
}

impl Knock {
    /// A connection that carries objects at once.
    pub fn ready(carrier: impl Carrier + 'static, source: Source) -> Self {
        let carrier: Box<dyn Carrier> = Box::new(carrier);
        Self { source, open: std::future::ready(Ok(carrier)).boxed() }
    }
}

impl fmt::Debug for Knock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knock").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A place where connections come in.
#[async_trait]
pub trait Incoming: Send + 'static {
    /// Waits for the next connection. Cancel safe.
    ///
    /// # Errors
    /// Those of the system. The listener goes on after a pause: a lack of descriptors passes.
    async fn next(&mut self) -> io::Result<Knock>;
}

#[async_trait]
impl Incoming for Box<dyn Incoming> {
    async fn next(&mut self) -> io::Result<Knock> {
        (**self).next().await
    }
}

/// The limits of R42 on connections whose handshake is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerLimits {
    /// In all: 256.
    pub half_open: usize,
    /// From one source: 16.
    pub half_open_per_source: usize,
    /// Accepted sessions at the same time; none by default.
    pub sessions: Option<usize>,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self { half_open: 256, half_open_per_source: 16, sessions: None }
    }
}

/// What a listener has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that came in.
    pub connections: u64,
    /// Dropped in silence because a limit of R42 was reached.
    pub over_limit: u64,
    /// Handshakes that failed.
    pub refused: u64,
    /// Handshakes that were accepted.
    pub accepted: u64,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    over_limit: AtomicU64,
    refused: AtomicU64,
    accepted: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Decides about peers for a whole listener: a fresh [`Trust`] for each connection.
pub trait TrustFactory: Send + Sync + 'static {
    /// The trust decision for one connection.
    fn trust(&self) -> Box<dyn Trust>;
}

impl<T: Trust + Clone + Sync + 'static> TrustFactory for T {
    fn trust(&self) -> Box<dyn Trust> {
        Box::new(self.clone())
    }
}

/// One connection's outcome.
#[derive(Debug)]
pub struct Outcome {
    /// Where it came from.
    pub source: Source,
    /// The session, or why there is none; whatever is owed to the peer was delivered.
    pub result: Result<SecureSession, Error>,
}

/// Accepts sessions; see the [module](self).
#[derive(Debug)]
pub struct Listener {
    outcomes: mpsc::Receiver<Outcome>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    handshakes: TaskTracker,
    sessions: TaskTracker,
}

impl Listener {
    /// Listens with the default limits, and trusts only what the configuration names.
    #[must_use]
    pub fn new(incoming: impl Incoming, config: Config) -> Self {
        Self::with(incoming, config, ListenerLimits::default(), ConfiguredOnly)
    }

    /// Listens with limits and a trust decision of one's own. With anything but
    /// [`ConfiguredOnly`], give a configuration that asks ([`Config::ask`]).
    #[must_use]
    pub fn with(
        incoming: impl Incoming,
        config: Config,
        limits: ListenerLimits,
        trust: impl TrustFactory,
    ) -> Self {
        let (to_outcomes, outcomes) = mpsc::channel(16);
        let listener = Self {
            outcomes,
            counters: Arc::default(),
            stop: CancellationToken::new(),
            handshakes: TaskTracker::new(),
            sessions: TaskTracker::new(),
        };
        let accepting = Accepting {
            config,
            limits,
            trust: Arc::new(trust),
            outcomes: to_outcomes,
            counters: Arc::clone(&listener.counters),
            stop: listener.stop.clone(),
            handshakes: listener.handshakes.clone(),
            sessions: listener.sessions.clone(),
            half_open: Arc::default(),
        };
        drop(tokio::spawn(accepting.run(incoming)));
        listener
    }

    /// The next connection's outcome; `None` after [`shutdown`](Self::shutdown) was begun. Cancel
    /// safe. While nobody asks, at most 16 accepted sessions wait, and further handshakes with them.
    pub async fn accept(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }

    /// What was seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.counters.connections),
            over_limit: read(&self.counters.over_limit),
            refused: read(&self.counters.refused),
            accepted: read(&self.counters.accepted),
        }
    }

    /// Accepts nothing more, drops handshakes that are not complete, and lets the sessions finish;
    /// those that are still open after `deadline` are cut. Whether all had finished.
    pub async fn shutdown(mut self, deadline: Duration) -> bool {
        self.stop.cancel();
        self.outcomes.close();
        self.handshakes.close();
        self.handshakes.wait().await;
        // Accepted, but never taken by the application: nobody will talk to them.
        while let Some(outcome) = self.outcomes.recv().await {
            drop(outcome);
        }
        self.sessions.close();
        let finished = tokio::time::timeout(deadline, self.sessions.wait()).await.is_ok();
        info!(finished, "listener shut down");
        finished
    }
}

/// The accept loop's possessions.
struct Accepting {
    config: Config,
    limits: ListenerLimits,
    trust: Arc<dyn TrustFactory>,
    outcomes: mpsc::Sender<Outcome>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    handshakes: TaskTracker,
    sessions: TaskTracker,
    half_open: Arc<HalfOpen>,
}

impl Accepting {
    async fn run(self, mut incoming: impl Incoming) {
        /// Lack of descriptors passes only when connections end.
        const PAUSE: Duration = Duration::from_millis(50);
        loop {
            let next = tokio::select! {
                next = incoming.next() => next,
                () = self.stop.cancelled() => return,
                () = self.outcomes.closed() => return,
            };
            match next {
                Ok(knock) => self.take(knock),
                Err(error) => {
                    debug!(kind = %error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Starts a handshake, or drops the connection in silence when there are too many (R42).
    fn take(&self, knock: Knock) {
        let Knock { source, open } = knock;
        count(&self.counters.connections);
        let full = self.limits.sessions.is_some_and(|limit| self.sessions.len() >= limit);
        let place =
            if full { None } else { HalfOpen::enter(&self.half_open, &source, &self.limits) };
        let Some(place) = place else {
            count(&self.counters.over_limit);
            debug!(%source, "dropped: too many connections (R42)");
            return;
        };
        let (config, stop) = (self.config.clone(), self.stop.clone());
        let (counters, sessions) = (Arc::clone(&self.counters), self.sessions.clone());
        let (outcomes, mut trust) = (self.outcomes.clone(), self.trust.trust());
        let span = info_span!("connection", %source, peer = tracing::field::Empty);
        let handshake = async move {
            let handshake = admit(open, config, trust.as_mut(), &sessions);
            let result = tokio::select! {
                result = handshake => result,
                () = stop.cancelled() => return,
            };
            drop(place);
            match &result {
                Ok(session) => {
                    count(&counters.accepted);
                    // Only now: an unverified name does not belong into a log (R30).
                    let peer = tracing::field::display(session.peer().fingerprint());
                    tracing::Span::current().record("peer", peer);
                    info!("session accepted");
                }
                Err(error) => {
                    count(&counters.refused);
                    info!(code = error.code(), "handshake failed");
                }
            }
            // Fails only when nobody asks any more.
            drop(outcomes.send(Outcome { source, result }).await);
        };
        drop(self.handshakes.spawn(handshake.instrument(span)));
    }
}

/// Opens the carrier, within the time that M1 may take (R42), and does the handshake.
async fn admit(
    open: BoxFuture<'static, io::Result<Box<dyn Carrier>>>,
    config: Config,
    trust: &mut dyn Trust,
    sessions: &TaskTracker,
) -> Result<SecureSession, Error> {
    let limit = config.current_policy().limits.first_message;
    let carrier = tokio::time::timeout(limit, open)
        .await
        .map_err(|_| HandshakeError::Timeout(TimeLimit::FirstMessage))??;
    establish(carrier, Role::Responder, config, trust, Some(sessions)).await
}

/// How many handshakes are under way, in all and by source.
#[derive(Debug, Default)]
struct HalfOpen(Mutex<HashMap<Source, usize>>);

impl HalfOpen {
    fn enter(this: &Arc<Self>, source: &Source, limits: &ListenerLimits) -> Option<Place> {
        let source = source.bucket();
        let mut counts = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.values().sum::<usize>() >= limits.half_open {
            return None;
        }
        let here = counts.get(&source).copied().unwrap_or(0);
        if source != Source::Local && here >= limits.half_open_per_source {
            return None;
        }
        counts.insert(source.clone(), here + 1);
        Some(Place { counts: Arc::clone(this), source })
    }
}

/// One handshake's place among the half-open ones; dropping it leaves.
struct Place {
    counts: Arc<HalfOpen>,
    source: Source,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
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
        assert!(half_open.0.lock().unwrap().is_empty());
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
