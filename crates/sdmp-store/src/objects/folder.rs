//! Long texts as files in a folder.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sdmp_journal::Timestamp;

use super::{Objects, timestamp};
use crate::Error;
use crate::private::{self, io};

/// A folder of a local file system, one file a text.
///
/// ```
/// use sdmp_store::objects::{Folder, Objects};
///
/// let directory = tempfile::tempdir()?;
/// let folder = Folder::open(directory.path().join("texts"))?;
/// folder.put("00112233445566778899aabbccddeeff", b"a text")?;
/// assert_eq!(folder.get("00112233445566778899aabbccddeeff")?.as_deref(), Some(&b"a text"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Folder {
    directory: PathBuf,
}

impl Folder {
    /// The folder, which is made if it is not there (mode 0700).
    ///
    /// # Errors
    /// [`Error::Full`], or what the system says.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        private::make_directory(&directory)?;
        Ok(Self { directory })
    }

    /// Names come from the database, and lead nowhere else whatever stands there.
    fn file(&self, name: &str) -> Result<PathBuf, Error> {
        let is_plain = name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'.');
        let is_name = is_plain && !name.is_empty() && !name.starts_with('.');
        if is_name {
            Ok(self.directory.join(name))
        } else {
            Err(Error::Damaged("a name of a text"))
        }
    }

    fn write(&self, beside: &Path, file: &Path, text: &[u8]) -> std::io::Result<()> {
        let mut written = private::options().truncate(true).open(beside)?;
        written.write_all(text)?;
        written.sync_all()?;
        // Whole or not at all; and the name is as durable as the text.
        fs::rename(beside, file)?;
        #[cfg(unix)]
        fs::File::open(&self.directory)?.sync_all()?;
        Ok(())
    }
}

impl Objects for Folder {
    fn put(&self, name: &str, text: &[u8]) -> Result<(), Error> {
        let (file, beside) = (self.file(name)?, self.file(&format!("{name}.new"))?);
        self.write(&beside, &file, text).map_err(|error| {
            drop(fs::remove_file(&beside));
            io(&error)
        })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(self.file(name)?) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(&error)),
        }
    }

    fn delete(&self, name: &str) -> Result<(), Error> {
        match fs::remove_file(self.file(name)?) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io(&error)),
            _ => Ok(()),
        }
    }

    fn list(&self) -> Result<Vec<(String, Option<Timestamp>)>, Error> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(|error| io(&error))? {
            let entry = entry.map_err(|error| io(&error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let modified = entry.metadata().and_then(|found| found.modified()).ok();
            found.push((name, modified.and_then(timestamp)));
        }
        Ok(found)
    }
}
