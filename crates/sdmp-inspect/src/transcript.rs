//! What was seen of a session from outside: objects, with direction and time where they are known.

use sdmp_container::closed::SessionCreation;
use sdmp_container::{Limits, Timestamp};
use sdmp_handshake::{Profile, Role};

/// One of something for each side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Both<T> {
    initiator: T,
    responder: T,
}

impl<T> Both<T> {
    pub(crate) fn of(&self, side: Role) -> &T {
        match side {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }

    pub(crate) fn of_mut(&mut self, side: Role) -> &mut T {
        match side {
            Role::Initiator => &mut self.initiator,
            Role::Responder => &mut self.responder,
        }
    }
}

/// What was seen at one moment.
#[derive(Clone, Debug)]
pub enum Seen {
    /// An object, from its opening to its closing brace (R43).
    Object(Vec<u8>),
    /// Octets that could not be cut into objects.
    Unframed(Vec<u8>),
    /// The sender sends no more; inside an object, when it is not whole.
    End {
        /// Whether it ended between two objects.
        whole: bool,
    },
}

/// One piece of a capture.
#[derive(Clone, Debug)]
pub struct Piece {
    /// `None` where the capture does not tell.
    pub from: Option<Role>,
    /// Milliseconds since the beginning of the session.
    pub ms: Option<f64>,
    /// What it is.
    pub seen: Seen,
}

/// One session, as an eavesdropper or one of the two peers observed it.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// What it is called in the report.
    pub title: String,
    /// What the recording says; otherwise sizes and keys tell.
    pub profile: Option<Profile>,
    /// When it began.
    pub time: Option<Timestamp>,
    /// What was seen, in its order.
    pub pieces: Vec<Piece>,
    /// What is wrong with the capture itself.
    pub notes: Vec<String>,
}

/// Whether this is a session creation object, by what it contains.
pub(crate) fn is_creation(object: &[u8]) -> bool {
    SessionCreation::parse_within(object, &Limits::CLOSED_PLAIN).is_ok()
}
