//! WebSocket as a carrier: one text message is one object. Frames of any other kind end the
//! session; pings are answered below this module.

mod frames;
mod upgrade;

use std::fmt;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use self::frames::Metered;
use crate::carrier::{Carrier, CarrierLimits, Chunk, Halves, ObjectReceiver, ObjectSender};
use crate::listener::{Acceptor, Incoming, Source};
use crate::tcp::{self, TcpAcceptor};

/// What is read at once. The library's default, 128 KiB, is kept by every connection for ever.
const READ: usize = 8 << 10;
/// How long a server may take to answer the upgrade.
const UPGRADE: Duration = Duration::from_secs(10);

/// A WebSocket over some byte stream, as a carrier.
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: WebSocketStream<Metered<S>>,
    /// What the stream below has to learn of the session's limits.
    limit: fn(&S, &CarrierLimits),
}

/// Opens a WebSocket, `ws://HOST:PORT/PATH`, over TCP.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidInput`] for an address of another form,
/// [`io::ErrorKind::InvalidData`] for a server that does not speak WebSocket, and
/// [`io::ErrorKind::TimedOut`] for one that does not answer the upgrade within 10 s.
pub async fn dial(url: &str) -> io::Result<WebSocket<TcpStream>> {
    let stream = TcpStream::connect(host(url)?).await?;
    tcp::prepare(&stream)?;
    let socket = dial_over(url, stream).await?;
    Ok(WebSocket { limit: tcp::limit_unacknowledged, ..socket })
}

/// Opens a WebSocket over a stream that is connected already, such as one inside of TLS.
///
/// # Errors
/// As [`dial`].
pub async fn dial_over<S>(url: &str, mut stream: S) -> io::Result<WebSocket<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The server may send its first frame together with its answer: those octets belong to the
    // session.
    let unread = timeout(UPGRADE, upgrade::dial(url, &mut stream)).await??;
    Ok(join(stream, unread, Role::Client).await)
}

/// Answers a client's upgrade on a connected stream, such as one inside of TLS. What is no upgrade is
/// answered with 400, 426 or 431. It has no time limit of its own: see [`Incoming::open`].
///
/// # Errors
/// Those of the system, and [`io::ErrorKind::InvalidData`] for what is no upgrade.
pub async fn accept<S>(mut stream: S) -> io::Result<WebSocket<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let unread = upgrade::accept(&mut stream).await?;
    Ok(join(stream, unread, Role::Server).await)
}

async fn join<S>(stream: S, unread: Bytes, role: Role) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // `Metered` knows the limits of the session, which change; the library's would not.
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .max_message_size(None)
        .max_frame_size(None);
    // Nothing is read before the carrier is split, and its limits are known.
    let stream = Metered::new(stream, unread, CarrierLimits::new(0, Duration::ZERO));
    let stream = WebSocketStream::from_raw_socket(stream, role, Some(config)).await;
    WebSocket { stream, limit: |_, _| {} }
}

impl<S> Carrier for WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug + 'static,
{
    fn split(mut self: Box<Self>, limits: CarrierLimits) -> Halves {
        let stall = limits.write_stall();
        (self.limit)(self.stream.get_ref().get_ref(), &limits);
        self.stream.get_mut().set_limits(limits);
        let (sink, stream) = self.stream.split();
        (Box::new(Sender { sink, stall, unflushed: 0 }), Box::new(Receiver(stream)))
    }
}

/// The `HOST:PORT` of a `ws://` address; the port is 80 unless given.
fn host(url: &str) -> io::Result<String> {
    let rest = url.strip_prefix("ws://").ok_or(io::ErrorKind::InvalidInput)?;
    let host = rest.split('/').next().unwrap_or_default();
    let has_port = host.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    if host.is_empty() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(if has_port { host.to_owned() } else { format!("{host}:80") })
}

