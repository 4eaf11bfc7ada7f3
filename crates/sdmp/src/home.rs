//! Own keys and known identities in files, one container a file.
//!
//! These are the files of the program `sdmp`. A directory of many, with names, notes and safety
//! against other processes, is `Home` of the feature `node`.

use std::io;
use std::path::Path;
#[cfg(feature = "generate")]
use std::sync::Arc;

use sdmp_container::{Container, IdentityType};
use sdmp_envelope::{Identity, LocalIdentity, private_key};

/// Why a file gave no key or no identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be read or written.
    #[error("cannot read or write the file: {0}")]
    Io(#[from] io::Error),
    /// The file holds no container.
    #[error("the file holds no container: {0}")]
    Container(#[from] sdmp_container::Error),
    /// The container is not the one that was expected, or its key is refused: a wrong passphrase
    /// among others.
    #[error(transparent)]
    Envelope(#[from] sdmp_envelope::Error),
}

impl FileError {
    /// A stable code: `file.io`, or that of the cause.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "file.io",
            Self::Container(error) => error.code(),
            Self::Envelope(error) => error.code(),
        }
    }
}

/// Reads an own key, a `private_key` container (R13, R15), as the identity of a node that can
/// sign until the day that the file names.
///
/// # Errors
/// [`FileError`]; a file that needs a passphrase and gets none, or a wrong one, is refused.
pub fn key_file(
    path: impl AsRef<Path>,
    passphrase: Option<&[u8]>,
) -> Result<LocalIdentity, FileError> {
    let container = Container::parse(std::fs::read(path)?)?;
    Ok(private_key::open(&container, passphrase)?.into_local(IdentityType::Node)?)
}

/// Reads a peer's identity (R13 to R15). Whether it has expired is asked when it is used.
///
/// # Errors
/// [`FileError`].
pub fn identity_file(path: impl AsRef<Path>) -> Result<Identity, FileError> {
    Ok(Identity::parse(&std::fs::read(path)?)?)
}

/// Makes a key of 3072 bits, writes it to a new file that only this user may read, and gives its
/// identity, whose [`text`](Identity::text) is what peers need.
///
/// # Errors
/// [`FileError`]; a file that exists is never replaced.
#[cfg(feature = "generate")]
pub fn new_key_file(
    path: impl AsRef<Path>,
    expires: sdmp_container::Timestamp,
    passphrase: Option<&[u8]>,
) -> Result<LocalIdentity, FileError> {
    use sdmp_crypto::random::SystemRandom;
    use sdmp_crypto::rsa::PrivateKey;
    use std::io::Write;

    let key = PrivateKey::generate(3072).map_err(sdmp_envelope::Error::from)?;
    let text = private_key::create(&key, expires, passphrase, &mut SystemRandom::new())?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}
