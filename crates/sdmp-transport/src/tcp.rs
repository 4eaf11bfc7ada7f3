//! TCP as a carrier.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use futures::FutureExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

use crate::carrier::Carrier;
use crate::listener::{Incoming, Knock, Source};
use crate::octets::ByteStream;

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
pub struct TcpIncoming(TcpListener);

impl TcpIncoming {
    /// Opens the port; port 0 takes any free one.
    ///
    /// # Errors
    /// Those of the system: the address is in use, is not ours, or may not be opened.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
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

#[async_trait]
impl Incoming for TcpIncoming {
    async fn next(&mut self) -> io::Result<Knock> {
        let (stream, from) = self.accept().await?;
        // A peer that is gone already is no failure of the port.
        let carrier = wrap(stream).map(|tcp| -> Box<dyn Carrier> { Box::new(tcp) });
        Ok(Knock { source: Source::Ip(from.ip()), open: std::future::ready(carrier).boxed() })
    }
}
