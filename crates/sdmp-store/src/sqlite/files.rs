//! The files beside the database: lock, reserve, write-ahead log.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Options;
use crate::Error;
use crate::private::{self, io};

/// What is kept free for control, cursors and the clock when the disk is full (N49).
pub(super) const RESERVE: u64 = 64 << 20;

/// How long the reserve is not tried again when there was no room for it.
pub(super) const PAUSE: Duration = Duration::from_secs(60);

/// The bound of the write-ahead log.
pub(super) const LOG: u64 = 64 << 20;

/// How long a log that is too long is waited for. Each lookup is short, and appends wait meanwhile.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The directory of a store, locked.
#[derive(Debug)]
pub(super) struct Files {
    directory: PathBuf,
    /// Locked by the operating system for as long as it is open, whatever ends the process.
    lock: File,
    reserve: Reserve,
    /// The log is not copied back again before it is this long.
    next_checkpoint: u64,
    /// How long readers are waited for, until they have been waited for in vain.
    patience: Duration,
    /// The log is long, and what reads the database keeps it from being copied back.
    is_held_up: bool,
    /// The bound of the log. It is copied back at a quarter of it when nothing reads, and at three
    /// eighths in any case: one transaction more, of half the bound, is within it.
    log: u64,
}

impl Drop for Files {
    fn drop(&mut self) {
        // A process that is being started has the file open too until its program begins: closing it
        // here would leave it locked until then.
        drop(self.lock.set_len(0));
        drop(self.lock.unlock());
    }
}

/// Octets that are kept free.
#[derive(Debug)]
struct Reserve {
    size: u64,
    pause: Duration,
    is_held: bool,
    /// When there was no room for it.
    tried: Option<Instant>,
}

impl Files {
    pub(super) fn open(options: &Options) -> Result<Self, Error> {
        let directory = &options.directory;
        private::make_directory(directory)?;
        let path = directory.join("lock");
        let mut lock = private::options().read(true).open(&path).map_err(|error| io(&error))?;
        // SQLite would let two processes write; the journal must have one writer (N22).
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let number = fs::read_to_string(path).ok();
                return Err(Error::Locked(number.and_then(|number| number.parse().ok())));
            }
            Err(fs::TryLockError::Error(error)) => return Err(io(&error)),
        }
        // For a person who wonders who has it; that it is locked says the operating system.
        drop(lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())));
        let reserve =
            Reserve { size: options.reserve, pause: options.pause, is_held: false, tried: None };
        let mut files = Self {
            directory: directory.to_owned(),
            lock,
            reserve,
            patience: options.patience,
            is_held_up: false,
            log: options.log,
            next_checkpoint: options.log >> 2,
        };
        // Made here so that its mode is ours; SQLite gives the log beside it the same.
        drop(private::options().open(files.database()).map_err(|error| io(&error))?);
        // A full disk does not keep a store shut: control and cursors go on.
        files.has_room();
        Ok(files)
    }

    /// The most octets that one transaction is to have.
    pub(super) const fn longest_group(&self) -> u64 {
        self.log >> 1
    }

    pub(super) fn database(&self) -> PathBuf {
        self.directory.join("store.sqlite")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("store.sqlite-wal")
    }

    fn reserve_file(&self) -> PathBuf {
        self.directory.join("reserve")
    }

    /// Whether the reserve is held, or there is room to take it again: then content may be written.
    pub(super) fn has_room(&mut self) -> bool {
        let is_early = self.reserve.tried.is_some_and(|tried| tried.elapsed() < self.reserve.pause);
        if !self.reserve.is_held && !is_early {
            self.reserve.is_held = self.take_reserve().is_ok();
            self.reserve.tried = (!self.reserve.is_held).then(Instant::now);
        }
        self.reserve.is_held
    }

    /// Takes the reserve, with octets that take room.
    fn take_reserve(&self) -> std::io::Result<()> {
        let path = self.reserve_file();
        if fs::metadata(&path).is_ok_and(|found| found.len() == self.reserve.size) {
            return Ok(());
        }
        let written = private::options().truncate(true).open(&path).and_then(|mut file| {
            // Real octets, since a sparse file would reserve nothing.
            std::io::copy(&mut std::io::repeat(0).take(self.reserve.size), &mut file)?;
            file.sync_all()
        });
        if written.is_err() {
            drop(fs::remove_file(&path));
        }
        written
    }

    /// The disk is full: gives the reserve away, so that control, cursors and the clock go through.
    pub(super) fn give_reserve(&mut self) {
        drop(fs::remove_file(self.reserve_file()));
        self.reserve.is_held = false;
    }

    /// Copies the write-ahead log back when it is long: without waiting for readers, unless it is too
    /// long.
    pub(super) fn checkpoint(&mut self, db: &Connection) {
        let len = fs::metadata(self.log_file()).map_or(0, |found| found.len());
        if len < self.next_checkpoint {
            return;
        }
        // Readers hold the log up; only when it is long they are waited for.
        let is_long = len >= (self.log >> 3).saturating_mul(3);
        // Once is enough: each call would wait, and be refused in the end.
        let patience = if is_long && !self.is_held_up { self.patience } else { Duration::ZERO };
        let done = db
            .busy_timeout(patience)
            .and_then(|()| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)));
        let is_done = matches!(done, Ok(0_i64));
        self.is_held_up = is_long && !is_done;
        self.next_checkpoint =
            if is_done { self.log >> 2 } else { len.saturating_add(self.log >> 5) };
    }

    /// Whether one transaction more is within the bound of the log.
    pub(super) fn has_log(&mut self, db: &Connection) -> bool {
        if self.is_held_up {
            self.next_checkpoint = 0;
            self.checkpoint(db);
        }
        !self.is_held_up
    }

    /// The log is copied back and the store marked, so that the next start need not check it.
    pub(super) fn close(&self, db: &Connection) {
        if super::open::mark(db, true).is_ok() {
            drop(db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        }
    }
}
