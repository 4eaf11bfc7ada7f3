//! Files and directories that are to be sent.

mod walk;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sdmp_container::Identifier;
use sdmp_crypto::hash::Sha512;

use super::message::Announced;
use super::name;
use super::pieces::{Entry, Kind};
use super::watch::{Event, Watch, tell};
use crate::error::{Error, Unsendable};
use crate::file::open_regular;

/// How much is read at once.
const BLOCK: usize = 256 * 1024;

/// A file or directory that can be sent, as far as that is known beforehand. It is not open: a transfer
/// opens one file after the other, so that their number is not limited by that of descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    path: PathBuf,
    name: Vec<String>,
    size: Option<u64>,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    File,
    Directory,
    Input,
    /// Found in a directory, and not sent: named when its turn comes, so that the rest is.
    Skipped(Unsendable),
}

/// Where the octets of a file come from.
pub(super) enum Source {
    File(File),
    /// What is read once cannot be read again.
    Input(Box<dyn Read + Send>),
}

impl Source {
    /// Goes to this place of a file.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.seek(SeekFrom::Start(offset)).map(drop),
            Self::Input(_) => Err(io::Error::other("it cannot be read a second time")),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Input(input) => input.read(buffer),
        }
    }
}

impl Outgoing {
    /// Looks whether a file can be sent: a regular file that may be read and whose name receivers
    /// take. A symbolic link is never followed.
    ///
    /// # Errors
    /// [`Error::Unsendable`].
    pub fn check(path: &Path) -> Result<Self, Error> {
        if path.is_symlink() {
            return Err(unsendable(path, Unsendable::Link));
        }
        // Checked before any connection: a typing mistake should not cost the peer anything.
        let (_, metadata) = open(path)?;
        let name = vec![own_name(path)?];
        Ok(Self { path: path.to_owned(), name, size: Some(metadata.len()), what: What::File })
    }

    /// The same for several files and directories, which must arrive under different names: a receiver
    /// learns the last component of each path, and for what is in a directory the path from there on.
    /// A directory comes after all that is in it. What cannot be sent of it is named when its turn comes.
    ///
    /// # Errors
    /// [`Error::Unsendable`] for the first that cannot be sent.
    pub fn check_all<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Self>, Error> {
        walk::all(paths.iter().map(AsRef::as_ref))
    }

    /// What this process reads from its standard input, under this name. Where it ends is not known
    /// beforehand.
    ///
    /// # Errors
    /// [`Error::Unsendable`] for a name that receivers refuse.
    pub fn input(name: &str) -> Result<Self, Error> {
        let (path, what) = (PathBuf::from("-"), What::Input);
        Self { path, name: vec![String::new()], size: None, what }.with_name(name)
    }

    /// Lets it arrive under another name.
    ///
    /// # Errors
    /// [`Error::Unsendable`] for a name that receivers refuse.
    pub fn with_name(mut self, name: &str) -> Result<Self, Error> {
        name::check(name).map_err(|problem| unsendable(&self.path, Unsendable::Name(problem)))?;
        if let Some(first) = self.name.first_mut() {
            name.clone_into(first);
        }
        Ok(self)
    }

    /// Under which path it arrives.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.join("/")
    }

    /// How many octets it has, if that is known; a directory has none.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self.what {
            What::Directory | What::Skipped(_) => Some(0),
            What::File | What::Input => self.size,
        }
    }

    /// Opens the file and reads it once: its hash is what the receiver checks.
    pub(super) fn announce(&self, watch: &mut dyn Watch) -> Result<(File, Announced), Error> {
        let (What::File, [name]) = (&self.what, self.name.as_slice()) else {
            let cause = match &self.what {
                What::Skipped(cause) => cause.clone(),
                _ => Unsendable::OlderReceiver,
            };
            return Err(unsendable(&self.path, cause));
        };
        let (mut file, metadata) = open(&self.path)?;
        tell(watch, Event::Reading { name, size: metadata.len() })?;
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
        Ok((file, Announced { name: name.clone(), size, hash }))
    }

    /// Opens it, to be sent in pieces; a directory has no source.
    pub(super) fn open(&self) -> Result<(Option<Source>, Entry), Error> {
        let path = self.name.clone();
        let entry = Entry { kind: Kind::File, path, size: None, mode: None, modified: None };
        match &self.what {
            What::Skipped(cause) => Err(unsendable(&self.path, cause.clone())),
            What::Input => Ok((Some(Source::Input(Box::new(io::stdin()))), entry)),
            What::Directory => {
                let metadata = std::fs::symlink_metadata(&self.path)
                    .map_err(|error| self.unreadable(&error))?;
                Ok((None, Entry { kind: Kind::Directory, ..described(entry, &metadata) }))
            }
            What::File if self.path.is_symlink() => Err(unsendable(&self.path, Unsendable::Link)),
            What::File => {
                let (file, metadata) = open(&self.path)?;
                let entry = Entry { size: Some(metadata.len()), ..described(entry, &metadata) };
                Ok((Some(Source::File(file)), entry))
            }
        }
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        unsendable(&self.path, Unsendable::Io(error.to_string()))
    }
}

/// With the permission bits and the time of what is there.
fn described(entry: Entry, metadata: &std::fs::Metadata) -> Entry {
    #[cfg(unix)]
    let mode = Some(std::os::unix::fs::MetadataExt::mode(metadata) & 0o777);
    #[cfg(not(unix))]
    let mode = None;
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Entry { mode, modified: modified.map(|since| since.as_secs()), ..entry }
}

/// The last component of a path, which receivers must take.
fn own_name(path: &Path) -> Result<String, Error> {
    let refuse = |problem| unsendable(path, Unsendable::Name(problem));
    let name = path.file_name().unwrap_or_default();
    let name = name.to_str().ok_or_else(|| refuse(name::Problem::Encoding))?.to_owned();
    name::check(&name).map_err(refuse)?;
    Ok(name)
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
