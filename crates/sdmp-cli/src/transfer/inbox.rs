//! The directory that files arrive in: nothing leaves it, nothing in it is replaced unasked, and
//! what bears a file's name is that whole file.
//!
//! Octets gather in `.sdmp-HASH-SIZE.part`, which outlives an interruption: whoever sends the same
//! file again goes on where it stopped. Only when the SHA-512 is right and the octets are on the
//! disk does the file get its name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sdmp_crypto::hash::Sha512;

use super::{Announced, Refusal, name};
use crate::error::Failure;

/// How much is read at once to hash what is there already.
const BLOCK: usize = 256 * 1024;

/// The directory and its rules.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    directory: PathBuf,
    force: bool,
    max_size: u64,
}

/// What becomes of an announced file.
#[derive(Debug)]
pub(crate) enum Begun {
    /// The very same file is there under this name.
    Present(PathBuf),
    Incoming(Box<Incoming>),
}

/// A file that is being received.
#[derive(Debug)]
pub(crate) struct Incoming {
    file: File,
    hash: Sha512,
    held: u64,
    announced: Announced,
    partial: PathBuf,
    target: PathBuf,
    force: bool,
}

impl Inbox {
    /// Opens a directory; makes it if only its last component is missing.
    pub(crate) fn open(directory: &Path, force: bool, max_size: u64) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("cannot use the directory {}: {error}", directory.display()))
                .remedy("name a directory that you may write to with --out")
        };
        match fs::create_dir(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
        let directory = fs::canonicalize(directory).map_err(failed)?;
        if !directory.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { directory, force, max_size })
    }

    /// Decides about an announced file, and finds what is there of it.
    pub(crate) fn begin(&self, announced: &Announced) -> Result<Begun, Refusal> {
        name::check(&announced.name)?;
        if announced.size > self.max_size {
            return Err(Refusal::Size);
        }
        let target = self.directory.join(&announced.name);
        match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(storage(&error)),
            Ok(there) if !there.is_file() => return Err(Refusal::Exists),
            Ok(there) => {
                let same_size = there.len() == announced.size;
                if same_size
                    && hash_of(&target).is_ok_and(|hash| hash == *announced.hash.as_octets())
                {
                    return Ok(Begun::Present(target));
                }
                if !self.force {
                    return Err(Refusal::Exists);
                }
            }
        }
        self.incoming(announced, target).map(|incoming| Begun::Incoming(Box::new(incoming)))
    }

    fn incoming(&self, announced: &Announced, target: PathBuf) -> Result<Incoming, Refusal> {
        let hash: String = announced.hash.to_string().chars().take(43).collect();
        let partial = self.directory.join(format!(".sdmp-{hash}-{}.part", announced.size));
        let file = open_partial(&partial)?;
        let mut incoming = Incoming {
            file,
            hash: Sha512::new(),
            held: 0,
            announced: announced.clone(),
            partial,
            target,
            force: self.force,
        };
        incoming.hash_what_is_there().map_err(|error| storage(&error))?;
        if incoming.held > announced.size {
            // Nothing of ours: start again.
            incoming.restart().map_err(|error| storage(&error))?;
        }
        Ok(incoming)
    }
}

impl Incoming {
    /// How many octets are there.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Takes the next octets.
    pub(crate) fn write(&mut self, octets: &[u8]) -> Result<(), Refusal> {
        let length = u64::try_from(octets.len()).map_err(|_| Refusal::Size)?;
        let held = self.held.saturating_add(length);
        if held > self.announced.size {
            return Err(Refusal::Size);
        }
        self.file.write_all(octets).map_err(|error| storage(&error))?;
        self.hash.update(octets);
        self.held = held;
        Ok(())
    }

