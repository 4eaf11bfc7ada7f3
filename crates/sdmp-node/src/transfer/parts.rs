//! Unfinished files: how they are named, opened, counted, and removed again.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sdmp_container::{Fingerprint, b64url};
use sdmp_crypto::hash::Sha512;

use super::message::Announced;
use super::pieces::Entry;
use super::refusal::Refusal;
use crate::file;

const PREFIX: &str = ".sdmp-";
const SUFFIX: &str = ".part";
/// An unfinished file that nothing was added to for so long is removed.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Where the octets of an announced file gather: one place for each content, size and name, so that
/// two senders of equal files under two names do not wait for each other.
pub(super) fn path(directory: &Path, announced: &Announced) -> PathBuf {
    place(directory, &announced.hash.to_string(), announced.size, &announced.name)
}

/// Where the octets of an entry gather. Its content is not known: what the same peer calls the same, with
/// the same size and time, most likely goes on, and is compared piece by piece.
pub(super) fn path_of_entry(directory: &Path, entry: &Entry, peer: &Fingerprint) -> PathBuf {
    let mut same = Sha512::new();
    let described = format!("{peer} {:?} {:?}", entry.size, entry.modified);
    same.update(described.as_bytes());
    let same = b64url::encode(&same.finish());
    place(directory, &same, entry.size.unwrap_or_default(), &entry.name())
}

fn place(directory: &Path, content: &str, size: u64, name: &str) -> PathBuf {
    // The peer's name is hashed, so that it cannot choose what our own files are called.
    let mut hash = Sha512::new();
    hash.update(name.as_bytes());
    let name = b64url::encode(&hash.finish());
    let (content, name) = (short(content, 43), short(&name, 11));
    directory.join(format!("{PREFIX}{content}.{size}.{name}{SUFFIX}"))
}

fn short(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// Opens what is there of a file, or begins it with mode 0600, and keeps every other session from
/// it.
pub(super) fn open(path: &Path) -> Result<File, Refusal> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    file::private(&mut options);
    file::never_wait_or_follow(&mut options);
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
        // A file system without locks: then no other process holds one either.
        Ok(()) | Err(TryLockError::Error(_)) => {}
        Err(TryLockError::WouldBlock) => return Err(Refusal::Busy),
    }
    // Between looking and locking the path may have come to mean another file.
    let opened = file.metadata().map_err(|error| storage(&error))?;
    let still = fs::symlink_metadata(path)
        .is_ok_and(|there| is_ours(&there) && is_ours(&opened) && same_file(&opened, &there));
    if !still {
        return Err(Refusal::Busy);
    }
    #[cfg(unix)]
    if file::readable_by_others(&opened).is_some() {
        use std::os::unix::fs::PermissionsExt;
        let private = fs::Permissions::from_mode(0o600);
        file.set_permissions(private).map_err(|error| storage(&error))?;
    }
    Ok(file)
}

/// A regular file of this user that has no second name: written to, it changes nothing elsewhere,
/// and no other user has it open for writing unless we gave it to him.
#[cfg(unix)]
fn is_ours(there: &fs::Metadata) -> bool {
    there.is_file() && std::os::unix::fs::MetadataExt::nlink(there) == 1 && file::is_own(there)
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

pub(super) fn storage(error: &io::Error) -> Refusal {
    Refusal::Storage(format!("it cannot be stored: {error}"))
}

struct Part {
    path: PathBuf,
    changed: SystemTime,
    /// What it takes now, or may grow to while it is being sent.
    octets: u64,
    active: bool,
}

/// Removes what was not continued for a week, and then the oldest unfinished files until
/// `wanted` more octets fit into `quota`. How many octets unfinished files then take at most;
/// `None` when those that are being received fill the quota.
pub(super) fn make_room(directory: &Path, wanted: u64, quota: u64) -> Option<u64> {
    let mut parts = list(directory);
    // A clock that was set back makes `elapsed` fail; then the part is kept.
    let expired = |part: &Part| part.changed.elapsed().is_ok_and(|age| age > KEPT);
    parts.retain(|part| part.active || !expired(part) || !remove(&part.path));
    parts.sort_by_key(|part| part.changed);
    let mut taken = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.octets));
    for part in parts.iter().filter(|part| !part.active) {
        if taken.saturating_add(wanted) <= quota {
            break;
        }
        if remove(&part.path) {
            taken = taken.saturating_sub(part.octets);
        }
    }
    (taken.saturating_add(wanted) <= quota).then_some(taken)
}

/// Removes an unfinished file unless it began to be sent again meanwhile.
fn remove(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // Locked first: a transfer that continues it now holds the lock.
    file.try_lock().is_ok() && fs::remove_file(path).is_ok()
}

fn list(directory: &Path) -> Vec<Part> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| part(&entry)).collect()
}

fn part(entry: &fs::DirEntry) -> Option<Part> {
    let name = entry.file_name();
    let inner = name.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let metadata = entry.metadata().ok().filter(is_ours)?;
    let path = entry.path();
    let active = File::open(&path)
        .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
    let announced = inner.split('.').nth(1).and_then(|size| size.parse().ok());
    let octets = announced.filter(|_| active).unwrap_or(0).max(metadata.len());
    Some(Part { path, changed: metadata.modified().ok()?, octets, active })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that is wrong should stop")]
    use super::*;
    use sdmp_container::Identifier;

    fn announced(name: &str, size: u64) -> Announced {
        Announced { name: name.to_owned(), size, hash: Identifier::from_octets([7; 64]) }
    }

    #[test]
    fn unfinished_files_do_not_fill_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let paths = ["a", "b", "c"].map(|name| path(here, &announced(name, 100)));
        for (age, path) in [300, 200, 100].iter().zip(&paths) {
            let file = open(path).unwrap();
            file.set_len(40).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(*age)).unwrap();
        }
        assert_eq!(make_room(here, 80, 200), Some(120), "all fit");
        assert_eq!(make_room(here, 90, 200), Some(80), "the oldest goes");
        assert!(!paths[0].exists() && paths[1].exists() && paths[2].exists());
        // One that is being received counts with what it may grow to, and is never removed.
        let active = open(&paths[1]).unwrap();
        assert_eq!(make_room(here, 90, 200), Some(100));
        assert!(paths[1].exists() && !paths[2].exists());
        assert_eq!(make_room(here, 101, 200), None);
        drop(active);
        assert_eq!(make_room(here, 101, 200), Some(40));
    }

    #[test]
    fn what_nobody_goes_on_with_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = path(directory.path(), &announced("a", 100));
        let file = open(&path).unwrap();
        file.set_modified(SystemTime::now() - KEPT - Duration::from_secs(60)).unwrap();
        assert_eq!(make_room(directory.path(), 0, 0), None, "it is being received: {path:?}");
        drop(file);
        assert_eq!(make_room(directory.path(), 0, 0), Some(0));
        assert!(!path.exists());
    }

    #[test]
    fn equal_files_under_two_names_have_two_places() {
        let here = Path::new("/in");
        assert_ne!(path(here, &announced("a", 1)), path(here, &announced("b", 1)));
        assert_ne!(path(here, &announced("a", 1)), path(here, &announced("a", 2)));
        assert_eq!(path(here, &announced("a", 1)), path(here, &announced("a", 1)));
    }
}
