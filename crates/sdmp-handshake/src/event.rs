//! What a connection tells its application, and what it is told.

use sdmp_container::Fingerprint;
use sdmp_crypto::dh::Group;
use sdmp_envelope::Identity;

use crate::error::Error;
use crate::session::Received;

/// What happened on a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The peer claims this fingerprint: answer with
    /// [`Connection::provide_identity`](crate::Connection::provide_identity).
    NeedIdentity {
        /// The claimed fingerprint; not verified.
        claimed: Fingerprint,
    },
    /// This peer is verified: answer with [`Connection::decide`](crate::Connection::decide).
    Authorize {
        /// The verified peer.
        peer: Identity,
    },
    /// The session is accepted; containers may be sent.
    Accepted(Accepted),
    /// A container from the peer.
    Message(Box<Received>),
    /// The peer sends nothing more.
    Closed {
        /// Whether the peer said so itself (hardened); else the stream just ended (published).
        authenticated: bool,
    },
    /// The connection is over. Send what
    /// [`Connection::poll_output`](crate::Connection::poll_output) still gives (while
    /// [`Connection::holds_refusal`](crate::Connection::holds_refusal), after its moment), half-close, read
    /// and discard for [`SessionLimits::linger`](crate::SessionLimits::linger), close (R38).
    Failed(Error),
}

/// What is known once the session is accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The verified and trusted peer.
    pub peer: Identity,
    /// The session's public name; hardened only (R44).
    pub session_id: Option<[u8; 32]>,
    /// The Diffie-Hellman group.
    pub group: Group,
}

/// The application's answer about a verified peer (R30).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Trust,
    /// Refuse; the peer does not learn why (R37).
    Refuse,
}
