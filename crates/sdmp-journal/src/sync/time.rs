//! Arithmetic on moments, without overflow.

use std::time::Duration;

use sdmp_container::Timestamp;

/// The moment `by` later, at most the last one that has a form (R6).
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_millis(at.unix_millis().saturating_add(millis)).unwrap_or(Timestamp::MAX)
}

/// How long after `earlier` the moment `at` is; nothing if it is before.
pub(crate) fn since(at: Timestamp, earlier: Timestamp) -> Duration {
    let millis = at.unix_millis().saturating_sub(earlier.unix_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
