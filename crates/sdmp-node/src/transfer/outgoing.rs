//! Files that are to be sent.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use sdmp_container::Identifier;
use sdmp_crypto::hash::Sha512;

use super::message::Announced;
use super::name;
use super::watch::{Event, Watch, tell};
use crate::error::{Error, Unsendable};
use crate::file::open_regular;

/// How much is read at once.
const BLOCK: usize = 256 * 1024;

/// A file that can be sent, as far as that is known beforehand. It is not open: a transfer opens
/// one file after the other, so that their number is not limited by that of descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    path: PathBuf,
    name: String,
}

impl Outgoing {
    /// Looks whether a file can be sent: a regular file that may be read and whose name receivers
    /// take.
    ///
    /// # Errors
    /// [`Error::Unsendable`].
    pub fn check(path: &Path) -> Result<Self, Error> {
        // Checked before any connection: a typing mistake should not cost the peer anything.
        open(path)?;
        let refuse = |problem| unsendable(path, Unsendable::Name(problem));
        let name = path.file_name().unwrap_or_default();
        let name = name.to_str().ok_or_else(|| refuse(name::Problem::Encoding))?.to_owned();
        name::check(&name).map_err(refuse)?;
        Ok(Self { path: path.to_owned(), name })
    }

    /// The same for several files, which must have different names: a receiver learns the last
    /// component of the path only.
    ///
    /// # Errors
    /// [`Error::Unsendable`] for the first that cannot be sent.
    pub fn check_all<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Self>, Error> {
        let mut names = BTreeSet::new();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let file = Self::check(path.as_ref())?;
            // The second would overwrite the first, or be refused after everything else was sent.
            if !names.insert(file.name.clone()) {
                return Err(unsendable(path.as_ref(), Unsendable::SameName(file.name)));
            }
            files.push(file);
        }
        Ok(files)
    }

    /// Under which name it arrives.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens the file and reads it once: its hash is what the receiver checks.
    pub(super) fn announce(&self, watch: &mut dyn Watch) -> Result<(File, Announced), Error> {
        let (mut file, metadata) = open(&self.path)?;
        tell(watch, Event::Reading { name: &self.name, size: metadata.len() })?;
        let mut hash = Sha512::new();
        let mut block = vec![0; BLOCK];
        let mut size = 0_u64;
        loop {
            let read = file.read(&mut block).map_err(|error| self.unreadable(&error))?;
            let Some(octets) = block.get(..read).filter(|octets| !octets.is_empty()) else { break };
            hash.update(octets);
            size = size.saturating_add(u64::try_from(read).unwrap_or_default());
            tell(watch, Event::Advanced(read))?;
        }
        // The same open file is read again: the path may have come to mean another one.
        file.rewind().map_err(|error| self.unreadable(&error))?;
        let hash = Identifier::from_octets(hash.finish());
        Ok((file, Announced { name: self.name.clone(), size, hash }))
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        unsendable(&self.path, Unsendable::Io(error.to_string()))
    }
}

fn open(path: &Path) -> Result<(File, std::fs::Metadata), Error> {
    open_regular(path).map_err(|error| {
        let cause = match error.kind() {
            io::ErrorKind::InvalidInput => Unsendable::NotRegular,
            _ => Unsendable::Io(error.to_string()),
        };
        unsendable(path, cause)
    })
}

fn unsendable(path: &Path, cause: Unsendable) -> Error {
    Error::Unsendable { path: path.to_owned(), cause }
}
