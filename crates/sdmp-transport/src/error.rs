//! What can go wrong between the session and the world.

use std::io;

/// Why a session could not be made, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The protocol's own verdict: the peer, a message, a time limit or our own use of it.
    #[error(transparent)]
    Handshake(#[from] sdmp_handshake::Error),
    /// The carrier failed.
    #[error("the carrier failed ({}): check the network and whether the peer is still running", describe(*.0))]
    Carrier(io::ErrorKind),
    /// The session was closed on our side already.
    #[error("this side has closed the session: open a new one to send more")]
    Closed,
    /// The connection ended before there was a session.
    #[error("{}", no_session(*.answered))]
    NoSession {
        /// Whether the peer had sent anything. If not, it may have too many connections now (R42), or
        /// be no node of SDMP: trying again may help.
        answered: bool,
    },
    /// Nothing came from the peer, and nothing could be sent to it, for as long as
    /// [`SessionLimits::silence`](sdmp_handshake::SessionLimits::silence) allows.
    #[error("the peer was silent for too long: it may be gone")]
    Silent,
    /// The listener has as many sessions as it may have with this peer.
    #[error("there are as many sessions with this peer as this side allows")]
    TooManySessions,
    /// The application ended the sessions of this peer: it does not trust it any more.
    #[error("the session was ended because its peer is no longer trusted")]
    NoLongerTrusted,
    /// Our close was sent, and the peer's did not come within the time limit.
    #[error("the peer did not close the session in time: what it still had to send is lost")]
    CloseTimeout,
    /// The listener that the session belongs to was shut down, and its deadline ran out.
    #[error(
        "this side was shut down before the session had ended: what was still on its way is lost"
    )]
    ShutDown,
    /// The session's task is gone: the runtime was shut down under it.
    #[error("the session was aborted because its runtime was shut down")]
    Aborted,
    /// The system's clock shows no usable time (R6).
    #[error("the system clock is not between the years 1970 and 9999 (R6): set it")]
    Clock,
    /// The operating system gave no random octets.
    #[error(transparent)]
    Crypto(#[from] sdmp_crypto::Error),
}

impl Error {
    /// The stable code of this error, for logs and for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Handshake(error) => error.code(),
            Self::Carrier(io::ErrorKind::TimedOut) => "carrier.timeout",
            Self::Carrier(_) => "carrier.failed",
            Self::NoSession { .. } => "session.none",
            Self::Silent => "session.silent",
            Self::TooManySessions => "session.too_many",
            Self::NoLongerTrusted => "session.no_longer_trusted",
            Self::Closed => "session.closed",
            Self::CloseTimeout => "session.close_timeout",
            Self::ShutDown => "session.shut_down",
            Self::Aborted => "session.aborted",
            Self::Clock => "clock.unusable",
            Self::Crypto(error) => error.code(),
        }
    }

    /// Whether the stream was cut: it ended or broke without the peer's authenticated close (R41),
    /// so that what came may not be all that was sent.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        match self {
            Self::Handshake(error) => matches!(error, sdmp_handshake::Error::Truncated),
            Self::Carrier(kind) => !matches!(kind, io::ErrorKind::TimedOut),
            Self::Closed
            | Self::NoSession { .. }
            | Self::Silent
            | Self::TooManySessions
            | Self::NoLongerTrusted
            | Self::CloseTimeout
            | Self::ShutDown
            | Self::Aborted
            | Self::Clock
            | Self::Crypto(_) => false,
        }
    }

    /// Whether the peer closed the connection before it said anything, as a listener does that has too
    /// many connections (R42): try again after a pause.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        matches!(self, Self::NoSession { answered: false })
    }

    /// Whether a time limit of R42 ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Handshake(error) => matches!(error, sdmp_handshake::Error::Timeout(_)),
            Self::Carrier(kind) => matches!(kind, io::ErrorKind::TimedOut),
            Self::CloseTimeout | Self::Silent => true,
            Self::Closed
            | Self::NoSession { .. }
            | Self::TooManySessions
            | Self::NoLongerTrusted
            | Self::ShutDown
            | Self::Aborted
            | Self::Clock
            | Self::Crypto(_) => false,
        }
    }
}

impl From<io::Error> for Error {
    /// Keeps the kind only: the text of an `io::Error` may quote the peer.
    fn from(error: io::Error) -> Self {
        Self::Carrier(error.kind())
    }
}

fn no_session(answered: bool) -> &'static str {
    if answered {
        "the connection ended during the handshake, so there was no session: try again"
    } else {
        "the connection was closed before the peer said anything, so there was no session: it may have \
         too many connections at the moment, or be no node of SDMP"
    }
}

fn describe(kind: io::ErrorKind) -> String {
    kind.to_string()
}
