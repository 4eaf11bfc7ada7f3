//! The accept loop, and what happens to each connection that comes in.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;
use sdmp_handshake::{Config, Error as HandshakeError, TimeLimit};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, info_span};

use super::half_open::{HalfOpen, Place};
use super::rate::Rate;
use super::report::Reporter;
use super::{Acceptor, Counts, Incoming, Limit, ListenerLimits, Outcome, Source, TrustFactory};
use crate::carrier::Carrier;
use crate::clock::Clock;
use crate::listener::open::OpenSessions;
use crate::trust::Trust;
use crate::{Error, Role, SecureSession, Sessions, establish};

/// Lack of descriptors passes only when connections end.
const PAUSE: Duration = Duration::from_millis(50);
/// Descriptors that connections leave to the rest of the process.
const SPARE: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Counters {
    connections: AtomicU64,
    over_limit: AtomicU64,
    over_rate: AtomicU64,
    out_of_descriptors: AtomicU64,
    refused: AtomicU64,
    accepted: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    /// All but the half-open ones, which are counted elsewhere.
    pub(super) fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.connections),
            over_limit: read(&self.over_limit),
            over_rate: read(&self.over_rate),
            out_of_descriptors: read(&self.out_of_descriptors),
            refused: read(&self.refused),
            accepted: read(&self.accepted),
            ..Counts::default()
        }
    }
}

/// The accept loop's possessions.
pub(super) struct Accepting {
    pub(super) config: Config,
    pub(super) limits: ListenerLimits,
    pub(super) rate: Arc<Rate>,
    pub(super) trust: Arc<dyn TrustFactory>,
    pub(super) outcomes: mpsc::Sender<Outcome>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: CancellationToken,
    pub(super) handshakes: TaskTracker,
    pub(super) sessions: Sessions,
    pub(super) half_open: Arc<HalfOpen>,
}

impl Accepting {
    pub(super) async fn run(self, acceptor: impl Acceptor, reporter: Reporter) {
        tokio::select! {
            () = self.accept(acceptor, reporter) => {}
            () = self.stop.cancelled() => {}
            () = self.outcomes.closed() => {}
        }
    }