    /// Gives the file its name, once everything is there and right. What is not right is removed.
    pub(crate) fn finish(self) -> Result<PathBuf, Refusal> {
        let Self { file, hash, held, announced, partial, target, force } = self;
        if held != announced.size || hash.finish() != *announced.hash.as_octets() {
            // Kept, it would spoil every later attempt.
            drop(fs::remove_file(&partial));
            return Err(Refusal::Mismatch);
        }
        file.sync_all().map_err(|error| storage(&error))?;
        if force && fs::symlink_metadata(&target).is_ok_and(|there| there.is_file()) {
            fs::rename(&partial, &target).map_err(|error| storage(&error))?;
        } else {
            name_without_replacing(&partial, &target)?;
        }
        sync_directory(&target);
        Ok(target)
    }

    fn hash_what_is_there(&mut self) -> io::Result<()> {
        let mut block = vec![0; BLOCK];
        loop {
            let read = self.file.read(&mut block)?;
            let Some(octets) = block.get(..read).filter(|octets| !octets.is_empty()) else {
                return Ok(());
            };
            self.hash.update(octets);
            self.held += u64::try_from(read).unwrap_or_default();
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        io::Seek::rewind(&mut self.file)?;
        (self.hash, self.held) = (Sha512::new(), 0);
        Ok(())
    }
}

fn storage(error: &io::Error) -> Refusal {
    Refusal::Storage(format!("it cannot be stored: {error}"))
}

/// Opens what is there of a file, or begins it, and keeps every other session from it.
fn open_partial(path: &Path) -> Result<File, Refusal> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match fs::symlink_metadata(path) {
        Ok(there) if is_ours(&there) => {}
        // Whatever else stands there was not put there by us.
        Ok(there) if there.is_dir() => return Err(Refusal::Exists),
        Ok(_) => fs::remove_file(path).map_err(|error| storage(&error))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(storage(&error)),
    }
    let file = match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path),
        other => other,
    }
    .map_err(|error| storage(&error))?;
    match file.try_lock() {
        // A file system without locks: then nobody else holds one either.
        Ok(()) | Err(TryLockError::Error(_)) => {}
        Err(TryLockError::WouldBlock) => return Err(Refusal::Busy),
    }
    // Between looking and locking the path may have come to mean another file.
    let still = fs::symlink_metadata(path).is_ok_and(|there| {
        is_ours(&there) && file.metadata().is_ok_and(|opened| same_file(&opened, &there))
    });
    if still { Ok(file) } else { Err(Refusal::Busy) }
}

/// A regular file that has no second name: written to, it changes nothing elsewhere.
#[cfg(unix)]
fn is_ours(there: &fs::Metadata) -> bool {
    there.is_file() && std::os::unix::fs::MetadataExt::nlink(there) == 1
}

#[cfg(not(unix))]
fn is_ours(there: &fs::Metadata) -> bool {
    there.is_file()
}

#[cfg(unix)]
fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.len() == other.len()
}

/// A hard link fails where the name is taken, which a rename does not.
fn name_without_replacing(partial: &Path, target: &Path) -> Result<(), Refusal> {
    match fs::hard_link(partial, target) {
        Ok(()) => fs::remove_file(partial).map_err(|error| storage(&error)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Refusal::Exists),
        Err(_) => {
            // A file system without hard links: look, then rename.
            if fs::symlink_metadata(target).is_ok() {
                return Err(Refusal::Exists);
            }
            fs::rename(partial, target).map_err(|error| storage(&error))
        }
    }
}

/// Makes the new name outlive a crash. The octets are safe already, and some systems cannot do it.
fn sync_directory(target: &Path) {
    if let Some(directory) = target.parent() {
        drop(File::open(directory).and_then(|directory| directory.sync_all()));
    }
}

fn hash_of(path: &Path) -> io::Result<[u8; 64]> {
    let mut file = File::open(path)?;
    let mut hash = Sha512::new();
    let mut block = vec![0; BLOCK];
    loop {
        let read = file.read(&mut block)?;
        match block.get(..read).filter(|octets| !octets.is_empty()) {
            Some(octets) => hash.update(octets),
            None => return Ok(hash.finish()),
        }
    }
}
