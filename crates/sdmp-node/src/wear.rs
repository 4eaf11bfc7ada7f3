//! How much of what R35 allows a session is used.

use std::sync::atomic::{AtomicU64, Ordering};

use sdmp_container::Container;
use sdmp_handshake::SessionLimits;

/// What a message is padded to (R33).
const PADDING: u64 = 8192;

/// How much of what R35 allows one direction is used. At three quarters another session should take
/// over, while what is open still has room to end.
#[derive(Debug)]
pub(crate) struct Wear {
    objects: AtomicU64,
    octets: AtomicU64,
    enough: (u64, u64),
}

impl Wear {
    pub(crate) fn new(limits: &SessionLimits) -> Self {
        let enough = (limits.objects / 4 * 3, limits.octets / 4 * 3);
        Self { objects: AtomicU64::new(0), octets: AtomicU64::new(0), enough }
    }

    /// Counts a message; whether it is enough. Both directions may be counted as one: sooner than need
    /// be, and simple.
    pub(crate) fn count(&self, message: &Container) -> bool {
        let octets = u64::try_from(message.text().len()).unwrap_or(u64::MAX / 2);
        let padded = octets.div_ceil(PADDING) * PADDING;
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.octets.fetch_add(padded, Ordering::Relaxed);
        self.is_enough()
    }

    /// Whether another session should take over.
    pub(crate) fn is_enough(&self) -> bool {
        let (objects, octets) = self.enough;
        self.objects.load(Ordering::Relaxed) > objects
            || self.octets.load(Ordering::Relaxed) > octets
    }
}
