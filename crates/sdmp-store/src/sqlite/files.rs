//! The files beside the database: lock, reserve, write-ahead log.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::Error;

/// What is kept free for control, cursors and the clock when the disk is full (N49).
const RESERVE: u64 = 64 << 20;

/// The write-ahead log is copied back beyond this size when nothing reads, and beyond four times it in
/// any case.
const CHECKPOINT: u64 = 16 << 20;
const FORCED: u64 = 64 << 20;

/// The directory of a store, locked.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    /// Locked by the operating system for as long as it is open, whatever ends the process.
    _lock: File,
}

impl Files {
    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        make_private(directory)?;
        let path = directory.join("lock");
        let lock = private().read(true).open(path).map_err(|error| io(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::Locked),
            Err(fs::TryLockError::Error(error)) => return Err(io(&error)),
        }
        let files = Self { directory: directory.to_owned(), _lock: lock };
        let database = files.database();
        // Made here so that its mode is ours; SQLite gives the log beside it the same.
        drop(private().open(&database).map_err(|error| io(&error))?);
        files.reserve()?;
        Ok(files)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.directory.join("store.sqlite")
    }

    fn log(&self) -> PathBuf {
        self.directory.join("store.sqlite-wal")
    }

    fn reserve_file(&self) -> PathBuf {
        self.directory.join("reserve")
    }

    /// Takes the reserve, with octets that take room.
    fn reserve(&self) -> Result<(), Error> {
        let path = self.reserve_file();
        if fs::metadata(&path).is_ok_and(|found| found.len() == RESERVE) {
            return Ok(());
        }
        let written = private().truncate(true).open(&path).and_then(|mut file| {
            let zeros = vec![0; 1 << 20];
            (0..RESERVE >> 20).try_for_each(|_| file.write_all(&zeros))
        });
        written.map_err(|error| {
            drop(fs::remove_file(&path));
            io(&error)
        })
    }

    /// After a commit: gives the reserve away where the disk was full, so that the next one goes
    /// through; takes it again when there is room.
    pub(super) fn heal(&self, result: &Result<(), Error>) {
        match result {
            Err(Error::Full) => drop(fs::remove_file(self.reserve_file())),
            Ok(()) if !self.reserve_file().exists() => drop(self.reserve()),
            _ => {}
        }
    }

    /// Copies the write-ahead log back when it is long.
    pub(super) fn checkpoint(&self, db: &Connection) {
        let len = fs::metadata(self.log()).map_or(0, |found| found.len());
        if len >= CHECKPOINT {
            // Without waiting for readers; what they still need stays in the log.
            let mode = if len >= FORCED { "TRUNCATE" } else { "PASSIVE" };
            drop(db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())));
        }
    }

    /// The log is copied back and the store marked, so that the next start need not check it.
    pub(super) fn close(&self, db: &Connection) {
        if super::open::mark(db, true).is_ok() {
            drop(db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        }
    }
}

/// Writes a file that only its owner reads, in one step.
pub(super) fn write_private(path: &Path, octets: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = private()
        .truncate(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(octets).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| io(&error))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn make_private(directory: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(directory).map_err(|error| io(&error))
}

fn io(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::Engine(error.to_string()),
    }
}
