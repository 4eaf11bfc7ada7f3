//! How long either side of a transfer waits for the other.

use std::time::Duration;

use sdmp_handshake::SessionLimits;
use sdmp_transport::{SessionReceiver, SessionSender};
use tokio::time::timeout;

use crate::error::Error;

/// The slowest disk that is reckoned with, in octets a second.
const SLOWEST_DISK: u64 = 8 << 20;

/// How long either side of a transfer waits for the other, where the peer is connected but does
/// nothing. The time that hashing or writing a large file takes comes on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// For the answer to an announcement: 15 s.
    pub answer: Duration,
    /// For the next octets of a file: 60 s.
    pub silence: Duration,
    /// For the next announcement; a sender reads a file to its end before it announces it: 6 h.
    pub idle: Duration,
    /// For the peer's close after ours: 10 s.
    pub close: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(15),
            silence: Duration::from_secs(60),
            idle: Duration::from_secs(6 * 60 * 60),
            close: Duration::from_secs(10),
        }
    }
}

impl Patience {
    /// What suits a carrier with these limits: one that is slower to shake hands (a folder that is
    /// synchronised now and then) is slower in everything.
    #[must_use]
    pub fn for_limits(limits: &SessionLimits) -> Self {
        let least = |usual: Duration| usual.max(limits.handshake);
        let usual = Self::default();
        Self {
            answer: least(usual.answer),
            silence: least(usual.silence),
            idle: least(usual.idle),
            close: limits.handshake,
        }
    }

    /// For an answer before which the receiver may read or write so many octets.
    pub(super) fn answer_after(&self, octets: u64) -> Duration {
        self.answer.saturating_add(Duration::from_secs(octets / SLOWEST_DISK))
    }
}

/// Waits for something that the peer must do.
pub(super) async fn within<T>(
    limit: Duration,
    doing: &'static str,
    waiting: impl Future<Output = Result<T, sdmp_transport::Error>>,
) -> Result<T, Error> {
    match timeout(limit, waiting).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Error::Silent { doing, limit }),
    }
}

/// Closes, and waits for the peer's close; whether that was authenticated (R41).
pub(super) async fn close_and_wait(
    sender: &mut SessionSender,
    receiver: &mut SessionReceiver,
    limit: Duration,
) -> Result<bool, Error> {
    let ending = async {
        sender.finish().await?;
        if receiver.recv().await?.is_some() {
            return Err(Error::NotATransfer);
        }
        sender.finished().await?;
        Ok(())
    };
    timeout(limit, ending).await.map_err(|_| sdmp_transport::Error::CloseTimeout)??;
    Ok(receiver.closed_authentically())
}
