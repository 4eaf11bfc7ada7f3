//! Unix sockets as a carrier.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use crate::listener::{Acceptor, Incoming, Source};
use crate::octets::ByteStream;

/// A Unix socket as a carrier.
pub type Unix = ByteStream<OwnedReadHalf, OwnedWriteHalf>;

/// Connects to a socket.
///
/// # Errors
/// Those of the system: no such socket, no listener, no permission.
pub async fn dial(path: impl AsRef<Path>) -> io::Result<Unix> {
    Ok(wrap(UnixStream::connect(path).await?))
}

/// Makes a carrier of a connected socket.
#[must_use]
pub fn wrap(stream: UnixStream) -> Unix {
    let (read, write) = stream.into_split();
    ByteStream::from_halves(read, write)
}

/// A socket where connections come in; its file is removed when this is dropped.
#[derive(Debug)]
pub struct UnixAcceptor {
    listener: UnixListener,
    path: PathBuf,
    /// Device and number of the socket's file: another one at the same path is not ours.
    file: Option<(u64, u64)>,
}

impl UnixAcceptor {
    /// Opens the socket. A file that is left from a listener that died is replaced; one that
    /// a listener still uses, or that is no socket, is not.
    ///
    /// # Errors
    /// Those of the system: in use, no permission.
    pub async fn bind(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let listener = match UnixListener::bind(&path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(&path).await => {
                std::fs::remove_file(&path)?;
                UnixListener::bind(&path)?
            }
            result => result?,
        };
        let file = file_of(&path);
        Ok(Self { listener, path, file })
    }
}

fn file_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

async fn is_left_over(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    is_socket
        && UnixStream::connect(path)
            .await
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

impl Drop for UnixAcceptor {
    fn drop(&mut self) {
        if self.file.is_some() && self.file == file_of(&self.path) {
            // It may be gone meanwhile, and then all is well.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

#[async_trait]
impl Acceptor for UnixAcceptor {
    async fn next(&mut self) -> io::Result<Incoming> {
        let (stream, _) = self.listener.accept().await?;
        Ok(Incoming::ready(wrap(stream), Source::Local))
    }
}
