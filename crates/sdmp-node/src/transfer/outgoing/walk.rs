//! What is in directories that are to be sent. Symbolic links are never followed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Outgoing, What, own_name, unsendable};
use crate::error::{Error, Unsendable};
use crate::transfer::name;

/// How many components a path may have that arrives.
const DEPTH: usize = 64;

/// All of these files, and of what is in these directories.
pub(super) fn all<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<Vec<Outgoing>, Error> {
    let (mut names, mut found) = (BTreeSet::new(), Vec::new());
    for path in paths {
        let is_directory = fs::symlink_metadata(path).is_ok_and(|there| there.is_dir());
        let top = if is_directory { directory_name(path)? } else { own_name(path)? };
        // The second would overwrite the first, or be refused after everything else was sent.
        if !names.insert(top.clone()) {
            return Err(unsendable(path, Unsendable::SameName(top)));
        }
        if is_directory {
            directory(path, vec![top], &mut found)?;
        } else {
            found.push(Outgoing::check(path)?);
        }
    }
    Ok(found)
}

/// The name of a directory, also of `.` and `..`, which have none of their own.
fn directory_name(path: &Path) -> Result<String, Error> {
    if path.file_name().is_some() {
        return own_name(path);
    }
    let whole = fs::canonicalize(path);
    own_name(&whole.map_err(|error| unsendable(path, Unsendable::Io(error.to_string())))?)
}

/// Adds what is in a directory, and then itself.
fn directory(path: &Path, name: Vec<String>, found: &mut Vec<Outgoing>) -> Result<(), Error> {
    let failed = |error: std::io::Error| unsendable(path, Unsendable::Io(error.to_string()));
    let mut entries: Vec<_> =
        fs::read_dir(path).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    // The same order each time: what is tried again goes on where it stopped.
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        one(&entry, &name, found);
    }
    found.push(Outgoing { path: path.to_owned(), name, size: None, what: What::Directory });
    Ok(())
}

/// Adds one entry of a directory; what cannot be sent is added as such.
fn one(entry: &fs::DirEntry, above: &[String], found: &mut Vec<Outgoing>) {
    let path = entry.path();
    let shown = entry.file_name().to_string_lossy().into_owned();
    let mut name = above.to_vec();
    name.push(shown.clone());
    let metadata = entry.metadata();
    let outgoing = |what, size| Outgoing { path: path.clone(), name: name.clone(), size, what };
    let skipped = |cause| outgoing(What::Skipped(cause), None);
    let refused = match entry.file_name().to_str() {
        None => Some(name::Problem::Encoding),
        Some(_) if name.len() > DEPTH => Some(name::Problem::Length),
        Some(known) => name::check(known).err(),
    };
    if let Some(problem) = refused {
        return found.push(skipped(Unsendable::Name(problem)));
    }
    match metadata {
        // The metadata of a link itself: it is not followed.
        Ok(there) if there.is_symlink() => found.push(skipped(Unsendable::Link)),
        Ok(there) if there.is_file() => found.push(outgoing(What::File, Some(there.len()))),
        Ok(there) if there.is_dir() => {
            if let Err(Error::Unsendable { cause, .. }) = directory(&path, name.clone(), found) {
                found.push(skipped(cause));
            }
        }
        Ok(_) => found.push(skipped(Unsendable::NotRegular)),
        Err(error) => found.push(skipped(Unsendable::Io(error.to_string()))),
    }
}
