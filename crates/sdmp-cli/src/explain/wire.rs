//! What was seen of a session from outside: objects, with direction and time where they are known.

use sdmp_container::Timestamp;

use crate::cli::Profile;

/// Who sent an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Initiator,
    Responder,
}

impl Side {
    pub(crate) const ALL: [Self; 2] = [Self::Initiator, Self::Responder];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// One of something for each side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Both<T> {
    initiator: T,
    responder: T,
}

impl<T> Both<T> {
    pub(crate) fn of(&self, side: Side) -> &T {
        match side {
            Side::Initiator => &self.initiator,
            Side::Responder => &self.responder,
        }
    }

    pub(crate) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Initiator => &mut self.initiator,
            Side::Responder => &mut self.responder,
        }
    }
}

/// What was seen at one moment.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// An object, from its opening to its closing brace (R43).
    Object(Vec<u8>),
    /// Octets that could not be cut into objects.
    Unframed(Vec<u8>),
    /// The sender sends no more; inside an object, when it is not whole.
    End { whole: bool },
}

/// One piece of a capture.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// `None` where the capture does not tell.
    pub(crate) from: Option<Side>,
    /// Milliseconds since the beginning of the session.
    pub(crate) ms: Option<f64>,
    pub(crate) seen: Seen,
}

/// One session as somebody on the way, or one of the two, has seen it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capture {
    pub(crate) title: String,
    /// What the recording says; otherwise sizes and keys tell.
    pub(crate) profile: Option<Profile>,
    /// When it began.
    pub(crate) time: Option<Timestamp>,
    pub(crate) pieces: Vec<Piece>,
    /// What is wrong with the capture itself.
    pub(crate) notes: Vec<String>,
}
