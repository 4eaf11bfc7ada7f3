//! TCP as a carrier.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use futures::FutureExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};

use crate::carrier::Carrier;
use crate::listener::{Acceptor, Incoming, Source};
use crate::octets::ByteStream;

/// Connections that may wait until they are accepted; the system may allow fewer. When the queue is
/// full, the kernel of an honest dialler tries again only after a second.
const BACKLOG: u32 = 4096;

/// A TCP connection as a carrier.
pub type Tcp = ByteStream<OwnedReadHalf, OwnedWriteHalf>;

/// Opens a TCP connection.
///
/// # Errors
/// Those of the system: refused, unreachable, name not known.
pub async fn dial(address: impl ToSocketAddrs) -> io::Result<Tcp> {
    wrap(TcpStream::connect(address).await?)
}

/// Makes a carrier of a connected socket; small objects are sent at once.
///
/// # Errors
/// Those of the system when the socket is gone already.
pub fn wrap(stream: TcpStream) -> io::Result<Tcp> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    Ok(ByteStream::from_halves(read, write))
}

/// A TCP port where connections come in.
#[derive(Debug)]
pub struct TcpAcceptor(TcpListener);

impl TcpAcceptor {
    /// Opens the port; port 0 takes any free one.
    ///
    /// # Errors
    /// Those of the system: the address is in use, is not ours, or may not be opened.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in lookup_host(address).await? {
            match listen(address) {
                Ok(listener) => return Ok(Self(listener)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The address, with the real port.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Waits for a bare connection.
    pub(crate) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept().await
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a server that starts again gets its port; elsewhere the option means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[async_trait]
impl Acceptor for TcpAcceptor {
    async fn next(&mut self) -> io::Result<Incoming> {
        let (stream, from) = self.accept().await?;
        // A peer that is gone already is no failure of the port.
        let carrier = wrap(stream).map(|tcp| -> Box<dyn Carrier> { Box::new(tcp) });
        Ok(Incoming { source: Source::Ip(from.ip()), open: std::future::ready(carrier).boxed() })
    }
}
