//! What can be inspected, and how it is told apart.

mod budget;
pub(crate) mod pcap;
pub mod recording;
pub(crate) mod stream;

use sdmp_handshake::{Deframer, Role};

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// One container, as it is stored or handed on; also what is nothing else.
    Container,
    /// A recording: one JSON object a line.
    Recording,
    /// A capture of network traffic: pcap or pcapng.
    Capture,
    /// Objects that stand one after the other (R43).
    Stream,
}

impl InputKind {
    /// `container`, `recording`, `capture` or `stream`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Recording => "recording",
            Self::Capture => "capture",
            Self::Stream => "stream",
        }
    }
}

/// The octets to inspect.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    octets: &'a [u8],
    sender: Option<Role>,
}

impl<'a> Input<'a> {
    /// A container, a recording, a capture, or objects one after the other; its kind is found by
    /// looking at it.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self { octets, sender: None }
    }

    /// Says who sent the objects of a stream of one direction.
    #[must_use]
    pub fn sent_by(self, sender: Option<Role>) -> Self {
        Self { sender, ..self }
    }

    pub(crate) fn octets(&self) -> &'a [u8] {
        self.octets
    }

    pub(crate) fn sender(&self) -> Option<Role> {
        self.sender
    }

    /// What it is, by how it begins.
    #[must_use]
    pub fn kind(&self) -> InputKind {
        // In the order of how certain the marks are: everything else may be a stream.
        if recording::is_recording(self.octets) {
            InputKind::Recording
        } else if pcap::is_capture(self.octets) {
            InputKind::Capture
        } else if is_container(self.octets) {
            InputKind::Container
        } else {
            InputKind::Stream
        }
    }
}

/// One object and nothing else. What cannot be framed counts as a container too: its report says
/// where it is malformed.
fn is_container(octets: &[u8]) -> bool {
    let mut rest = octets.trim_ascii();
    match Deframer::new().next(&mut rest, usize::MAX) {
        Ok(Some(_)) => rest.trim_ascii().is_empty(),
        // A damaged container is explained as one, since its fault is what the user looks for.
        Ok(None) | Err(_) => true,
    }
}