/// The progress of one message cannot be seen from here, so longer ones get more time (R42).
fn time_for(octets: usize, stall: Duration) -> Duration {
    const OCTETS_PER_SECOND: usize = 64 * 1024;
    // A large object may take longer than the stall limit on a slow line without being stalled.
    let seconds = u64::try_from(octets / OCTETS_PER_SECOND).unwrap_or(u64::MAX);
    stall.saturating_add(Duration::from_secs(seconds))
}

/// A TCP port where WebSockets come in, at any path.
#[derive(Debug)]
pub struct WebSocketAcceptor(TcpAcceptor);

impl WebSocketAcceptor {
    /// Accepts WebSockets on this port.
    #[must_use]
    pub fn new(acceptor: TcpAcceptor) -> Self {
        Self(acceptor)
    }
}

#[async_trait]
impl Acceptor for WebSocketAcceptor {
    async fn next(&mut self) -> io::Result<Incoming> {
        let (stream, from) = self.0.accept().await?;
        let open = async move {
            tcp::prepare(&stream)?;
            let socket = accept(stream).await?;
            let socket = WebSocket { limit: tcp::limit_unacknowledged, ..socket };
            let carrier: Box<dyn Carrier> = Box::new(socket);
            Ok(carrier)
        };
        Ok(Incoming { source: Source::Ip(from.ip()), open: open.boxed() })
    }
}

#[derive(Debug)]
struct Sender<S> {
    sink: SplitSink<WebSocketStream<Metered<S>>, Message>,
    stall: Duration,
    /// Octets that were sent and not flushed yet.
    unflushed: usize,
}

#[derive(Debug)]
struct Receiver<S>(SplitStream<WebSocketStream<Metered<S>>>);

#[async_trait]
impl<S> ObjectSender for Sender<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug,
{
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        let text = std::str::from_utf8(object).map_err(|_| io::ErrorKind::InvalidData)?;
        self.unflushed = self.unflushed.saturating_add(object.len());
        let limit = time_for(self.unflushed, self.stall);
        // `feed` buffers, so that several objects share a flush.
        timeout(limit, self.sink.feed(Message::text(text))).await?.map_err(into_io)
    }

    async fn flush(&mut self) -> io::Result<()> {
        let limit = time_for(std::mem::take(&mut self.unflushed), self.stall);
        timeout(limit, self.sink.flush()).await?.map_err(into_io)
    }

    async fn finish(&mut self) -> io::Result<()> {
        let limit = time_for(std::mem::take(&mut self.unflushed), self.stall);
        timeout(limit, self.sink.close()).await?.map_err(into_io)
    }
}

#[async_trait]
impl<S> ObjectReceiver for Receiver<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug,
{
    async fn receive(&mut self) -> io::Result<Chunk> {
        loop {
            match self.0.next().await {
                None | Some(Ok(Message::Close(_)) | Err(WsError::ConnectionClosed)) => {
                    return Ok(Chunk::End);
                }
                Some(Ok(Message::Text(text))) => {
                    return Ok(Chunk::Object(Bytes::from(text)));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                    // Objects are JSON text; a binary frame can only be a mistake or an attack
                    // (R43).
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Some(Err(error)) => return Err(into_io(error)),
            }
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong is the peer's data")]
fn into_io(error: WsError) -> io::Error {
    match error {
        WsError::Io(error) => error,
        WsError::ConnectionClosed | WsError::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        // A stream that ends without the closing handshake is the same as a cut TCP connection.
        WsError::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => io::ErrorKind::UnexpectedEof.into(),
        _ => io::ErrorKind::InvalidData.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(host("ws://a.example/x").unwrap(), "a.example:80");
        assert_eq!(host("ws://127.0.0.1:9/x/y").unwrap(), "127.0.0.1:9");
        assert_eq!(host("ws://[::1]:9").unwrap(), "[::1]:9");
        for bad in ["wss://a", "http://a", "a:9", "ws:///x"] {
            assert_eq!(host(bad).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{bad}");
        }
    }
}
