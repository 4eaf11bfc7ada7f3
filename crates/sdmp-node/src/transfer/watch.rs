//! What a transfer tells while it goes on.

use std::ops::ControlFlow;
use std::path::Path;

use sdmp_container::Identifier;

use super::message::Announced;
use super::pieces::{Entry, Whole};
use super::refusal::Refusal;
use crate::error::Error;

/// A file or directory, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Its name, or its path with slashes; it comes from the peer where this side receives.
    pub name: &'a str,
    /// Its size in octets, if the sender knows it; a directory has none.
    pub size: Option<u64>,
    /// Its SHA-512, if it was hashed before it was sent.
    pub hash: Option<&'a Identifier>,
}

impl<'a> Item<'a> {
    pub(super) fn announced(file: &'a Announced) -> Self {
        Self { name: &file.name, size: Some(file.size), hash: Some(&file.hash) }
    }

    pub(super) fn entry(entry: &Entry, name: &'a str) -> Self {
        Self { name, size: entry.size, hash: None }
    }
}

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
        file: Item<'a>,
        /// How many octets the receiver holds already.
        offset: u64,
    },
    /// So many octets more were read, sent or received.
    Advanced(usize),
    /// A file is stored with its name, and its hash was right.
    Stored {
        /// What was announced.
        file: Item<'a>,
        /// Where it is; `None` on the sender's side.
        path: Option<&'a Path>,
        /// What came, if it was hashed in pieces.
        whole: Option<&'a Whole>,
    },
    /// The receiver refused a file. The transfer goes on with the next one.
    Refused {
        /// What was announced; the name comes from the peer where this side receives.
        file: Item<'a>,
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

    /// Whether [`accepts`](Self::accepts) asks a person, who may take a while.
    fn asks(&self) -> bool {
        false
    }

    /// Whether this side wants what the peer is about to send: so many files and octets, as far as it says.
    /// It may wait. Called once a session, or for each file where the sender is older.
    fn accepts(&mut self, _files: u64, _octets: Option<u64>) -> bool {
        true
    }
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
