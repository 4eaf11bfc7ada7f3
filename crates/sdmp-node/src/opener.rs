//! Opening sessions with a peer that limits handshakes under way.

use std::io;
use std::time::Duration;

use sdmp_handshake::Config;
use sdmp_transport::{Carrier, SecureSession, connect};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::error::Error;

/// Handshakes under way at once: half of what a listener grants one source (R42), so that a second
/// program on this machine gets through too.
const UNDER_WAY: usize = 8;
/// How long the network may take to connect.
const DIAL_LIMIT: Duration = Duration::from_secs(10);
/// How long a dropped connection is tried again.
const TRYING: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Opens sessions with one peer, a few at a time. A connection that the peer drops in silence before
/// it has answered is tried again for some seconds: so listeners treat those who are too many (R42).
///
/// ```no_run
/// # async fn open(config: sdmp_handshake::Config) -> Result<(), sdmp_node::Error> {
/// use sdmp_transport::{Carrier, tcp};
///
/// let dial = || async {
///     let carrier = tcp::dial("192.0.2.7:7667").await?;
///     Ok(Box::new(carrier) as Box<dyn Carrier>)
/// };
/// let session = sdmp_node::Opener::default().open("192.0.2.7:7667", dial, &config).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Opener {
    places: Semaphore,
    trying: Duration,
}

impl Default for Opener {
    fn default() -> Self {
        Self { places: Semaphore::new(UNDER_WAY), trying: TRYING }
    }
}

impl Opener {
    /// One that tries once: for a person who can try again, and for tests that count connections.
    #[must_use]
    pub fn once() -> Self {
        Self { trying: Duration::ZERO, ..Self::default() }
    }

    /// Opens a session over a connection that `dial` makes; `address` is for errors only.
    ///
    /// # Errors
    /// [`Error::NoAnswer`], [`Error::Connect`], [`Error::Session`]: those of the last attempt.
    pub async fn open<D, F>(
        &self,
        address: &str,
        dial: D,
        config: &Config,
    ) -> Result<SecureSession, Error>
    where
        D: Fn() -> F,
        F: Future<Output = io::Result<Box<dyn Carrier>>>,
    {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let place = self.places.acquire().await;
            let opened = attempt(address, dial(), config.clone()).await;
            drop(place);
            match opened {
                Err(error) if is_dropped(&error) && began.elapsed() < self.trying => {}
                opened => return opened,
            }
            sleep(pause.mul_f64(jitter())).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
}

/// Opens one session, without another try.
pub(crate) async fn attempt(
    address: &str,
    dialling: impl Future<Output = io::Result<Box<dyn Carrier>>>,
    config: Config,
) -> Result<SecureSession, Error> {
    Ok(connect(dial(address, dialling).await?, config).await?)
}

/// Opens a connection within the time that the network may take, and nothing more.
pub(crate) async fn dial(
    address: &str,
    dialling: impl Future<Output = io::Result<Box<dyn Carrier>>>,
) -> Result<Box<dyn Carrier>, Error> {
    let no_answer = || Error::NoAnswer { address: address.to_owned(), limit: DIAL_LIMIT };
    timeout(DIAL_LIMIT, dialling).await.map_err(|_| no_answer())?.map_err(|error| Error::Connect {
        address: address.to_owned(),
        cause: error.to_string(),
        kind: error.kind(),
    })
}

/// Whether the peer ended the connection before there was a session.
fn is_dropped(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        Error::Session(error @ sdmp_transport::Error::NoSession { .. }) => error.is_unanswered(),
        Error::Session(error) => error.is_cut(),
        Error::Connect { kind, .. } => {
            [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(kind)
        }
        _ => false,
    }
}

/// Between a half and one and a half: those who were dropped together do not come back together.
fn jitter() -> f64 {
    use sdmp_crypto::random::{Random, SystemRandom};
    let mut octet = [128_u8];
    // Without randomness all wait equally long, which only takes longer.
    drop(SystemRandom::new().fill(&mut octet));
    0.5 + f64::from(octet.first().copied().unwrap_or_default()) / 256.0
}
