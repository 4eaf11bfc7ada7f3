//! A server's side: accepts connections, runs their handshakes beside the accept loop, and holds
//! the limits of R42 against strangers who connect and say nothing.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
use crate::clock::Clock;
pub use crate::half_open::{HalfOpen, ListenerLimits, Place, Source};
use crate::trust::{ConfiguredOnly, Trust};
use crate::{Error, Role, SecureSession, Sessions, establish};

/// Somebody at the door: where from, and how to make a carrier of the connection.
pub struct Incoming {
    /// Where the connection comes from.
    pub source: Source,
    /// What is left to be done before objects can be carried, such as a WebSocket's upgrade. It
    /// runs beside the accept loop and within the handshake's time limit.
    pub open: BoxFuture<'static, io::Result<Box<dyn Carrier>>>,
}

impl Incoming {
    /// A connection that carries objects at once.
    pub fn ready(carrier: impl Carrier + 'static, source: Source) -> Self {
        let carrier: Box<dyn Carrier> = Box::new(carrier);
        Self { source, open: std::future::ready(Ok(carrier)).boxed() }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A place where connections come in.
#[async_trait]
pub trait Acceptor: Send + 'static {
    /// Waits for the next connection. Cancel safe.
    ///
    /// # Errors
    /// Those of the system. The listener goes on after a pause: a lack of descriptors passes.
    async fn next(&mut self) -> io::Result<Incoming>;
}

#[async_trait]
impl Acceptor for Box<dyn Acceptor> {
    async fn next(&mut self) -> io::Result<Incoming> {
        (**self).next().await
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
    /// Half-open now: handshakes under way, and accepted sessions that nobody has asked for yet.
    pub half_open: u64,
    /// The most that were half-open at the same time.
    pub most_half_open: u64,
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
    sessions: Sessions,
    half_open: Arc<HalfOpen>,
}

impl Listener {
    /// Listens with the default limits, and trusts only what the configuration names.
    #[must_use]
    pub fn new(acceptor: impl Acceptor, config: Config) -> Self {
        Self::with(acceptor, config, ListenerLimits::default(), ConfiguredOnly)
    }

    /// Listens with limits and a trust decision of one's own. With anything but
    /// [`ConfiguredOnly`], give a configuration that asks ([`Config::ask_about_unknown`]).
    #[must_use]
    pub fn with(
        acceptor: impl Acceptor,
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
            sessions: Sessions::default(),
            half_open: Arc::default(),
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
            half_open: Arc::clone(&listener.half_open),
        };
        drop(listener.handshakes.spawn(accepting.run(acceptor)));
        listener
    }

    /// The next connection's outcome; `None` after [`shutdown`](Self::shutdown) was begun. Cancel
    /// safe.
    ///
    /// Sixteen outcomes wait until somebody asks. After them refusals are only counted, and accepted
    /// sessions keep their place among the half-open ones: who never asks is not flooded.
    pub async fn accept(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }

    /// What was seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (half_open, most_half_open) = self.half_open.counts();
        Counts {
            half_open,
            most_half_open,
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
        self.sessions.tasks.close();
        let finished = tokio::time::timeout(deadline, self.sessions.tasks.wait()).await.is_ok();
        if !finished {
            self.sessions.cut.cancel();
            self.sessions.tasks.wait().await;
        }
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
    sessions: Sessions,
    half_open: Arc<HalfOpen>,
}

impl Accepting {
    async fn run(self, acceptor: impl Acceptor) {
        tokio::select! {
            () = self.accept(acceptor) => {}
            () = self.stop.cancelled() => {}
            () = self.outcomes.closed() => {}
        }
    }

    async fn accept(&self, mut acceptor: impl Acceptor) {
        /// Lack of descriptors passes only when connections end.
        const PAUSE: Duration = Duration::from_millis(50);
        loop {
            match acceptor.next().await {
                Ok(incoming) => self.take(incoming),
                // A peer that went away while it waited: nobody else is to wait for that.
                Err(error) if is_of_one_peer(error.kind()) => {}
                Err(error) => {
                    debug!(kind = %error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Starts a handshake, or drops the connection in silence when there are too many (R42).
    fn take(&self, incoming: Incoming) {
        let Incoming { source, open } = incoming;
        count(&self.counters.connections);
        let full = self.limits.sessions.is_some_and(|limit| self.sessions.tasks.len() >= limit);
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
        let clock = Clock::start();
        let span = info_span!("connection", %source, peer = tracing::field::Empty);
        let handshake = async move {
            let handshake = admit(open, config, trust.as_mut(), clock, &sessions);
            let result = tokio::select! {
                result = handshake => result,
                () = stop.cancelled() => return,
            };
            match &result {
                Ok(session) => {
                    count(&counters.accepted);
                    // Only now: an unverified name does not belong into a log (R30).
                    let peer = tracing::field::display(session.peer().fingerprint());
                    tracing::Span::current().record("peer", peer);
                    info!("session accepted");
                    // Fails only when nobody asks any more.
                    drop(outcomes.send(Outcome { source, result }).await);
                }
                Err(error) => {
                    count(&counters.refused);
                    info!(code = error.code(), "handshake failed");
                    // A stranger must not be able to fill the memory with what nobody asks for.
                    drop(outcomes.try_send(Outcome { source, result }));
                }
            }
            drop(place);
        };
        drop(self.handshakes.spawn(handshake.instrument(span)));
    }
}

/// Opens the carrier, within the time that M1 may take (R42), and does the handshake.
async fn admit(
    open: BoxFuture<'static, io::Result<Box<dyn Carrier>>>,
    config: Config,
    trust: &mut dyn Trust,
    clock: Clock,
    sessions: &Sessions,
) -> Result<SecureSession, Error> {
    let limit = config.policy().limits.first_message;
    let carrier = tokio::time::timeout(limit, open)
        .await
        .map_err(|_| HandshakeError::Timeout(TimeLimit::FirstMessage))??;
    establish(carrier, Role::Responder, config, trust, clock, Some(sessions)).await
}

/// Whether an error of accepting concerns one connection only.
fn is_of_one_peer(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted].contains(&kind)
}
