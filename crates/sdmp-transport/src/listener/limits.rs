//! What a listener allows strangers and peers, and where they come from.

use std::fmt;
use std::net::IpAddr;

/// Where a connection comes from, as far as the carrier tells.
///
/// Behind a proxy that forwards connections, all of them come from the proxy, and so share the limits
/// of one source: raise those, or let the proxy hold its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// An address of the network. All addresses of one IPv6 /64 count as one source.
    Ip(IpAddr),
    /// This machine, by a carrier without addresses.
    Local,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

impl Source {
    /// What the limits for one source count: an IPv6 user has 2^64 addresses.
    #[must_use]
    pub fn bucket(&self) -> Self {
        match self {
            Self::Ip(IpAddr::V6(v6)) => {
                // /64 is what one customer usually gets.
                let prefix = v6.to_bits() >> 64 << 64;
                v6.to_ipv4_mapped()
                    .map_or(Self::Ip(IpAddr::V6(prefix.into())), |v4| Self::Ip(IpAddr::V4(v4)))
            }
            Self::Ip(IpAddr::V4(_)) | Self::Local => self.clone(),
        }
    }
}

/// The limits of a listener: on connections whose handshake is not complete (R42), on handshakes that
/// fail, and on sessions.
///
/// ```
/// use sdmp_transport::listener::ListenerLimits;
///
/// let limits = ListenerLimits::default().with_sessions(2_000).with_sessions_per_peer(8);
/// assert_eq!(limits.half_open, 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerLimits {
    /// Handshakes under way, in all: 256.
    pub half_open: usize,
    /// Handshakes under way from one source: 16. Carriers without addresses have the limit in all
    /// only, and there a newcomer takes the place of the oldest one.
    pub half_open_per_source: usize,
    /// Handshakes of one source that come to nothing, a second: 10; 0 for no limit. Those that are
    /// accepted do not count. Carriers without addresses have no such limit.
    pub failures_per_second: u32,
    /// How many of them may come to nothing at once before: 1,024.
    pub failures_at_once: u32,
    /// Accepted sessions at the same time: 1,024, and no more than the process's descriptors allow.
    /// Looked at when a connection comes in: handshakes that were under way then may still be
    /// accepted.
    pub sessions: usize,
    /// Accepted sessions with one peer at the same time: 256.
    pub sessions_per_peer: usize,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            half_open: 256,
            half_open_per_source: 16,
            failures_per_second: 10,
            failures_at_once: 1024,
            sessions: 1024,
            sessions_per_peer: 256,
        }
    }
}

impl ListenerLimits {
    /// Allows so many handshakes under way.
    #[must_use]
    pub fn with_half_open(mut self, connections: usize) -> Self {
        self.half_open = connections;
        self
    }

    /// Allows so many handshakes under way from one source.
    #[must_use]
    pub fn with_half_open_per_source(mut self, connections: usize) -> Self {
        self.half_open_per_source = connections;
        self
    }

    /// Allows so many failed handshakes of one source a second; 0 for no limit.
    #[must_use]
    pub fn with_failures_per_second(mut self, handshakes: u32) -> Self {
        self.failures_per_second = handshakes;
        self
    }

    /// Allows so many failed handshakes of one source at once.
    #[must_use]
    pub fn with_failures_at_once(mut self, handshakes: u32) -> Self {
        self.failures_at_once = handshakes;
        self
    }

    /// Allows so many sessions.
    #[must_use]
    pub fn with_sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// Allows so many sessions with one peer.
    #[must_use]
    pub fn with_sessions_per_peer(mut self, sessions: usize) -> Self {
        self.sessions_per_peer = sessions;
        self
    }
}

/// Why a listener dropped a connection in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`ListenerLimits::half_open`].
    HalfOpen,
    /// [`ListenerLimits::half_open_per_source`].
    HalfOpenPerSource,
    /// [`ListenerLimits::failures_per_second`].
    Failures,
    /// [`ListenerLimits::sessions`].
    Sessions,
    /// The process may open no more descriptors.
    Descriptors,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HalfOpen => "too many handshakes are under way (R42)",
            Self::HalfOpenPerSource => "too many handshakes from there are under way (R42)",
            Self::Failures => "too many handshakes from there have failed",
            Self::Sessions => "too many sessions are open",
            Self::Descriptors => "this process may open no more files and connections (ulimit -n)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Source {
        Source::Ip(text.parse().unwrap())
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        assert_eq!(ip("2001:db8::1").bucket(), ip("2001:db8::ffff:1").bucket());
        assert_ne!(ip("2001:db8:0:1::1").bucket(), ip("2001:db8:0:2::1").bucket());
        assert_eq!(ip("::ffff:10.0.0.1").bucket(), ip("10.0.0.1"));
    }
}
