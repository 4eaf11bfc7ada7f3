//! Extension schemas in files.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use sdmp_container::ResourceUri;

use crate::{Error, Resolver, document::MAX_OCTETS};

/// A resolver that reads `DIRECTORY/HOST/PATH.json` for `sdmp://HOST/PATH`, and
/// `DIRECTORY/HOST.json` for a URI without a path.
///
/// HOST and PATH are the 86 base64url characters of the URI (R10), so no URI can name a file
/// elsewhere. A file that is not there is an unknown schema; every other failure to read is an
/// error. At most one octet more than the largest schema is read.
///
/// ```
/// use sdmp_container::ResourceUri;
/// use sdmp_schema::DirectoryResolver;
/// use std::path::Path;
///
/// let host = "A".repeat(86);
/// let uri: ResourceUri = format!("sdmp://{host}").parse()?;
/// let file = DirectoryResolver::new("schemas").file(&uri);
/// assert_eq!(file, Path::new("schemas").join(format!("{host}.json")));
/// # Ok::<(), sdmp_container::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DirectoryResolver {
    directory: PathBuf,
}

impl DirectoryResolver {
    /// A resolver for the files under `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The file that would hold the schema of `uri`.
    #[must_use]
    pub fn file(&self, uri: &ResourceUri) -> PathBuf {
        // Built from the decoded hashes, not from the text: only base64url characters can appear.
        let host = uri.publisher().to_string();
        match uri.resource() {
            Some(path) => self.directory.join(host).join(format!("{path}.json")),
            None => self.directory.join(format!("{host}.json")),
        }
    }
}

impl Resolver for DirectoryResolver {
    fn resolve(&self, uri: &ResourceUri) -> Result<Option<Vec<u8>>, Error> {
        match read(&self.file(uri)) {
            Ok(schema) => Ok(Some(schema)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::resolver(uri, error.kind().to_string())),
        }
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(file)?;
    // A directory opens on some systems, and a device or pipe might never end.
    if !file.metadata()?.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut octets = Vec::new();
    let most = u64::try_from(MAX_OCTETS).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut octets)?;
    Ok(octets)
}
