//! What a transfer tells while it goes on.

use std::ops::ControlFlow;
use std::path::Path;

use super::message::Announced;
use super::refusal::Refusal;
use crate::error::Error;

/// Something that happened in a transfer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The sender reads a file to find its hash, before anything of it is announced.
    Reading {
        /// The file's name.
        name: &'a str,
        /// Its size in octets, as far as it is known.
        size: u64,
    },
    /// A file was announced and is taken.
    Began {
        /// What was announced.
        file: &'a Announced,
        /// How many octets the receiver holds already.
        offset: u64,
    },
    /// So many octets more were read, sent or received.
    Advanced(usize),
    /// A file is stored with its name, and its hash was right.
    Stored {
        /// What was announced.
        file: &'a Announced,
        /// Where it is; `None` on the sender's side.
        path: Option<&'a Path>,
    },
    /// The receiver refused a file. The transfer goes on with the next one.
    Refused {
        /// What was announced; the name comes from the peer where this side receives.
        file: &'a Announced,
        /// Why.
        refusal: &'a Refusal,
    },
    /// This side cannot send a file. The transfer goes on with the next one.
    Failed {
        /// The file's name.
        name: &'a str,
        /// Why.
        error: &'a Error,
    },
}

/// Is told what goes on. Any closure from [`Event`] to [`ControlFlow`] is one;
/// [`ControlFlow::Break`] ends the transfer with [`Error::Stopped`].
pub trait Watch: Send {
    /// Takes an event. It is called from within the transfer, so it should not wait.
    fn tell(&mut self, event: Event<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(Event<'_>) -> ControlFlow<()> + Send> Watch for F {
    fn tell(&mut self, event: Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}

/// Tells, and ends the transfer where that is wished.
pub(super) fn tell(watch: &mut dyn Watch, event: Event<'_>) -> Result<(), Error> {
    match watch.tell(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    }
}

/// How a transfer came out whose session ended as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Files that are stored.
    pub stored: u64,
    /// Files that were refused, or that could not be sent.
    pub failed: u64,
    /// Whether the peer's end was authenticated (R41); never in the published profile.
    pub authenticated: bool,
}
