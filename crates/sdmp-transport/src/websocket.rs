//! WebSocket as a carrier: one text message is one object. Frames of any other kind end the
//! session; pings are answered below this module.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};

use crate::carrier::{Carrier, Chunk, ObjectReceiver, ObjectSender, STALL_LIMIT};
use crate::listener::{Acceptor, Incoming, Source};
use crate::metered::Meter;
pub use crate::metered::Metered;
use crate::tcp::TcpAcceptor;

/// The longest message that is received: the longest object (R42).
const LONGEST: usize = 16 << 20;
/// What is read at once. The library's default, 128 KiB, is kept by every connection for ever.
const READ: usize = 8 << 10;
/// Headers of frames, white space, and what is read ahead of a message.
const AROUND: usize = 2 * READ;
/// How long a server may take to answer the upgrade.
const UPGRADE: Duration = Duration::from_secs(10);

/// A WebSocket as a carrier.
pub type WebSocket<S> = (WebSocketSender<S>, WebSocketReceiver<S>);

/// Opens a WebSocket, `ws://HOST:PORT/PATH`.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidInput`] for an address of another form, and
/// [`io::ErrorKind::InvalidData`] for a server that does not speak WebSocket.
pub async fn dial(url: &str) -> io::Result<WebSocket<Metered<TcpStream>>> {
    let stream = TcpStream::connect(host(url)?).await?;
    stream.set_nodelay(true)?;
    let meter = Meter::new(LONGEST);
    let stream = Metered::new(stream, meter.clone());
    let upgrade = client_async_with_config(url, stream, Some(config()));
    let (stream, _) = timeout(UPGRADE, upgrade).await?.map_err(into_io)?;
    Ok(join(stream, Some(meter)))
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

/// Makes a carrier of a WebSocket whose upgrade is done. Give it a configuration that allows
/// messages of 16 MiB. A stranger's message is then read to its end before it is refused; [`dial`]
/// and [`WebSocketAcceptor`] give up on it before.
pub fn wrap<S>(stream: WebSocketStream<S>) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    join(stream, None)
}

fn join<S>(stream: WebSocketStream<S>, meter: Option<Meter>) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, stream) = stream.split();
    let sender = WebSocketSender { sink, stall: STALL_LIMIT, unflushed: 0 };
    (sender, WebSocketReceiver { stream, meter, longest: LONGEST })
}

/// The progress of one message cannot be seen from here, so longer ones get more time (R42).
fn time_for(octets: usize, stall: Duration) -> Duration {
    const OCTETS_PER_SECOND: usize = 64 * 1024;
    let seconds = u64::try_from(octets / OCTETS_PER_SECOND).unwrap_or(u64::MAX);
    stall.saturating_add(Duration::from_secs(seconds))
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
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
            stream.set_nodelay(true)?;
            let meter = Meter::new(LONGEST);
            let stream = Metered::new(stream, meter.clone());
            let stream = accept_async_with_config(stream, Some(config())).await.map_err(into_io)?;
            let carrier: Box<dyn Carrier> = Box::new(join(stream, Some(meter)));
            Ok(carrier)
        };
        Ok(Incoming { source: Source::Ip(from.ip()), open: open.boxed() })
    }
}

/// The sending half.
#[derive(Debug)]
pub struct WebSocketSender<S> {
    sink: SplitSink<WebSocketStream<S>, Message>,
    stall: Duration,
    /// Octets that were sent and not flushed yet.
    unflushed: usize,
}

/// The receiving half.
#[derive(Debug)]
pub struct WebSocketReceiver<S> {
    stream: SplitStream<WebSocketStream<S>>,
    meter: Option<Meter>,
    longest: usize,
}

impl<S> WebSocketReceiver<S> {
    /// The next message may be as long as the limit again.
    fn reset(&self) {
        if let Some(meter) = &self.meter {
            meter.allow(self.longest.saturating_add(AROUND));
        }
    }
}

#[async_trait]
impl<S> ObjectSender for WebSocketSender<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug,
{
    fn stall_limit(&mut self, limit: Duration) {
        self.stall = limit;
    }

    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        let text = std::str::from_utf8(object).map_err(|_| io::ErrorKind::InvalidData)?;
        self.unflushed = self.unflushed.saturating_add(object.len());
        let limit = time_for(self.unflushed, self.stall);
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
impl<S> ObjectReceiver for WebSocketReceiver<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug,
{
    fn longest(&mut self, octets: usize) {
        self.longest = octets;
        self.reset();
    }

    async fn receive(&mut self) -> io::Result<Chunk> {
        loop {
            let next = self.stream.next().await;
            self.reset();
            match next {
                None | Some(Ok(Message::Close(_)) | Err(WsError::ConnectionClosed)) => {
                    return Ok(Chunk::End);
                }
                Some(Ok(Message::Text(text))) => {
                    return Ok(Chunk::Object(Bytes::from(text)));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
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
