//! The node's own keys.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use sdmp_container::{Container, IdentityType, Timestamp};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity, private_key};
use zeroize::Zeroizing;

use super::read::{Secrecy, damaged, identity, listing, octets};
use super::{Home, Listing, check_name};
use crate::error::Error;
use crate::file::{Draft, replace};

const PRIVATE: &str = ".private.json";
const IDENTITY: &str = ".identity.json";

/// How a private key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Only a passphrase opens it.
    Passphrase,
    /// All who read the file have the key.
    None,
}

impl Home {
    /// Writes a new key and its identity: both halves or none, and never over another key.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::KeyExists`], or what the file system refuses.
    pub fn add_key(
        &self,
        name: &str,
        key: &PrivateKey,
        kind: IdentityType,
        expires: Timestamp,
        passphrase: Option<&[u8]>,
    ) -> Result<Identity, Error> {
        check_name(name)?;
        let identity = Identity::create(key.public(), kind, expires)?;
        // Before the lock: hashing a passphrase takes a while.
        let text = private_key::create(key, expires, passphrase, &mut SystemRandom::new())?;
        let _lock = self.lock()?;
        // Asked again under the lock, since another process may have been quicker.
        self.check_new_key(name)?;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::KeyExists(name.to_owned()),
            _ => Error::io(format!("cannot write the key {name}"), &error),
        };
        // Both are on the disk before either has its name: a full disk leaves no half of a key.
        let private = Draft::write(&self.private_path(name), &text).map_err(failed)?;
        let public = Draft::write(&self.identity_path(name), identity.text()).map_err(failed)?;
        private.publish().map_err(failed)?;
        if let Err(error) = public.publish() {
            // A private key without its identity would block the name and be of no use.
            drop(fs::remove_file(self.private_path(name)));
            return Err(failed(error));
        }
        Ok(identity)
    }

    /// Whether a new key may have this name.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::KeyExists`].
    pub fn check_new_key(&self, name: &str) -> Result<(), Error> {
        check_name(name)?;
        let paths = [self.private_path(name), self.identity_path(name)];
        let taken = paths.iter().any(|path| fs::symlink_metadata(path).is_ok());
        if taken { Err(Error::KeyExists(name.to_owned())) } else { Ok(()) }
    }

    /// Replaces the private half of a key, for a new passphrase.
    ///
    /// # Errors
    /// [`Error::NoPrivateKey`] when it was removed meanwhile, or what the file system refuses.
    pub fn replace_private(
        &self,
        name: &str,
        key: &PrivateKey,
        expires: Timestamp,
        passphrase: Option<&[u8]>,
    ) -> Result<(), Error> {
        check_name(name)?;
        let text = private_key::create(key, expires, passphrase, &mut SystemRandom::new())?;
        let _lock = self.lock()?;
        let path = self.private_path(name);
        if fs::symlink_metadata(&path).is_err() {
            return Err(Error::NoPrivateKey(name.to_owned()));
        }
        replace(&path, &text)
            .map_err(|error| Error::io(format!("cannot write {}", path.display()), &error))
    }

    /// The public half of an own key.
    ///
    /// # Errors
    /// [`Error::NoKey`], [`Error::Damaged`], [`Error::Writable`].
    pub fn key_identity(&self, name: &str) -> Result<Identity, Error> {
        check_name(name)?;
        self.check_directories()?;
        identity(&self.identity_path(name))?.ok_or_else(|| Error::NoKey(name.to_owned()))
    }

    /// The private half of an own key. `passphrase` is called only if it is protected by one, and
    /// its error is handed on.
    ///
    /// # Errors
    /// [`Error::NoPrivateKey`], [`Error::Readable`], [`Error::Writable`], [`Error::Damaged`],
    /// [`Error::Key`] for a wrong passphrase, or that of `passphrase`.
    pub fn private_key<E: From<Error>>(
        &self,
        name: &str,
        passphrase: impl FnOnce() -> Result<Zeroizing<String>, E>,
    ) -> Result<private_key::Loaded, E> {
        let container = self.private_container(name)?;
        let key_error = |cause| Error::Key { name: name.to_owned(), cause };
        let secret = match private_key::is_encrypted(&container).map_err(key_error)? {
            true => Some(passphrase()?),
            false => None,
        };
        let secret = secret.as_ref().map(|secret| secret.as_bytes());
        Ok(private_key::open(&container, secret).map_err(key_error)?)
    }

    /// An own key, ready to sign and to take part in sessions.
    ///
    /// # Errors
    /// As [`key_identity`](Self::key_identity) and [`private_key`](Self::private_key).
    pub fn local<E: From<Error>>(
        &self,
        name: &str,
        passphrase: impl FnOnce() -> Result<Zeroizing<String>, E>,
    ) -> Result<LocalIdentity, E> {
        let identity = self.key_identity(name)?;
        let loaded = self.private_key(name, passphrase)?;
        Ok(LocalIdentity::new(identity, Arc::new(loaded.key)).map_err(Error::from)?)
    }

    /// Whether a private key is there, readable by its owner alone, and fits its identity, as far
    /// as can be seen without a passphrase; and how it is kept.
    ///
    /// # Errors
    /// As [`local`](Self::local).
    pub fn check_key(&self, name: &str) -> Result<Protection, Error> {
        let identity = self.key_identity(name)?;
        let container = self.private_container(name)?;
        let key_error = |cause| Error::Key { name: name.to_owned(), cause };
        if private_key::is_encrypted(&container).map_err(key_error)? {
            return Ok(Protection::Passphrase);
        }
        let loaded = private_key::open(&container, None).map_err(key_error)?;
        // The two files might belong to different keys.
        LocalIdentity::new(identity, Arc::new(loaded.key))?;
        Ok(Protection::None)
    }

    /// All own keys, by name.
    ///
    /// # Errors
    /// [`Error::Writable`], or what the file system refuses.
    pub fn list_keys(&self) -> Result<Listing, Error> {
        self.check_directories()?;
        listing(&self.keys(), IDENTITY)
    }

    fn private_container(&self, name: &str) -> Result<Container, Error> {
        check_name(name)?;
        self.check_directories()?;
        let path = self.private_path(name);
        let text =
            octets(&path, Secrecy::Private)?.ok_or_else(|| Error::NoPrivateKey(name.to_owned()))?;
        Container::parse(text.as_slice()).map_err(|error| damaged(&path, &error))
    }

    fn private_path(&self, name: &str) -> PathBuf {
        self.keys().join(format!("{name}{PRIVATE}"))
    }

    fn identity_path(&self, name: &str) -> PathBuf {
        self.keys().join(format!("{name}{IDENTITY}"))
    }
}
