//! Files that only their owner reads: a store's own, and the second place of its token (N47).

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::Error;

/// Compares the token of a store with the one in its second place, a file that backups skip, if there
/// is to be one. It is written where a person says that the store was moved, and where the store is
/// new: nothing was admitted, and no second token is there.
pub(crate) fn check_token(
    second: Option<&Path>,
    is_moved: bool,
    token: &[u8],
    is_new: bool,
) -> Result<(), Error> {
    let Some(file) = second else { return Ok(()) };
    match fs::read(file) {
        Ok(second) if second == token => Ok(()),
        _ if is_moved => write_private(file, token),
        Err(error) if error.kind() == ErrorKind::NotFound && is_new => write_private(file, token),
        _ => Err(Error::Token),
    }
}

/// Writes a file that only its owner reads, in one step.
fn write_private(path: &Path, octets: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = options()
        .truncate(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(octets).and_then(|()| file.sync_all()))
        // Whole or not at all: a token that was half written would shut the store.
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| io(&error))
}

/// A file that is made with mode 0600.
pub(crate) fn options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// A directory that only its owner reads (mode 0700).
#[cfg(feature = "sqlite")]
pub(crate) fn make_directory(directory: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(directory).map_err(|error| io(&error))
}

/// What the operating system says of a file.
pub(crate) fn io(error: &std::io::Error) -> Error {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        Error::Full
    } else {
        Error::Engine(error.to_string())
    }
}