    async fn accept(&self, mut acceptor: impl Acceptor, mut reporter: Reporter) {
        let mut reserve = Reserve::open();
        loop {
            let next = tokio::select! {
                next = acceptor.next() => next,
                () = reporter.run() => continue,
            };
            match next {
                Ok(incoming) => {
                    count(&self.counters.connections);
                    if let Err((source, limit)) = self.take(incoming) {
                        count(&self.counters.over_limit);
                        reporter.dropped(&source, limit);
                    }
                }
                // A peer that went away while it waited: no other is to wait for that.
                Err(error) if is_of_one_peer(error.kind()) => {}
                Err(error) if is_out_of_descriptors(&error) => {
                    count(&self.counters.out_of_descriptors);
                    let source = reserve.dismiss_one(&mut acceptor).unwrap_or(Source::Local);
                    reporter.dropped(&source, Limit::Descriptors);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    debug!(kind = %error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// A place for a connection that came in, or why it is dropped.
    fn place(&self, source: &Source) -> Result<Place, Limit> {
        // The cheapest questions first: under attack this runs for each connection.
        let sessions = self.sessions.tasks.len();
        if sessions >= self.limits.sessions {
            return Err(Limit::Sessions);
        }
        let (half_open, _) = self.half_open.counts();
        if sessions.saturating_add(half_open) >= descriptors() {
            return Err(Limit::Descriptors);
        }
        let place = HalfOpen::enter(&self.half_open, source, &self.limits)?;
        // After the places: a connection that is dropped anyway should not count as a failure.
        if !self.rate.begin(source, Instant::now()) {
            count(&self.counters.over_rate);
            return Err(Limit::Failures);
        }
        Ok(place)
    }

    /// Starts a handshake, or drops the connection in silence when there are too many (R42).
    fn take(&self, incoming: Incoming) -> Result<(), (Source, Limit)> {
        let Incoming { source, open } = incoming;
        let place = match self.place(&source) {
            Ok(place) => place,
            Err(limit) => {
                debug!(%source, %limit, "a connection was dropped");
                return Err((source, limit));
            }
        };
        let span = info_span!("connection", %source, peer = tracing::field::Empty);
        let handshake = Handshake {
            source,
            place,
            config: self.config.clone(),
            trust: self.trust.trust(),
            clock: Clock::start(),
            rate: Arc::clone(&self.rate),
            outcomes: self.outcomes.clone(),
            counters: Arc::clone(&self.counters),
            sessions: self.sessions.clone(),
        };
        let stop = self.stop.clone();
        // In a task of its own, so that a slow peer never delays the accept loop.
        let handshake = async move { handshake.run(open, stop).await };
        drop(self.handshakes.spawn(handshake.instrument(span)));
        Ok(())
    }
}

type Opening = BoxFuture<'static, io::Result<Box<dyn Carrier>>>;

/// One connection, from its arrival to its outcome.
struct Handshake {
    source: Source,
    place: Place,
    config: Config,
    trust: Box<dyn Trust>,
    clock: Clock,
    rate: Arc<Rate>,
    outcomes: mpsc::Sender<Outcome>,
    counters: Arc<Counters>,
    sessions: Sessions,
}

impl Handshake {
    async fn run(mut self, open: Opening, stop: CancellationToken) {
        let evicted = self.place.evicted.clone();
        let result = tokio::select! {
            result = self.admit(open) => result,
            () = stop.cancelled() => return,
            () = evicted.cancelled() => {
                count(&self.counters.over_limit);
                return;
            }
        };
        let source = self.source.clone();
        match &result {
            Ok(session) => {
                self.place.settle();
                self.rate.succeed(&source);
                count(&self.counters.accepted);
                // Only now: an unverified name does not belong into a log (R30).
                let peer = tracing::field::display(session.peer().fingerprint());
                tracing::Span::current().record("peer", peer);
                info!("session accepted");
                // Fails only when the application has dropped the listener.
                drop(self.outcomes.send(Outcome { source, result }).await);
            }
            Err(error) => {
                count(&self.counters.refused);
                info!(code = error.code(), "handshake failed");
                // A stranger must not be able to fill the memory with what is never asked for.
                drop(self.outcomes.try_send(Outcome { source, result }));
            }
        }
    }

    /// Opens the carrier, within the time that M1 may take (R42), and does the handshake.
    async fn admit(&mut self, open: Opening) -> Result<SecureSession, Error> {
        let limit = self.config.policy().limits.first_message;
        // An upgrade counts against the time for the first message: it is part of what a stranger
        // may delay.
        let carrier = tokio::time::timeout(limit, open)
            .await
            .map_err(|_| HandshakeError::Timeout(TimeLimit::FirstMessage))??;
        let open = Arc::clone(&self.sessions.open);
        let reviews = open.reviews();
        let mut trust = Limited {
            trust: self.trust.as_mut(),
            open: &open,
            limit: self.sessions.per_peer,
            asked: false,
        };
        let (config, clock) = (self.config.clone(), self.clock);
        let sessions = Some(&self.sessions);
        let session =
            establish(carrier, Role::Responder, config, &mut trust, clock, sessions).await?;
        // Trust has changed since this peer was asked about, perhaps.
        if trust.asked && open.reviews() != reviews && !trust.trust.authorize(session.peer()).await
        {
            return Err(Error::NoLongerTrusted);
        }
        Ok(session)
    }
}

/// The application's trust, and the limit of sessions with one peer: whose peer has too many is
/// refused before it is accepted.
struct Limited<'a> {
    trust: &'a mut dyn Trust,
    open: &'a OpenSessions,
    limit: usize,
    asked: bool,
}

#[async_trait]
impl Trust for Limited<'_> {
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
        self.trust.identity(claimed).await
    }

    async fn authorize(&mut self, peer: &Identity) -> bool {
        self.asked = true;
        // The limit first: an application may ask a person, who should not be asked in vain.
        !self.open.is_full(peer, self.limit) && self.trust.authorize(peer).await
    }
}

/// Whether an error of accepting concerns one connection only.
fn is_of_one_peer(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted].contains(&kind)
}

#[cfg(unix)]
fn is_out_of_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let error = Errno::from_io_error(error);
    error == Some(Errno::MFILE) || error == Some(Errno::NFILE)
}

#[cfg(not(unix))]
fn is_out_of_descriptors(_: &io::Error) -> bool {
    false
}

/// How many descriptors connections may have.
#[cfg(unix)]
fn descriptors() -> usize {
    use rustix::process::{Resource, getrlimit};
    let all = getrlimit(Resource::Nofile).current.and_then(|all| usize::try_from(all).ok());
    all.map_or(usize::MAX, |all| all.saturating_sub(SPARE).max(all / 2))
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    usize::MAX
}

/// A descriptor that is kept for the time when there is none left: with it, a connection that waits
/// can be accepted and dropped, so its peer is told at once instead of waiting in vain.
struct Reserve(Option<File>);

impl Reserve {
    fn open() -> Self {
        Self(if cfg!(unix) { File::open("/dev/null").ok() } else { None })
    }

    /// Drops one connection that waits; where it came from.
    fn dismiss_one(&mut self, acceptor: &mut impl Acceptor) -> Option<Source> {
        self.0 = None;
        let dismissed = acceptor.next().now_or_never();
        *self = Self::open();
        dismissed?.ok().map(|incoming| incoming.source)
    }
}
