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
mod options;
mod room;
mod rows;
mod snapshot;
mod write;
mod writer;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use sdmp_container::ResourceName;
use sdmp_journal::{Fingerprint, Head, Identifier, Resource, Timestamp, View};

use crate::contract::{
    Append, Appended, Changes, Event, Gone, Kept, Lease, Opening, Snapshot, Store,
};
use crate::control::Control;
use crate::objects::{Elsewhere, Names};
use crate::{Error, lock, plan};
pub use options::Options;
use snapshot::SqliteSnapshot;
use writer::Writer;

/// The version of the tables that this program writes.
pub const VERSION: i64 = 3;

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
    objects: Option<Elsewhere>,
    /// Lines whose texts the object store has lost, until the next transaction notes that.
    missing: Mutex<BTreeSet<i64>>,
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

    /// The text of a line in the object store, if it is there as a whole.
    fn elsewhere(&self, n: i64, size: i64, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some(elsewhere) = &self.objects else {
            let missing = "a text is in an object store, and the store was opened without one";
            return Err(Error::Engine(missing.to_owned()).into());
        };
        let text =
            elsewhere.objects.get(name)?.filter(|text| i64::try_from(text.len()) == Ok(size));
        if text.is_none() {
            lock(&self.missing).insert(n);
        }
        Ok(text)
    }

    /// Where a text is does not matter outside, as long as it is there.
    fn reason(&self, gone: Gone, n: i64) -> Gone {
        if gone != Gone::Elsewhere {
            return gone;
        }
        if lock(&self.missing).contains(&n) { Gone::Evicted } else { Gone::Here }
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
        let blocked = write::half_blocked(&writer.db).map_err(Error::from)?;
        let store = Self { writer: Writer::start(writer, Arc::clone(&shared))?, shared };
        for author in blocked {
            // What a crash in the middle of that left. Where it fails for want of room it is done next time.
            drop(store.block(&author, true));
        }
        Ok(store)
    }

    /// Deletes what stands in the object store without a row, since a day before `now` at least: what a crash left, and
    /// texts that were given up. To be called once a day. Returns how many.
    ///
    /// # Errors
    /// What the object store or the engine says.
    #[cfg(feature = "objects")]
    pub fn collect(&self, now: Timestamp) -> Result<usize, Error> {
        let Some(elsewhere) = &self.shared.objects else { return Ok(0) };
        elsewhere.collect(now, |name| self.shared.read(|db| snapshot::is_named(db, name)))
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
        plan::verify(&mut append, &self.shared.state().control);
        let names = match &self.shared.objects {
            Some(elsewhere) => {
                let snapshot = SqliteSnapshot::new(Arc::clone(&self.shared))?;
                elsewhere.put_all(&append, |id| snapshot.meta(id).is_some())?
            }
            None => Names::new(),
        };
        self.writer.call(|done| writer::Job::Append(append, names, done))
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
        let elsewhere = self.shared.objects.as_ref().filter(|objects| objects.takes(resource));
        let name = elsewhere.map(|elsewhere| elsewhere.put(resource)).transpose()?;
        self.writer.call(|done| writer::Job::Restore(Box::new(resource.clone()), name, done))
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
