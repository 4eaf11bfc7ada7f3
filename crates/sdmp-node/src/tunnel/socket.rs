//! A local socket as the end of a stream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use sdmp_transport::{SecureSession, SecureStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, split};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::pump::{Ended, Until, pump_channel, pump_stream};
use crate::channels::Channel;
use crate::error::Error;

/// A connected local socket. Until both directions have ended as they should, dropping it resets the
/// connection (TCP): even when this process is killed, a part is never taken for the whole. A Unix
/// socket has no reset; there the end is the same in both cases.
#[derive(Debug)]
pub enum Socket {
    /// A TCP connection.
    Tcp(TcpStream),
    /// A connection through a Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        // Small answers must not wait for more; where it cannot be set they come a little later.
        drop(stream.set_nodelay(true));
        // Set first and taken back at a clean end: until then a lost process shows as a reset.
        drop(stream.set_zero_linger());
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl Socket {
    /// From now on closing is no reset.
    pub(crate) fn complete(&self) {
        match self {
            #[allow(
                deprecated,
                reason = "deprecated for lingering, which blocks; this switches it off"
            )]
            Self::Tcp(stream) => drop(stream.set_linger(None)),
            #[cfg(unix)]
            Self::Unix(_) => {}
        }
    }
}

/// Carries a session through a socket.
///
/// # Errors
/// As [`pump`](super::pump()); the socket is reset.
pub async fn through(session: SecureSession, socket: impl Into<Socket>) -> Result<Ended, Error> {
    stream_through(SecureStream::new(session), socket).await
}

/// The same for a session of which something was received already.
pub(crate) async fn stream_through(
    stream: SecureStream,
    socket: impl Into<Socket>,
) -> Result<Ended, Error> {
    let mut socket = socket.into();
    let (read, write) = split(&mut socket);
    let ended = pump_stream(stream, read, write, Until::OurEnd).await?;
    socket.complete();
    Ok(ended)
}

/// Carries a channel through a socket.
///
/// # Errors
/// How the channel or the session ended, or the local end; the socket and the channel are reset.
pub async fn channel_through(channel: Channel, socket: impl Into<Socket>) -> Result<(), Error> {
    let mut socket = socket.into();
    let (read, write) = split(&mut socket);
    pump_channel(channel, read, write).await?;
    socket.complete();
    Ok(())
}

/// Carries a session to a TCP service.
///
/// # Errors
/// [`Error::Unreachable`], or as [`through`].
pub async fn to_service(session: SecureSession, service: &str) -> Result<Ended, Error> {
    through(session, connect(service).await?).await
}

/// Connects to a service.
pub(crate) async fn connect(service: &str) -> Result<TcpStream, Error> {
    TcpStream::connect(service).await.map_err(|error| Error::Unreachable {
        service: service.to_owned(),
        cause: error.to_string(),
    })
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, octets),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
