//! A server's side: accepts connections, runs their handshakes beside the accept loop, and holds
//! limits against strangers (R42) and peers.

mod accepting;
mod half_open;
mod limits;
pub(crate) mod open;
mod rate;
mod report;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use sdmp_envelope::Identity;
use sdmp_handshake::Config;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use self::accepting::{Accepting, Counters};
pub use self::half_open::{HalfOpen, Place};
pub use self::limits::{Limit, ListenerLimits, Source};
use self::rate::Rate;
use self::report::{Listening, Reporter};
pub use self::report::{Report, Throttle};
use crate::carrier::Carrier;
use crate::trust::{ConfiguredOnly, Trust};
use crate::{Error, SecureSession, Sessions};

/// A connection that came in: where from, and how to make a carrier of the connection.
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

/// The same acceptor; each carrier goes through `wrap` once it is open, with where it comes from.
///
/// For what watches, records or alters the traffic of a whole listener.
pub fn wrap<A, W>(acceptor: A, wrap: W) -> impl Acceptor
where
    A: Acceptor,
    W: Fn(Box<dyn Carrier>, &Source) -> Box<dyn Carrier> + Send + Sync + 'static,
{
    Wrapped { acceptor, wrap: Arc::new(wrap) }
}

struct Wrapped<A, W> {
    acceptor: A,
    wrap: Arc<W>,
}

#[async_trait]
impl<A, W> Acceptor for Wrapped<A, W>
where
    A: Acceptor,
    W: Fn(Box<dyn Carrier>, &Source) -> Box<dyn Carrier> + Send + Sync + 'static,
{
    async fn next(&mut self) -> io::Result<Incoming> {
        let Incoming { source, open } = self.acceptor.next().await?;
        let (wrap, from) = (Arc::clone(&self.wrap), source.clone());
        // Within `open`, so that an upgrade still runs beside the accept loop.
        let open = async move { Ok(wrap(open.await?, &from)) }.boxed();
        Ok(Incoming { source, open })
    }
}

/// What a listener has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that came in.
    pub connections: u64,
    /// Dropped in silence because a limit was reached, whichever.
    pub over_limit: u64,
    /// Of those: dropped because too many handshakes of their source had failed.
    pub over_rate: u64,
    /// Times that no descriptor was left to accept a connection with.
    pub out_of_descriptors: u64,
    /// Handshakes that failed.
    pub refused: u64,
    /// Handshakes that were accepted.
    pub accepted: u64,
    /// Half-open now: handshakes under way, and accepted sessions that the application has not asked
    /// for yet.
    pub half_open: u64,
    /// The most that were half-open at the same time.
    pub most_half_open: u64,
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

/// A listener that does not listen yet: see [`Listener::builder`].
pub struct ListenerBuilder<A> {
    acceptor: A,
    config: Config,
    limits: ListenerLimits,
    trust: Arc<dyn TrustFactory>,
    reports: Listening,
}

