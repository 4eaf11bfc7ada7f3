//! The peers that a node trusts, and its notes about them.

use std::fs;
use std::io;
use std::path::PathBuf;

use sdmp_envelope::Identity;

use super::notes::Notes;
use super::read::{Secrecy, damaged, identity, listing, octets};
use super::{Home, Listing, check_name};
use crate::error::Error;
use crate::file::{Draft, replace};

const PEER: &str = ".json";
const NOTES: &str = ".about";

impl Home {
    /// Whether an identity may be added under this name: a changed key is never taken silently.
    ///
    /// # Errors
    /// [`Error::ChangedKey`] when the name stands for another key.
    pub fn check_new_peer(&self, name: &str, new: &Identity) -> Result<(), Error> {
        check_name(name)?;
        self.check_directories()?;
        match identity(&self.peer_path(name))? {
            // A new key under a known name is what an attacker would try; removing the old one is a
            // decision.
            Some(known) if known.fingerprint() != new.fingerprint() => {
                Err(Error::ChangedKey(name.to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Trusts an identity under a name from now on, running listeners included.
    ///
    /// # Errors
    /// As [`check_new_peer`](Self::check_new_peer), or what the file system refuses.
    pub fn add_peer(&self, name: &str, new: &Identity) -> Result<(), Error> {
        check_name(name)?;
        let _lock = self.lock()?;
        self.check_new_peer(name, new)?;
        let path = self.peer_path(name);
        let written = match fs::symlink_metadata(&path) {
            // The same key, perhaps with another end.
            Ok(_) => replace(&path, new.text()),
            Err(_) => Draft::write(&path, new.text()).and_then(Draft::publish),
        };
        written.map_err(|error| Error::io(format!("cannot write {}", path.display()), &error))
    }

    /// The identity of a trusted peer.
    ///
    /// # Errors
    /// [`Error::NoPeer`], [`Error::Damaged`], [`Error::Writable`].
    pub fn peer(&self, name: &str) -> Result<Identity, Error> {
        check_name(name)?;
        self.check_directories()?;
        identity(&self.peer_path(name))?.ok_or_else(|| Error::NoPeer(name.to_owned()))
    }

    /// All trusted peers, by name. A file that cannot be read adds no trust and is listed apart.
    ///
    /// # Errors
    /// [`Error::Writable`], or what the file system refuses.
    pub fn list_peers(&self) -> Result<Listing, Error> {
        self.check_directories()?;
        listing(&self.peers(), PEER)
    }

    /// Trusts a peer no longer.
    ///
    /// # Errors
    /// [`Error::NoPeer`], or what the file system refuses.
    pub fn remove_peer(&self, name: &str) -> Result<(), Error> {
        check_name(name)?;
        if fs::symlink_metadata(self.peer_path(name)).is_err() {
            return Err(Error::NoPeer(name.to_owned()));
        }
        let _lock = self.lock()?;
        for (path, needed) in [(self.peer_path(name), true), (self.notes_path(name), false)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if needed {
                        return Err(Error::NoPeer(name.to_owned()));
                    }
                }
                removed => removed.map_err(|error| {
                    Error::io(format!("cannot remove {}", path.display()), &error)
                })?,
            }
        }
        Ok(())
    }

    /// The notes about a peer; empty where there are none.
    ///
    /// # Errors
    /// As [`peer`](Self::peer).
    pub fn notes(&self, name: &str) -> Result<Notes, Error> {
        let identity = self.peer(name)?;
        let path = self.notes_path(name);
        let Some(text) = octets(&path, Secrecy::Public)? else { return Ok(Notes::default()) };
        Notes::parse(&text, &identity.fingerprint().to_string())
            .ok_or_else(|| damaged(&path, &"it holds no notes about a peer"))
    }

    /// Changes the notes about a peer; no change of another process is lost.
    ///
    /// # Errors
    /// As [`notes`](Self::notes), or what the file system refuses.
    pub fn update_notes(&self, name: &str, change: impl FnOnce(&mut Notes)) -> Result<(), Error> {
        // A home that is not there is not made for this.
        self.peer(name)?;
        let _lock = self.lock()?;
        let fingerprint = self.peer(name)?.fingerprint().to_string();
        let mut notes = self.notes(name)?;
        change(&mut notes);
        let path = self.notes_path(name);
        replace(&path, &notes.to_text(&fingerprint))
            .map_err(|error| Error::io(format!("cannot write {}", path.display()), &error))
    }

    fn peer_path(&self, name: &str) -> PathBuf {
        self.peers().join(format!("{name}{PEER}"))
    }

    fn notes_path(&self, name: &str) -> PathBuf {
        self.peers().join(format!("{name}{NOTES}"))
    }
}
