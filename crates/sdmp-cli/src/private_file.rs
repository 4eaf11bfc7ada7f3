//! Files that decide whom this program trusts, or that hold secrets: others must not write them.

use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

use crate::error::{Exit, Failure};
use crate::io::printable;

/// Refuses a file that belongs to another user, or that others may write. Pipes and devices, as
/// process substitution gives them, are the caller's choice.
#[cfg(unix)]
pub(crate) fn check_writers(what: &str, path: &Path, metadata: &Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    if !metadata.is_file() {
        return Ok(());
    }
    let owner = metadata.uid();
    let shown = printable(&path.display().to_string());
    let refuse = |cause: String| Failure::new(Exit::Other, "file.writable", cause);
    // The administrator could read and change everything anyway.
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(refuse(format!("{what} {shown} belongs to another user"))
            .remedy("copy it, look at what it says, and use the copy"));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(refuse(format!("{what} {shown} has mode {mode:03o}: others can write it"))
            .remedy(format!("look at what it says, then `chmod go-w {shown}`")));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn check_writers(
    _what: &str,
    _path: &Path,
    _metadata: &Metadata,
) -> Result<(), Failure> {
    Ok(())
}

/// Whether others may read a file; with the mode, for a warning.
#[cfg(unix)]
pub(crate) fn readable_by_others(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let mode = metadata.mode() & 0o777;
    (metadata.is_file() && mode & 0o044 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(crate) fn readable_by_others(_metadata: &Metadata) -> Option<u32> {
    None
}

/// Opens a file for appending, or makes it for its owner alone. A link is not followed, and a file
/// that others may read or write is refused.
pub(crate) fn append(what: &str, code: &'static str, path: &Path) -> Result<File, Failure> {
    let shown = printable(&path.display().to_string());
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Other, code, format!("{what} {shown} cannot be opened: {error}"))
            .remedy("name a file that you may write, and no link; or leave the option out")
    };
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    }
    let file = options.open(path).map_err(failed)?;
    // Of the open file: the path may come to mean another one.
    let metadata = file.metadata().map_err(failed)?;
    check_writers(what, path, &metadata)?;
    if let Some(mode) = readable_by_others(&metadata) {
        let cause = format!("{what} {shown} has mode {mode:03o}: others can read it");
        return Err(Failure::new(Exit::Other, "file.readable", cause)
            .remedy(format!("`chmod 600 {shown}`, or name a new file")));
    }
    Ok(file)
}