impl<A: fmt::Debug> fmt::Debug for ListenerBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerBuilder")
            .field("acceptor", &self.acceptor)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<A: Acceptor> ListenerBuilder<A> {
    /// Limits of one's own.
    #[must_use]
    pub fn with_limits(mut self, limits: ListenerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Asks about each peer that the configuration does not name, at each handshake (R30): who is
    /// trusted may change while the listener runs. See [`Listener::retain_sessions`] for sessions that
    /// are open already.
    #[must_use]
    pub fn with_trust(mut self, trust: impl TrustFactory) -> Self {
        // A callback that is never asked would be a trap.
        self.config = self.config.ask_about_unknown();
        self.trust = Arc::new(trust);
        self
    }

    /// Calls `tell` when connections are dropped: at once for the first of a source, then once a
    /// minute for all that followed. It is called on the accept loop, so it must not block.
    #[must_use]
    pub fn with_reports(mut self, tell: impl Fn(Report) + Send + Sync + 'static) -> Self {
        self.reports = Arc::new(tell);
        self
    }

    /// Begins to accept. Call it within a tokio runtime.
    #[must_use]
    pub fn start(self) -> Listener {
        let Self { acceptor, config, limits, trust, reports } = self;
        let (to_outcomes, outcomes) = mpsc::channel(16);
        let listener = Listener {
            outcomes,
            counters: Arc::default(),
            stop: CancellationToken::new(),
            handshakes: TaskTracker::new(),
            sessions: Sessions::new(limits.sessions_per_peer),
            half_open: Arc::default(),
        };
        let accepting = Accepting {
            config,
            limits,
            rate: Arc::new(Rate::new(limits.failures_per_second, limits.failures_at_once)),
            trust,
            outcomes: to_outcomes,
            counters: Arc::clone(&listener.counters),
            stop: listener.stop.clone(),
            handshakes: listener.handshakes.clone(),
            sessions: listener.sessions.clone(),
            half_open: Arc::clone(&listener.half_open),
        };
        let reporter = Reporter::new(reports);
        drop(listener.handshakes.spawn(accepting.run(acceptor, reporter)));
        listener
    }
}

impl Listener {
    /// Listens with the default limits, and trusts only what the configuration names.
    #[must_use]
    pub fn new(acceptor: impl Acceptor, config: Config) -> Self {
        Self::builder(acceptor, config).start()
    }

    /// Listens with limits, a trust decision or reports of one's own.
    ///
    /// ```
    /// # use sdmp_handshake::Config;
    /// # use sdmp_transport::listener::{Acceptor, ListenerLimits};
    /// # use sdmp_transport::{Listener, Trust};
    /// # fn listen(acceptor: impl Acceptor, config: Config, store: impl Trust + Clone + Sync + 'static) -> Listener {
    /// Listener::builder(acceptor, config)
    ///     .with_limits(ListenerLimits::default().with_sessions(100))
    ///     .with_trust(store)
    ///     .with_reports(|report| eprintln!("{report}"))
    ///     .start()
    /// # }
    /// ```
    #[must_use]
    pub fn builder<A: Acceptor>(acceptor: A, config: Config) -> ListenerBuilder<A> {
        ListenerBuilder {
            acceptor,
            config,
            limits: ListenerLimits::default(),
            trust: Arc::new(ConfiguredOnly),
            reports: Arc::new(|report| warn!(%report, "connections dropped")),
        }
    }

    /// The next connection's outcome; `None` after [`shutdown`](Self::shutdown) was begun. Cancel
    /// safe.
    ///
    /// Sixteen outcomes wait for the application. After them refusals are only counted, and accepted
    /// sessions keep their place among the half-open ones: an application that never asks is not
    /// flooded.
    pub async fn accept(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }

    /// What was seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (half_open, most_half_open) = self.half_open.counts();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Counts {
            half_open: number(half_open),
            most_half_open: number(most_half_open),
            ..self.counters.read()
        }
    }

    /// Ends the open sessions of all peers for which `keep` is false, and says how many those are.
    /// Both sides see that the session was cut; this one as [`Error::NoLongerTrusted`].
    ///
    /// Call it after the trust of [`ListenerBuilder::with_trust`] has changed. A handshake that is
    /// under way meanwhile is asked about once more when it is complete, so no session slips through.
    /// `keep` must not call this listener.
    pub fn retain_sessions(&self, keep: impl Fn(&Identity) -> bool) -> usize {
        self.sessions.open.retain(keep)
    }

    /// Accepts nothing more, drops handshakes that are not complete, and lets the sessions finish;
    /// those that are still open after `deadline` are cut. Whether all had finished.
    pub async fn shutdown(mut self, deadline: Duration) -> bool {
        // First no new connections, then no new sessions, then the open ones: in this order nothing
        // slips in.
        self.stop.cancel();
        self.outcomes.close();
        self.handshakes.close();
        self.handshakes.wait().await;
        // Accepted, but never taken by the application: they will not be used.
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
