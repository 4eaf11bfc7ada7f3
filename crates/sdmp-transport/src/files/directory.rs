//! A directory by its descriptor. Every name is resolved in it and in no other: no symbolic link is
//! followed, and nothing but a regular file is opened, whatever others write there meanwhile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use bytes::Bytes;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, mkdirat, open, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;
use sdmp_crypto::random::{Random, SystemRandom};

/// Room for a line feed and what white space a carrier may add.
const AROUND: usize = 64;

/// A directory that others fill must not fill our memory.
const MOST_NAMES: usize = 1 << 16;

const OPEN_DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// `NONBLOCK`: a FIFO that took the place of a file is opened at once, and then refused.
const OPEN_FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);
/// `EXCL`: what is there already, be it a link, is never opened.
const CREATE_FILE: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// As for any new file and directory; the user's mask decides who may read.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);

#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

impl Directory {
    /// A directory that the user has named; links on the path to it are the user's.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(open(path, OPEN_DIRECTORY, Mode::empty())?))
    }

    /// A new directory, which must be ours when it is opened.
    pub(super) fn create(&self, name: &str) -> io::Result<Self> {
        mkdirat(&self.0, name, DIRECTORY_MODE)?;
        let created = self.enter(name)?;
        let owner = fstat(&created.0)?.st_uid;
        if owner == rustix::process::geteuid().as_raw() {
            Ok(created)
        } else {
            // Another user has put a directory of his own into its place.
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    /// A directory in this one.
    pub(super) fn enter(&self, name: &str) -> io::Result<Self> {
        Ok(Self(openat(&self.0, name, OPEN_DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Whether `name` is still this very directory.
    pub(super) fn holds(&self, name: &str, directory: &Self) -> bool {
        let (Ok(there), Ok(here)) = (self.stat(name), fstat(&directory.0)) else { return false };
        there.is_some_and(|there| there.st_dev == here.st_dev && there.st_ino == here.st_ino)
    }

    /// Whether there is anything of this name, be it a link to nowhere.
    pub(super) fn has(&self, name: &str) -> bool {
        self.stat(name).is_ok_and(|there| there.is_some())
    }

    fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in it that are text, of the first [`MOST_NAMES`].
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)?.take(MOST_NAMES) {
            if let Ok(name) = entry?.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// A file's content without its line feed; `None` while it is missing or still being copied.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for what is no regular file, or longer than that.
    pub(super) fn read(&self, name: &str, longest: usize) -> io::Result<Option<Bytes>> {
        let most = u64::try_from(longest.saturating_add(AROUND)).unwrap_or(u64::MAX);
        // Looked at before it is opened, since opening alone can do something to a device.
        let Some(stat) = self.stat(name)? else { return Ok(None) };
        demand_file(&stat, most)?;
        let file = match openat(&self.0, name, OPEN_FILE, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(io::ErrorKind::InvalidData.into()),
            Err(error) => return Err(error.into()),
        };
        // And again: another one may have taken its place.
        demand_file(&fstat(&file)?, most)?;
        let mut object = Vec::new();
        // It may have grown since it was looked at.
        File::from(file).take(most).read_to_end(&mut object)?;
        // The line feed is written last: without it the file is still being written or copied.
        if object.pop() != Some(b'\n') {
            return Ok(None);
        }
        Ok(Some(object.into()))
    }

    /// Writes a file that appears whole: it is written under a random name and then renamed. What had
    /// the name before is replaced, not followed.
    pub(super) fn write(&self, name: &str, object: &[u8]) -> io::Result<()> {
        // Renamed when complete, so that a reader never sees a part.
        let temporary = format!(".{}.tmp", random_name()?);
        let file = openat(&self.0, temporary.as_str(), CREATE_FILE, FILE_MODE)?;
        let written = fill(file.into(), object)
            .and_then(|()| Ok(renameat(&self.0, temporary.as_str(), &self.0, name)?));
        if written.is_err() {
            self.remove(&temporary);
        }
        written
    }

    /// Makes an empty file of that name, unless there is anything.
    pub(super) fn claim(&self, name: &str) -> io::Result<()> {
        drop(openat(&self.0, name, CREATE_FILE, FILE_MODE)?);
        Ok(())
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Removes a file, or a link itself. What cannot be removed is rubbish, and nothing worse.
    pub(super) fn remove(&self, name: &str) {
        let _ignored = unlinkat(&self.0, name, AtFlags::empty());
    }

    /// Removes a directory if it is empty.
    pub(super) fn remove_directory(&self, name: &str) {
        let _ignored = unlinkat(&self.0, name, AtFlags::REMOVEDIR);
    }
}

fn demand_file(stat: &Stat, most: u64) -> io::Result<()> {
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if is_file && u64::try_from(stat.st_size).is_ok_and(|size| size <= most) {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn fill(mut file: File, object: &[u8]) -> io::Result<()> {
    file.write_all(object)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// 32 random hexadecimal digits.
pub(super) fn random_name() -> io::Result<String> {
    let mut name = [0; 16];
    SystemRandom::new().fill(&mut name).map_err(|_| io::ErrorKind::Other)?;
    Ok(name.iter().map(|octet| format!("{octet:02x}")).collect())
}
