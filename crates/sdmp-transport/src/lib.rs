#![doc = include_str!("../README.md")]

pub mod carrier;
pub mod clock;
mod drive;
pub mod error;
#[cfg(all(feature = "files", unix))]
pub mod files;
pub mod listener;
pub mod memory;
pub mod octets;
pub mod session;
#[cfg(feature = "stdio")]
pub mod stdio;
#[cfg(feature = "stream")]
pub mod stream;
mod task;
#[cfg(feature = "tcp")]
pub mod tcp;
pub mod trust;
#[cfg(all(feature = "unix", unix))]
pub mod unix;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use carrier::{Carrier, CarrierLimits, ObjectReceiver, ObjectSender};
pub use error::Error;
pub use listener::Listener;
pub use octets::ByteStream;
pub use session::{SecureSession, SessionReceiver, SessionSender};
#[cfg(feature = "stream")]
pub use stream::SecureStream;
pub use trust::{ConfiguredOnly, Trust};

use std::sync::Arc;
use std::time::Duration;

use sdmp_crypto::random::SystemRandom;
pub use sdmp_handshake::{Accepted, Received};
use sdmp_handshake::{Config, Connection, Now};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::drive::Driver;
use crate::listener::open::OpenSessions;

/// Opens a session over a carrier whose connection this side has opened. Only the identities that
/// the configuration trusts are accepted; pin the one that you expect.
///
/// Returns after the rejection that a failure owes the peer was delivered, which takes at most a
/// second (R38).
///
/// # Errors
/// Why there is no session; nothing was accepted and nothing delivered.
pub async fn connect(carrier: impl Carrier, config: Config) -> Result<SecureSession, Error> {
    establish(carrier, Role::Initiator, config, &mut ConfiguredOnly, Clock::start(), None).await
}

/// As [`connect`], and asks `trust` about peers that the configuration does not name (R30).
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(
    carrier: impl Carrier,
    config: Config,
    trust: &mut dyn Trust,
) -> Result<SecureSession, Error> {
    establish(carrier, Role::Initiator, config.ask_about_unknown(), trust, Clock::start(), None)
        .await
}

/// Opens a session over a carrier whose connection the peer has opened. Only the identities that
/// the configuration trusts are accepted.
///
/// # Errors
/// As [`connect`].
pub async fn accept(carrier: impl Carrier, config: Config) -> Result<SecureSession, Error> {
    establish(carrier, Role::Responder, config, &mut ConfiguredOnly, Clock::start(), None).await
}

/// As [`accept`], and asks `trust` about peers that the configuration does not name (R30).
///
/// # Errors
/// As [`connect`].
pub async fn accept_with(
    carrier: impl Carrier,
    config: Config,
    trust: &mut dyn Trust,
) -> Result<SecureSession, Error> {
    establish(carrier, Role::Responder, config.ask_about_unknown(), trust, Clock::start(), None)
        .await
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Initiator,
    Responder,
}

/// The tasks of a listener's sessions, and what cuts them.
#[derive(Clone, Debug)]
struct Sessions {
    tasks: TaskTracker,
    /// Cuts them all.
    cut: CancellationToken,
    open: Arc<OpenSessions>,
    /// How many may be open with one peer.
    per_peer: usize,
}

impl Sessions {
    fn new(per_peer: usize) -> Self {
        let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
        Self { tasks, cut, open: Arc::default(), per_peer }
    }
}

async fn establish(
    carrier: impl Carrier,
    role: Role,
    config: Config,
    trust: &mut dyn Trust,
    clock: Clock,
    sessions: Option<&Sessions>,
) -> Result<SecureSession, Error> {
    // The connection began when the clock did: what was needed to open the carrier counts (R42).
    let now = Now { elapsed: Duration::ZERO, wall: clock::wall_time()? };
    let random = Box::new(SystemRandom::new());
    let config = config.workers_unless_set(clock::cores());
    let connection = match role {
        Role::Initiator => Connection::initiate(config, now, random)?,
        Role::Responder => Connection::respond(config, now, random),
    };
    let mut driver = Driver::new(connection, carrier, clock);
    let accepted = driver.handshake(trust).await?;
    SecureSession::start(driver, accepted, sessions)
}
