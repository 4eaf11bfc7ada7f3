//! Reading the files of a home directory: bounded, never waiting, and never what others could have
//! written.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use sdmp_envelope::Identity;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::file::{changeable_by_others, open_regular, readable_by_others};

/// No container that belongs here is longer.
const LONGEST: u64 = 64 * 1024;

/// Who else may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// Anybody may.
    Public,
    /// A private key that others can read is no longer private.
    Private,
}

/// A file's octets; `None` where there is none.
pub(super) fn octets(path: &Path, secrecy: Secrecy) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let failed = |error: &io::Error| Error::io(format!("cannot read {}", path.display()), error);
    let (file, metadata) = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(&error))?,
    };
    if secrecy == Secrecy::Private
        && let Some(mode) = readable_by_others(&metadata)
    {
        return Err(Error::Readable { path: path.to_owned(), mode });
    }
    if let Some((mode, owner)) = changeable_by_others(&metadata) {
        return Err(Error::Writable { path: path.to_owned(), mode, owner });
    }
    let mut octets = Zeroizing::new(Vec::with_capacity(8 * 1024));
    file.take(LONGEST).read_to_end(&mut octets).map_err(|error| failed(&error))?;
    Ok(Some(octets))
}

/// The identity in a file; `None` where there is none.
pub(super) fn identity(path: &Path) -> Result<Option<Identity>, Error> {
    octets(path, Secrecy::Public)?
        .map(|octets| Identity::parse(&octets).map_err(|error| damaged(path, &error)))
        .transpose()
}

pub(super) fn damaged(path: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::Damaged { path: path.to_owned(), cause: cause.to_string() }
}

/// The files of a directory whose names end so.
pub(super) fn listing(directory: &Path, suffix: &str) -> Result<super::Listing, Error> {
    let failed =
        |error: &io::Error| Error::io(format!("cannot read {}", directory.display()), error);
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(super::Listing::default());
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut all = super::Listing::default();
    for entry in entries {
        let entry = entry.map_err(|error| failed(&error))?;
        let file = entry.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(suffix));
        let Some(name) = name.filter(|name| super::check_name(name).is_ok()) else { continue };
        match identity(&entry.path()) {
            Ok(Some(identity)) => {
                all.named.push(super::Named { name: name.to_owned(), identity });
            }
            Ok(None) => {}
            Err(error) => all.damaged.push(error),
        }
    }
    all.named.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}
