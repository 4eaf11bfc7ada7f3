//! The embedded engine: one file a node, one writer with group commit, readers beside it.
//!
//! What was committed is on the disk (`synchronous=FULL`). A file beside the database is locked by the
//! operating system for as long as the store is open, so a second process finds it locked. Lines are
//! rows that never change, so a snapshot is a number of lines, the control up to there in memory, and
//! a connection of its own.

mod files;
mod hashes;
mod kept;
mod keys;
mod leases;
mod open;
mod room;
mod rows;
mod snapshot;
mod write;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use sdmp_container::ResourceName;
use sdmp_journal::{Fingerprint, Head, Identifier, Resource, Timestamp};

use crate::contract::{
    Append, Appended, Changes, Event, Gone, Kept, Lease, Opening, Snapshot, Store,
};
use crate::control::Control;
use crate::{Error, Faults, lock};
use snapshot::SqliteSnapshot;
use writer::Writer;

/// The version of the tables that this program writes.
pub const VERSION: i64 = 3;

/// Where a store is and how it is opened.
#[derive(Clone, Debug)]
pub struct Options {
    directory: PathBuf,
    node: Fingerprint,
    token: Option<PathBuf>,
    moved: bool,
    reserve: u64,
    log: u64,
    pause: Duration,
    patience: Duration,
    repair: bool,
    faults: Faults,
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
    /// of 30 s. After that each call is told [`Error::Busy`] until it was.
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

    /// With faults to order, for tests.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }
}

/// A store in SQLite. Dropping it ends the writer and marks the store as closed cleanly.
#[derive(Debug)]
pub struct Sqlite {
    shared: Arc<Shared>,
    writer: Writer,
}

/// What snapshots and the writer share.
#[derive(Debug)]
struct Shared {
    database: PathBuf,
    state: Mutex<State>,
    readers: Mutex<Vec<Connection>>,
}

/// The state after the last commit.
#[derive(Clone, Debug)]
struct State {
    /// The control; content is looked up in the tables.
    control: Control,
    node: Fingerprint,
    head: Head,
    clock: Option<Timestamp>,
}

/// What fails inside: ours, or the engine's.
#[derive(Debug)]
enum Failure {
    Store(Error),
    Sql(rusqlite::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        use rusqlite::ErrorCode as Sql;
        match failure {
            Failure::Store(error) => error,
            // A row that must be there is not: the one of an index, or the text of control.
            Failure::Sql(rusqlite::Error::QueryReturnedNoRows) => Self::Damaged("an index"),
            Failure::Sql(error) => match error.sqlite_error_code() {
                Some(Sql::DiskFull) => Self::Full,
                Some(Sql::DatabaseBusy | Sql::DatabaseLocked) => Self::Locked(None),
                Some(Sql::DatabaseCorrupt | Sql::NotADatabase) => Self::Damaged("a page"),
                _ => Self::Engine(error.to_string()),
            },
        }
    }
}

impl Shared {
    fn state(&self) -> State {
        lock(&self.state).clone()
    }

    fn reader(&self) -> Result<Connection, Error> {
        match lock(&self.readers).pop() {
            Some(reader) => Ok(reader),
            None => open::reader(&self.database).map_err(Error::from),
        }
    }

