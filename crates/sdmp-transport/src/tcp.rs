//! TCP as a carrier.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};

use crate::carrier::{Carrier, CarrierLimits, Halves};
use crate::listener::{Acceptor, Incoming, Source};
use crate::octets::ByteStream;

/// Connections that may wait until they are accepted; the system may allow fewer. When the queue is
/// full, the kernel of an honest dialler tries again only after a second.
const BACKLOG: u32 = 4096;

/// A connection on which nothing has come for so long is asked whether the peer is still there, ...
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
/// ... so often, ...
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// ... and broken after so many questions without an answer: within 35 s of its last sign of life.
#[cfg(not(target_os = "openbsd"))]
const KEEPALIVE_PROBES: u32 = 4;

/// A TCP connection as a carrier. A peer whose machine or network is gone is found within 35 s, also
/// in a session in which both sides are silent.
#[derive(Debug)]
pub struct Tcp(TcpStream);

impl Carrier for Tcp {
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        limit_unacknowledged(&self.0, &limits);
        let (read, write) = self.0.into_split();
        Box::new(ByteStream::from_halves(read, write)).split(limits)
    }
}

/// Makes a socket send small objects at once and find out when its peer is gone.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    #[cfg(not(target_os = "openbsd"))]
    let keepalive = keepalive.with_retries(KEEPALIVE_PROBES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// How long what was written may stay without an acknowledgement: a little longer than a write may
/// stall, which is the session's to report. Keepalive alone does not look while something is under
/// way. Without a limit where a write may stall for long: it would outlast keepalive, too.
pub(crate) fn limit_unacknowledged(stream: &TcpStream, limits: &CarrierLimits) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    {
        const LONG: Duration = Duration::from_secs(60);
        const MARGIN: Duration = Duration::from_secs(5);
        let stall = limits.write_stall();
        let limit = (stall <= LONG).then(|| stall.saturating_add(MARGIN));
        // A socket that is gone already says so when it is used.
        drop(SockRef::from(stream).set_tcp_user_timeout(limit));
    }
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _unused = (stream, limits);
}

/// Opens a TCP connection.
///
/// # Errors
/// Those of the system: refused, unreachable, name not known.
pub async fn dial(address: impl ToSocketAddrs) -> io::Result<Tcp> {
    wrap(TcpStream::connect(address).await?)
}

/// Makes a carrier of a connected socket: small objects are sent at once, and keepalive is set.
///
/// # Errors
/// Those of the system when the socket is gone already.
pub fn wrap(stream: TcpStream) -> io::Result<Tcp> {
    prepare(&stream)?;
    Ok(Tcp(stream))
}

/// A TCP port where connections come in.
///
/// ```
/// use sdmp_container::Message;
/// use sdmp_transport::tcp::{TcpAcceptor, dial};
/// use sdmp_transport::{Listener, connect};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use sdmp_handshake::Profile;
/// # use sdmp_testkit::{nodes, pair};
/// # let config = |own: fn() -> _, peer: fn() -> _| pair::config(&own(), &[&peer()], Profile::Hardened);
/// # let (alice, bob) = (config(nodes::alice, nodes::bob), config(nodes::bob, nodes::alice));
///
/// let acceptor = TcpAcceptor::bind("127.0.0.1:0").await?;
/// let address = acceptor.local_addr()?;
/// let mut listener = Listener::new(acceptor, bob);
///
/// let mut session = connect(dial(address).await?, alice).await?;
/// session.send(Message::new("hello")).await?;
/// let mut accepted = listener.accept().await.ok_or("shut down")?.result?;
/// assert!(accepted.recv().await?.is_some());
/// # Ok(())
/// # }
/// ```
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
