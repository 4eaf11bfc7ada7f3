//! Files that are opened without waiting, written whole or not at all, and private by default.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sdmp_container::b64url;
use sdmp_crypto::random::{Random, SystemRandom};

/// Opens a regular file for reading, and looks at the kind of what was opened: a pipe, socket or
/// device at this path is an error and never makes the caller wait.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidInput`] for anything but a regular file.
pub fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    // Opening alone can have effects (a tape winds back), so the kind is looked at before as well.
    if !fs::metadata(path)?.is_file() {
        return Err(not_regular());
    }
    let mut options = OpenOptions::new();
    options.read(true);
    never_wait(&mut options);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

/// As [`never_wait`], and a link at this path is an error.
#[cfg(unix)]
pub(crate) fn never_wait_or_follow(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
pub(crate) fn never_wait_or_follow(_options: &mut OpenOptions) {}

#[cfg(unix)]
pub(crate) fn never_wait(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    // A pipe that took the place of the file since it was looked at is opened at once, and refused.
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
}

#[cfg(not(unix))]
pub(crate) fn never_wait(_options: &mut OpenOptions) {}

/// Mode 0600 for a file that is made.
#[cfg(unix)]
pub(crate) fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
pub(crate) fn private(_options: &mut OpenOptions) {}

/// Makes a directory, and those above it, with mode 0700.
///
/// # Errors
/// Those of the system.
pub fn make_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes only the last component of this path, with mode 0700.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::AlreadyExists`] when it is there.
pub(crate) fn make_one_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Replaces a file whole, or leaves it as it was; mode 0600.
///
/// # Errors
/// Those of the system.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = Draft::write(path, text)?;
    fs::rename(&draft.temporary, path)?;
    sync_directory(path);
    Ok(())
}

/// A complete file that does not have its name yet. Removed when it is dropped without one.
#[derive(Debug)]
pub(crate) struct Draft {
    temporary: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Writes the text beside where it will belong, down to the disk.
    pub(crate) fn write(path: &Path, text: &str) -> io::Result<Self> {
        let mut random = [0; 9];
        SystemRandom::new().fill(&mut random).map_err(|_| io::ErrorKind::Other)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden, and with an end that no reader looks for.
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", b64url::encode(&random)));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options);
        let mut file = options.open(&temporary)?;
        let draft = Self { temporary, path: path.to_owned() };
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }

    /// Gives the file its name; never replaces another.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken, or what the system says.
    pub(crate) fn publish(self) -> io::Result<()> {
        name_without_replacing(&self.temporary, &self.path)?;
        sync_directory(&self.path);
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone already where it was renamed; a leftover is hidden and never read.
        drop(fs::remove_file(&self.temporary));
    }
}

/// Moves a file to a name that must be free. Once the file has that name this is a success, even if
/// the old name remains: a hard link fails where the name is taken, which a rename does not.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the name is taken, or what the system says.
pub(crate) fn name_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => {
            // The file is where it should be. A directory of others may not let us remove the rest.
            drop(fs::remove_file(from));
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            // A file system without hard links: look, then rename.
            if fs::symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
    }
}

/// Makes a new name outlive a crash. The octets are safe already, and some systems cannot do it.
pub(crate) fn sync_directory(path: &Path) {
    if let Some(directory) = path.parent() {
        drop(File::open(directory).and_then(|directory| directory.sync_all()));
    }
}

/// Whether a file or directory belongs to the user of this process.
#[cfg(unix)]
pub(crate) fn is_own(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
pub(crate) fn is_own(_metadata: &Metadata) -> bool {
    true
}

/// What is wrong with a file or directory that no other user may change: its mode and its owner.
#[cfg(unix)]
pub(crate) fn changeable_by_others(metadata: &Metadata) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let trusted = is_own(metadata) || owner == 0;
    (mode & 0o022 != 0 || !trusted).then_some((mode, owner))
}

#[cfg(not(unix))]
pub(crate) fn changeable_by_others(_metadata: &Metadata) -> Option<(u32, u32)> {
    None
}

/// Whether a directory of ours, or of the system's, lets others add files but not move ours.
#[cfg(unix)]
pub(crate) fn only_owners_move(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o1000 != 0 && (is_own(metadata) || metadata.uid() == 0)
}

#[cfg(not(unix))]
pub(crate) fn only_owners_move(_metadata: &Metadata) -> bool {
    false
}

/// The mode of a file that others can read.
#[cfg(unix)]
pub(crate) fn readable_by_others(metadata: &Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::MetadataExt::mode(metadata) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(crate) fn readable_by_others(_metadata: &Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that is wrong should stop")]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert_eq!(open_regular(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(open_regular(directory.path()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn files_are_replaced_whole_and_leave_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(readable_by_others(&fs::metadata(&path).unwrap()), None);
    }

    #[test]
    fn a_new_file_never_replaces_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        Draft::write(&path, "one").unwrap().publish().unwrap();
        let error = Draft::write(&path, "two").unwrap().publish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