    /// Gives a reader back; more than a few are closed.
    fn give_back(&self, reader: Connection) {
        const KEPT: usize = 8;
        let mut readers = lock(&self.readers);
        if readers.len() < KEPT {
            readers.push(reader);
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Error> {
        let reader = self.reader()?;
        let result = read(&reader).map_err(Error::from);
        self.give_back(reader);
        result
    }
}

impl Sqlite {
    /// Opens the store, or makes it: takes the lock, runs migrations, compares the tokens (N47), reads
    /// the control. The journal is not scanned, unless the store was not closed cleanly.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Newer`], [`Error::Token`], [`Error::OtherNode`],
    /// [`Error::Damaged`], [`Error::Full`].
    pub fn open(options: &Options) -> Result<Self, Error> {
        let (writer, shared) = open::open(options)?;
        let blocked = write::blocked(&writer.db).map_err(Error::from)?;
        let store = Self { writer: Writer::start(writer, Arc::clone(&shared))?, shared };
        for author in blocked {
            // What a crash in the middle of that left. Where it fails for want of room it is done next time.
            drop(store.block(&author, true));
        }
        Ok(store)
    }

    /// The fingerprint of the node whose store it is.
    #[must_use]
    pub fn node(&self) -> Fingerprint {
        self.shared.state().node
    }
}

impl Store for Sqlite {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        Ok(Box::new(SqliteSnapshot::new(Arc::clone(&self.shared))?))
    }

    fn append(&self, mut append: Append) -> Result<Appended, Error> {
        // Here and not in the writer's thread, for which others wait. What it names may come with the
        // same append: that is verified when it is judged.
        let control = lock(&self.shared.state).control.clone();
        for candidate in &mut append.candidates {
            candidate.verify(&control, &*append.verifier);
        }
        self.writer.call(|done| writer::Job::Append(append, done))
    }

    fn keep(&self, changes: Changes) -> Result<(), Error> {
        self.writer.call(|done| writer::Job::Keep(changes, done))
    }

    fn keep_held(&self, changes: Changes, held: &[(Fingerprint, u64)]) -> Result<(), Error> {
        self.writer.call(|done| writer::Job::KeepHeld(changes, held.to_vec(), done))
    }

    fn lease_peer(
        &self,
        peer: &Fingerprint,
        lease: &Lease,
        fence: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        self.writer.call(|done| writer::Job::LeasePeer(peer.clone(), lease.clone(), fence, done))
    }

    fn take_wants(&self, lease: &Lease, limit: usize) -> Result<Vec<ResourceName>, Error> {
        self.writer.call(|done| writer::Job::TakeWants(lease.clone(), limit, done))
    }

    fn reindex(&self, resources: &[(u64, Resource)]) -> Result<(), Error> {
        self.writer.call(|done| writer::Job::Reindex(resources.to_vec(), done))
    }

    fn kept(&self) -> Result<Kept, Error> {
        self.shared.read(kept::load)
    }

    fn give_up(&self, ids: &[Identifier], reason: Gone) -> Result<usize, Error> {
        let parts = ids.chunks(write::PART);
        parts
            .map(|ids| self.writer.call(|done| writer::Job::GiveUp(ids.to_vec(), reason, done)))
            .sum()
    }

    fn block(&self, author: &Fingerprint, blocked: bool) -> Result<usize, Error> {
        let mut count = 0_usize;
        loop {
            let went =
                self.writer.call(|done| writer::Job::Block(author.clone(), blocked, done))?;
            count = count.saturating_add(went);
            if went < write::PART {
                return Ok(count);
            }
        }
    }

    fn restore_text(&self, resource: &Resource) -> Result<bool, Error> {
        self.writer.call(|done| writer::Job::Restore(Box::new(resource.clone()), done))
    }

    fn opened(&self, id: &Identifier, result: Opening) -> Result<bool, Error> {
        self.writer.call(|done| writer::Job::Opened(id.clone(), result, done))
    }

    fn unopened(&self, limit: usize) -> Result<Vec<Identifier>, Error> {
        self.shared.read(|db| snapshot::unopened(db, limit))
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        self.shared.read(|db| snapshot::events(db, after, limit))
    }

    fn last_event(&self) -> Result<u64, Error> {
        self.shared.read(room::last_event)
    }

    fn shown(&self, before: Option<u64>, limit: usize) -> Result<Vec<(u64, Identifier)>, Error> {
        self.shared.read(|db| room::shown(db, before, limit))
    }

    fn octets(&self) -> Result<Vec<(Fingerprint, u64)>, Error> {
        self.shared.read(room::octets)
    }

    fn first_to_go(
        &self,
        author: &Fingerprint,
        limit: usize,
    ) -> Result<Vec<(Identifier, u64)>, Error> {
        self.shared.read(|db| room::first_to_go(db, author, limit))
    }
}
