//! The upgrade from HTTP (RFC 6455, 4): bounded in octets on both sides, and answered with a status
//! where it is not one.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::{Response, generate_request};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::into_io;

/// The longest header of a request or an answer, in octets.
pub(super) const HEAD: usize = 8 << 10;
/// How much of a refused request's rest is read, so that its sender gets the answer, and how long.
const DISCARDED: u64 = 64 << 10;
const LINGER: Duration = Duration::from_secs(1);

/// Reads an HTTP header and gives what was read behind it.
async fn read_head<H: TryParse>(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<(H, Bytes), Fault> {
    let mut head = BytesMut::new();
    loop {
        let looked_at = head.len();
        // A stranger decides how long this header is.
        let room = HEAD.saturating_sub(head.len());
        if room == 0 {
            return Err(Fault::TooLong);
        }
        head.reserve(room.min(1024));
        if (&mut *stream).take(1024).read_buf(&mut head).await? == 0 {
            return Err(Fault::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        // Parsing begins anew each time: not for each octet of a slow one.
        let new = head.get(looked_at.saturating_sub(3)..).unwrap_or_default();
        if !new.windows(2).any(|two| two == b"\n\n")
            && !new.windows(3).any(|three| three == b"\n\r\n")
        {
            continue;
        }
        if let Some((length, parsed)) = H::try_parse(&head)? {
            return Ok((parsed, head.split_off(length).freeze()));
        }
    }
}

/// Why an upgrade failed.
enum Fault {
    Io(io::Error),
    TooLong,
    WebSocket(WsError),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WsError> for Fault {
    fn from(error: WsError) -> Self {
        Self::WebSocket(error)
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(error) => error,
            Fault::TooLong => {
                Self::new(io::ErrorKind::InvalidData, "the header of the upgrade is too long")
            }
            Fault::WebSocket(error) => into_io(error),
        }
    }
}

/// The server's side: what was read behind the request.
pub(super) async fn accept<S>(stream: &mut S) -> io::Result<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let fault = match try_accept(stream).await {
        Ok(unread) => return Ok(unread),
        Err(fault) => fault,
    };
    if let Some(status) = status(&fault) {
        // It is refused in any case; whether its sender learns why cannot be known.
        drop(timeout(LINGER, refuse(stream, status)).await);
    }
    Err(fault.into())
}

async fn try_accept<S>(stream: &mut S) -> Result<Bytes, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (request, unread) = read_head::<Request>(stream).await?;
    let mut answer = Vec::new();
    write_response(&mut answer, &create_response(&request)?)?;
    stream.write_all(&answer).await?;
    stream.flush().await?;
    Ok(unread)
}

/// What a refused request is answered with; `None` where the client is gone.
fn status(fault: &Fault) -> Option<StatusCode> {
    match fault {
        Fault::Io(_) => None,
        Fault::TooLong => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Fault::WebSocket(WsError::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        )) => Some(StatusCode::UPGRADE_REQUIRED),
        Fault::WebSocket(_) => Some(StatusCode::BAD_REQUEST),
    }
}

async fn refuse<S>(stream: &mut S, status: StatusCode) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    const TEXT: &str = "Here is a node that speaks SDMP over WebSocket (RFC 6455), version 13.\n";
    let upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade, close";
    let connection =
        if status == StatusCode::UPGRADE_REQUIRED { upgrade } else { "Connection: close" };
    let length = TEXT.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\n{connection}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{TEXT}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Dropped with something unread, the connection could take the answer with it.
    tokio::io::copy(&mut stream.take(DISCARDED), &mut tokio::io::sink()).await?;
    Ok(())
}

/// The client's side: what was read behind the answer.
pub(super) async fn dial<S>(url: &str, stream: &mut S) -> io::Result<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = url.into_client_request().map_err(into_io)?;
    let (request, key) = generate_request(request).map_err(into_io)?;
    stream.write_all(&request).await?;
    stream.flush().await?;
    let (answer, unread) = read_head::<Response>(stream).await?;
    if is_upgrade(&answer, &key) {
        Ok(unread)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the server does not speak WebSocket"))
    }
}

/// RFC 6455, 4.1: and no extension and no subprotocol, for none was asked for.
fn is_upgrade(answer: &Response, key: &str) -> bool {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    answer.status() == StatusCode::SWITCHING_PROTOCOLS
        && header("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
        && header("Connection").is_some_and(|value| {
            value.split([' ', ',']).any(|part| part.eq_ignore_ascii_case("upgrade"))
        })
        && header("Sec-WebSocket-Accept") == Some(derive_accept_key(key.as_bytes()).as_str())
        // None was offered. Compression in particular would make lengths depend on content.
        && header("Sec-WebSocket-Extensions").is_none()
        && header("Sec-WebSocket-Protocol").is_none()
}
