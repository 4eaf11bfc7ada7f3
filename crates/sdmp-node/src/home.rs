//! The home directory of a node: its own keys and the peers that it trusts, one container a file.
//!
//! ```text
//! keys/NAME.private.json    private_key container
//! keys/NAME.identity.json   identity container
//! peers/NAME.json           identity container of a trusted peer
//! peers/NAME.about          notes about it: address, when its fingerprint was compared
//! .lock                     held while a process changes something
//! ```
//!
//! Directories have mode 0700 and files 0600. What other users of the machine could have changed is
//! refused, as is a private key that they can read. Several processes may use one directory at the
//! same time: a change is made under a lock, and a new file never replaces another.

mod keys;
pub mod notes;
mod peers;
mod read;

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use keys::Protection;
use sdmp_envelope::Identity;

use crate::error::Error;
use crate::file::{self, make_private_directory};

/// How long another process may hold the lock: a change takes milliseconds.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// A home directory. Cloning is cheap; nothing is kept in memory, so that changes of other processes
/// are seen at once.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

/// An identity that is kept under a name.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name, which only this machine knows.
    pub name: String,
    /// The identity.
    pub identity: Identity,
}

/// What a directory of the home holds.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// What could be read, in the order of the names.
    pub named: Vec<Named>,
    /// One error for each file that could not be read; such a file adds no trust.
    pub damaged: Vec<Error>,
}

impl Home {
    /// The home in this directory, which is made when something is first written to it.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where everything is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    fn peers(&self) -> PathBuf {
        self.root.join("peers")
    }

    /// Refuses directories that others could have changed. One that is not there is no problem yet.
    fn check_directories(&self) -> Result<(), Error> {
        for path in [self.root.clone(), self.keys(), self.peers()] {
            // What is not there yet is made with the right mode later.
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            if let Some((mode, owner)) = file::changeable_by_others(&metadata) {
                // Where only owners move their files, as in /tmp, what others add cannot take the
                // place of the two directories that hold everything, and those are looked at too.
                if path == self.root && file::only_owners_move(&metadata) {
                    continue;
                }
                return Err(Error::Writable { path, mode, owner });
            }
        }
        Ok(())
    }

    /// Makes the directories, and keeps every other process from changing anything until the
    /// result is dropped.
    fn lock(&self) -> Result<File, Error> {
        for directory in [&self.root, &self.keys(), &self.peers()] {
            make_private_directory(directory).map_err(|error| {
                Error::io(format!("cannot make the directory {}", directory.display()), &error)
            })?;
        }
        self.check_directories()?;
        let path = self.root.join(".lock");
        let failed =
            |error: &io::Error| Error::io(format!("cannot lock {}", path.display()), error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        file::private(&mut options);
        file::never_wait_or_follow(&mut options);
        let file = options.open(&path).map_err(|error| failed(&error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_LIMIT => {
                    // File locks have no queue; another command holds this one for milliseconds.
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => return Err(Error::Locked(self.root.clone())),
                // A file system without locks: new files still never replace others.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
        }
    }
}

/// Whether a name may be used for a key or a peer. Names become file names, so they are letters,
/// digits and `. _ -`, and never start with a dot or a hyphen: no path, no hidden file, no option.
///
/// ```
/// assert!(sdmp_node::home::check_name("node-1.example_2").is_ok());
/// assert!(sdmp_node::home::check_name("../keys").is_err());
/// ```
///
/// # Errors
/// [`Error::Name`].
pub fn check_name(name: &str) -> Result<(), Error> {
    // Names become parts of file names on every system, and of command lines.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fine =
        (1..=64).contains(&name.len()) && name.chars().all(plain) && !name.starts_with(['.', '-']);
    if fine { Ok(()) } else { Err(Error::Name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_directory() {
        for good in ["alice", "a", "node-1.example_2", "9"] {
            assert_eq!(check_name(good), Ok(()));
        }
        let long = "a".repeat(65);
        for bad in
            ["", ".", "..", "../a", "a/b", "a\\b", ".hidden", "-option", "a b", "ä", "a\0", &long]
        {
            assert_eq!(check_name(bad), Err(Error::Name), "{bad:?}");
        }
    }
}
