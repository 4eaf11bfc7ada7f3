//! A local port or socket whose connections travel to a peer.

use std::fmt;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::socket::Socket;

/// Connections at the same time; further ones wait.
const CONNECTIONS: usize = 1024;

/// Where local connections come in.
#[derive(Debug)]
pub enum Local {
    /// A TCP port.
    Tcp(TcpListener),
    /// A Unix socket that only this user may connect to.
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

impl Local {
    /// Opens `PORT` of this machine's loopback address, `HOST:PORT`, or `unix:PATH`, whose file has
    /// mode 0600 and is removed when this is dropped.
    ///
    /// # Errors
    /// Those of the system: in use, no permission.
    pub async fn bind(place: &str) -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(path) = place.strip_prefix("unix:") {
            return unix(Path::new(path)).await;
        }
        Ok(Self::Tcp(match place.parse::<u16>() {
            // A bare port must not open this machine's identity to the network.
            Ok(port) => TcpListener::bind(("127.0.0.1", port)).await?,
            Err(_) => TcpListener::bind(place).await?,
        }))
    }

    /// The address of a TCP port, with its real number.
    ///
    /// # Errors
    /// Those of the system.
    pub fn address(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Some),
            #[cfg(unix)]
            Self::Unix(..) => Ok(None),
        }
    }

    async fn accept(&self) -> io::Result<(Socket, String)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                Ok((stream.into(), from.to_string()))
            }
            #[cfg(unix)]
            Self::Unix(listener, file) => {
                let (stream, _) = listener.accept().await?;
                Ok((stream.into(), file.0.display().to_string()))
            }
        }
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(_) => f.write_str("a port that is gone"),
            },
            #[cfg(unix)]
            Self::Unix(_, file) => write!(f, "unix:{}", file.0.display()),
        }
    }
}

/// The file of a Unix socket, removed when dropped.
#[cfg(unix)]
#[derive(Debug)]
pub struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone meanwhile, and then all is well.
        drop(std::fs::remove_file(&self.0));
    }
}

#[cfg(unix)]
async fn unix(path: &Path) -> io::Result<Local> {
    use std::os::unix::fs::FileTypeExt;
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "unix: needs a path"));
    }
    let listener = match bind_private(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let there = std::fs::symlink_metadata(path);
            let left_over = there.is_ok_and(|there| there.file_type().is_socket())
                && UnixStream::connect(path)
                    .await
                    .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
            if !left_over {
                return Err(error);
            }
            // Left by a process that died: nothing listens there.
            std::fs::remove_file(path)?;
            bind_private(path)?
        }
        bound => bound?,
    };
    Ok(Local::Unix(listener, SocketFile(path.to_owned())))
}

/// The mode must be right from the first moment: who connects in between would be let in.
#[cfg(unix)]
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    // The mode has to be right from the first moment: changing it afterwards leaves a gap.
    let usual = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let bound = UnixListener::bind(path);
    rustix::process::umask(usual);
    bound
}

/// Gives each connection that comes in to `carry`, which opens a session and carries the connection
/// [`through`](super::through) it, until the future is dropped: that resets and cuts what is open. At
/// most 1,024 connections are carried at the same time; further ones wait. `carry` also gets the
/// connection's origin, for messages; `not_taken` is told why one could not be taken.
///
/// To bound how many sessions are opened at once, let `carry` use an [`Opener`](crate::Opener).
pub async fn forward<C, F, N>(local: Local, carry: C, not_taken: N)
where
    C: Fn(Socket, String) -> F,
    F: Future<Output = ()> + Send + 'static,
    N: Fn(&io::Error),
{
    /// A lack of descriptors passes only when connections end.
    const PAUSE: Duration = Duration::from_millis(50);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // Dropped with this future, it ends them all.
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            // Before accepting: what has no place waits in the queue of the system.
            let place = Arc::clone(&places).acquire_owned().await;
            local.accept().await.map(|accepted| (accepted, place))
        };
        let ((socket, from), place) = tokio::select! {
            next = next => match next {
                Ok(next) => next,
                Err(error) => {
                    not_taken(&error);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let carrying = carry(socket, from);
        connections.spawn(async move {
            carrying.await;
            drop(place);
        });
    }
}
