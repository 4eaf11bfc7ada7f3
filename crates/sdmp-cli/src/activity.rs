//! When octets of a session last moved.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
/// In milliseconds after [`START`].
static MOVED: AtomicU64 = AtomicU64::new(0);

/// Notes that octets of a session moved.
pub(crate) fn moved() {
    let now = u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX);
    MOVED.fetch_max(now, Ordering::Relaxed);
}

/// When they last did; before they ever did, when the program asked first.
pub(crate) fn last() -> Instant {
    *START + Duration::from_millis(MOVED.load(Ordering::Relaxed))
}
