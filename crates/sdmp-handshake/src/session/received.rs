//! What came out of an object of the peer's.

use sdmp_container::Container;

/// How the extension schemas of a received container were judged (R38a). Core schemas always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionCheck {
    /// It names none.
    None,
    /// It names some, and all hold.
    Valid,
    /// At least one could not be resolved, or no validator was configured.
    Unresolved,
    /// At least one does not hold.
    Invalid,
}

/// A container from the peer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The container, with the octets as they were sealed.
    pub container: Container,
    /// What is known of its extension schemas.
    pub extension: ExtensionCheck,
}

/// What an opened object was.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A container of the application's.
    Message(Box<Received>),
    /// The peer's close: it sends nothing more (R41).
    Closed,
}

impl From<Received> for Container {
    fn from(received: Received) -> Self {
        received.container
    }
}
