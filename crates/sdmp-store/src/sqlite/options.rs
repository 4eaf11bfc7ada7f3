//! Where a store is and how it is opened.

use std::path::PathBuf;
#[cfg(feature = "objects")]
use std::sync::Arc;
use std::time::Duration;

use sdmp_journal::Fingerprint;

use super::files;
use crate::Faults;
use crate::objects::Elsewhere;

/// Where a store is and how it is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) directory: PathBuf,
    pub(super) node: Fingerprint,
    pub(super) token: Option<PathBuf>,
    pub(super) moved: bool,
    pub(super) reserve: u64,
    pub(super) log: u64,
    pub(super) pause: Duration,
    pub(super) patience: Duration,
    pub(super) repair: bool,
    pub(super) objects: Option<Elsewhere>,
    pub(super) faults: Faults,
}

impl Options {
    /// The store of this node in a directory of its own, which is made (mode 0700).
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, node: Fingerprint) -> Self {
        Self {
            directory: directory.into(),
            node,
            token: None,
            moved: false,
            reserve: files::RESERVE,
            log: files::LOG,
            pause: files::PAUSE,
            patience: files::PATIENCE,
            repair: false,
            objects: None,
            faults: Faults::none(),
        }
    }

    /// The second place of the token (N47): a file that backups skip.
    #[must_use]
    pub fn with_token(self, file: impl Into<PathBuf>) -> Self {
        Self { token: Some(file.into()), ..self }
    }

    /// A person says that the store was moved, not copied: the second token is written anew.
    #[must_use]
    pub fn with_moved(self) -> Self {
        Self { moved: true, ..self }
    }

    /// Keeps this many octets free for control, cursors and the clock (N49), in place of 64 MiB.
    #[must_use]
    pub fn with_reserve(self, octets: u64) -> Self {
        Self { reserve: octets, ..self }
    }

    /// The write-ahead log is at most so long, in place of 64 MiB: it is copied back at a quarter when nothing
    /// reads, and at three eighths in any case. One append can be half as long.
    #[must_use]
    pub fn with_log(self, octets: u64) -> Self {
        Self { log: octets, ..self }
    }

    /// After a full disk, how long until room is looked for again, in place of a minute (N49).
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// How long a program that reads the database is waited for when the log has to be copied back, in place
    /// of 30 s. After that each call is told [`Error::Busy`](crate::Error::Busy) until it was.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Writes the indexes of control anew, out of its texts, and those by which rows are found, before anything is
    /// read: for a store that does not open because they are damaged. [`repair`](crate::repair) does the rest.
    #[must_use]
    pub fn with_repair(self) -> Self {
        Self { repair: true, ..self }
    }

    /// Keeps long texts of content, of 64 KiB and more, in an object store. What is there is not in the directory of
    /// the store: it is opened with the same object store each time.
    #[cfg(feature = "objects")]
    #[must_use]
    pub fn with_objects(self, objects: Arc<dyn crate::objects::Objects>) -> Self {
        Self { objects: Some(Elsewhere { objects, long: crate::objects::LONG }), ..self }
    }

    /// The same for texts of so many octets and more.
    #[cfg(feature = "objects")]
    #[must_use]
    pub fn with_objects_from(
        self,
        octets: usize,
        objects: Arc<dyn crate::objects::Objects>,
    ) -> Self {
        Self { objects: Some(Elsewhere { objects, long: octets }), ..self }
    }

    /// With faults to order, for tests.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }
}
