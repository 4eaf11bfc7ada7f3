//! The only place where this crate reads a clock, and asks how many cores there are.

use std::num::NonZero;
use std::sync::OnceLock;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use sdmp_container::Timestamp;
use sdmp_handshake::Now;
use tokio::time::Instant;

use crate::Error;

/// Monotonic time since an origin, and the time of day: what the sans-IO core takes as [`Now`].
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic part starts at zero now.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The present moment.
    ///
    /// # Errors
    /// [`Error::Clock`] if the system's time of day is before 1970 or after 9999: without it
    /// it cannot be told whether an identity has expired (R6).
    pub fn now(&self) -> Result<Now, Error> {
        Ok(Now { elapsed: self.origin.elapsed(), wall: wall_time()? })
    }

    /// The moment that is `elapsed` after the origin.
    pub(crate) fn at(&self, elapsed: Duration) -> Instant {
        self.origin.checked_add(elapsed).unwrap_or_else(far_future)
    }
}

/// How many cores this process may use; asked once.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| available_parallelism().map_or(1, NonZero::get))
}

fn far_future() -> Instant {
    // A day: a caller that waits so long asks again.
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    Instant::now().checked_add(DAY).unwrap_or_else(Instant::now)
}

/// The time of day as an R6 timestamp.
///
/// # Errors
/// [`Error::Clock`] if the system's time of day is before 1970 or after 9999.
pub fn wall_time() -> Result<Timestamp, Error> {
    let since =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| Error::Clock)?;
    let millis = i64::try_from(since.as_millis()).map_err(|_| Error::Clock)?;
    Timestamp::from_unix_millis(millis).ok_or(Error::Clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn elapsed_follows_the_runtime() {
        let clock = Clock::start();
        tokio::time::sleep(Duration::from_secs(7)).await;
        let now = clock.now().unwrap();
        assert!(now.elapsed >= Duration::from_secs(7));
        assert!(now.wall.unix_millis() > 1_700_000_000_000);
    }
}
