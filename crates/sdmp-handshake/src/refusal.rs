//! When a sealed refusal leaves (R37).

use std::time::Duration;

/// Sealed refusals leave at multiples of this after the refused object arrived: longer than
/// anything that depends on the peer's key or on a look-up of its name takes.
pub const REFUSAL_STEP: Duration = Duration::from_millis(50);

/// When the refusal of an object leaves that arrived at `arrived`, where the work was done at
/// `done`: the next multiple of [`REFUSAL_STEP`] after `arrived` (R37).
///
/// Both, and the result, are on one scale of the caller's, as [`Now::elapsed`](crate::Now::elapsed)
/// is. In the by-value tier the caller waits until then before it sends
/// [`Failed::send`](crate::Failed::send) with [`Failed::delayed`](crate::Failed::delayed); a
/// [`Connection`](crate::Connection) holds it back itself.
///
/// ```
/// use sdmp_handshake::{REFUSAL_STEP, refusal_due};
/// use std::time::Duration;
///
/// let arrived = Duration::from_millis(1_007);
/// for work in [0, 3, 49] {
///     let done = arrived + Duration::from_millis(work);
///     assert_eq!(refusal_due(arrived, done), arrived + REFUSAL_STEP);
/// }
/// ```
#[must_use]
pub fn refusal_due(arrived: Duration, done: Duration) -> Duration {
    let step = REFUSAL_STEP.as_nanos();
    // Rounded up, so that the moment depends on the work only where it took longer than a whole
    // step.
    let steps = done.saturating_sub(arrived).as_nanos() / step + 1;
    let wait =
        u64::try_from(steps.saturating_mul(step)).map_or(Duration::MAX, Duration::from_nanos);
    arrived.saturating_add(wait)
}

/// A refusal that a connection holds back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    arrived: Duration,
    /// Known once the time after the work is.
    due: Option<Duration>,
}

impl Held {
    pub(crate) fn new(arrived: Duration) -> Self {
        Self { arrived, due: None }
    }

    /// When to be told the time next: at once, to learn how long the work took, then when due.
    pub(crate) fn wake(&self) -> Duration {
        self.due.unwrap_or(self.arrived)
    }

    /// Whether the refusal may leave now.
    pub(crate) fn is_due(&mut self, now: Duration) -> bool {
        let arrived = self.arrived;
        // Fixed at the first look after the work: later looks must not move the moment.
        now >= *self.due.get_or_insert_with(|| refusal_due(arrived, now))
    }
}
