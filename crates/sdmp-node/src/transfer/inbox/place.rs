//! Where files get their names: below one directory, through no link, and over nothing unasked.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::super::name;
use super::super::parts::storage;
use super::super::pieces::Entry;
use super::super::refusal::Refusal;
use crate::file::{make_one_private_directory, name_without_replacing, sync_directory};

/// The longest path that is taken, in octets: what systems take, with room for the directory before it.
const LONGEST: usize = 3072;

/// The path of an entry below a directory; makes the directories above it, each for its owner only.
pub(super) fn target(directory: &Path, path: &[String]) -> Result<PathBuf, Refusal> {
    // First of all: everything below builds paths from these names.
    let checked = path.iter().all(|component| name::check(component).is_ok());
    let length: usize = path.iter().map(|component| component.len() + 1).sum();
    let Some((last, above)) = path.split_last().filter(|_| checked && length <= LONGEST) else {
        return Err(Refusal::Name);
    };
    let mut target = directory.to_owned();
    for component in above {
        target.push(component);
        make_directory(&target)?;
    }
    target.push(last);
    Ok(target)
}

/// Makes a directory if there is none. Never through a link.
pub(super) fn make_directory(path: &Path) -> Result<(), Refusal> {
    match make_one_private_directory(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_directory = fs::symlink_metadata(path).is_ok_and(|there| there.is_dir());
            if is_directory { Ok(()) } else { Err(Refusal::Exists) }
        }
        Err(error) => Err(storage(&error)),
    }
}

/// What stands at a path; anything but a regular file is in the way.
pub(super) fn there(path: &Path) -> Result<Option<Metadata>, Refusal> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(storage(&error)),
        // Never through a link, and never over a directory or device, even with `force`.
        Ok(there) if !there.is_file() => Err(Refusal::Exists),
        Ok(there) => Ok(Some(there)),
    }
}

/// Gives a file its name, and before that its octets to the disk: after a crash a file with its final
/// name is complete.
pub(super) fn name(file: &File, partial: &Path, target: &Path, force: bool) -> Result<(), Refusal> {
    file.sync_all().map_err(|error| storage(&error))?;
    if force && fs::symlink_metadata(target).is_ok_and(|there| there.is_file()) {
        fs::rename(partial, target).map_err(|error| storage(&error))?;
    } else {
        name_without_replacing(partial, target).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Refusal::Exists,
            _ => storage(&error),
        })?;
    }
    sync_directory(target);
    Ok(())
}

/// Gives a file or directory the permissions and the time that it has at the sender: the owner's
/// permissions, and with `keep` also those of the group and of others.
pub(super) fn describe(file: &File, entry: &Entry, least: u32, keep: bool) -> Result<(), Refusal> {
    if let Some(mode) = entry.mode {
        let allowed = if keep { 0o777 } else { 0o700 };
        set_mode(file, (mode & allowed) | least).map_err(|error| storage(&error))?;
    }
    if let Some(at) = entry.modified.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_secs(at)))
    {
        // Some file systems keep no such times; the file is whole all the same.
        drop(file.set_modified(at));
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}
