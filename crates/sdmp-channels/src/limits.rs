//! How much channels may hold and take.

/// The octets that each side may send in a new channel before the other has allowed more. Part of the
/// protocol: both sides count from it.
pub const INITIAL_WINDOW: u64 = 32 * 1024;

/// The largest number of octets that a side may be allowed to send at one moment.
pub(crate) const LARGEST_CREDIT: u64 = 1 << 31;

/// What one side of a session takes and keeps. What a peer can make this side hold is at most
/// `opened_there` times [`INITIAL_WINDOW`], and `growth`: 96 MiB by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Channels that this side has open at once: 1,024. Further ones wait.
    pub opened_here: usize,
    /// Channels that the peer may have open at once: 2,048, since the two sides count a channel as
    /// ended at different moments. Further ones are refused.
    pub opened_there: usize,
    /// The largest window of one channel in octets: 1 MiB. A window grows while what comes is taken.
    pub largest_window: u64,
    /// What all windows together may grow beyond the initial one, in octets: 32 MiB.
    pub growth: u64,
    /// Octets of one channel that wait to be sent: 64 KiB.
    pub waiting: usize,
    /// The text of one message in octets: 64 KiB, which fills eight padding blocks (R33).
    pub message: usize,
    /// Octets of one channel in a message while others wait too: 8 KiB.
    pub share: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            opened_here: 1024,
            opened_there: 2048,
            largest_window: 1 << 20,
            growth: 32 << 20,
            waiting: 64 * 1024,
            message: 8 * 8192,
            share: 8 * 1024,
        }
    }
}

impl Limits {
    /// Has so many channels of its own open at once.
    #[must_use]
    pub fn with_opened_here(self, opened_here: usize) -> Self {
        Self { opened_here, ..self }
    }

    /// Lets the peer have so many channels open at once.
    #[must_use]
    pub fn with_opened_there(self, opened_there: usize) -> Self {
        Self { opened_there, ..self }
    }

    /// Lets all windows together grow by so many octets.
    #[must_use]
    pub fn with_growth(self, growth: u64) -> Self {
        Self { growth, ..self }
    }
}
