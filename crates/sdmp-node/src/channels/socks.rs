//! SOCKS 5 (RFC 1928) as much as clients need: CONNECT without authentication.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use sdmp_channels::Reason;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const COMMAND_UNKNOWN: u8 = 7;
const ADDRESS_UNKNOWN: u8 = 8;

/// The destination that a client asks for, as HOST:PORT; names are not resolved here.
///
/// # Errors
/// Those of the socket, [`io::ErrorKind::InvalidData`] for another protocol and
/// [`io::ErrorKind::Unsupported`] for another command, which is answered.
pub(super) async fn requested(
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> io::Result<String> {
    timeout(PATIENCE, request(socket)).await.map_err(|_| io::ErrorKind::TimedOut)?
}

async fn request(socket: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<String> {
    if socket.read_u8().await? != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut methods = vec![0; usize::from(socket.read_u8().await?)];
    socket.read_exact(&mut methods).await?;
    if !methods.contains(&NO_AUTHENTICATION) {
        socket.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(io::ErrorKind::Unsupported.into());
    }
    socket.write_all(&[VERSION, NO_AUTHENTICATION]).await?;
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    let [version, command, _, kind] = head;
    if version != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let host = match kind {
        1 => Ipv4Addr::from(socket.read_u32().await?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(socket.read_u128().await?)),
        3 => {
            let mut name = vec![0; usize::from(socket.read_u8().await?)];
            socket.read_exact(&mut name).await?;
            let name = String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?;
            // It becomes part of a text: no name of a host has any of these.
            let plain = |c: char| c.is_alphanumeric() || ['.', '-', '_'].contains(&c);
            if name.is_empty() || !name.chars().all(plain) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            name
        }
        _ => return refuse(socket, ADDRESS_UNKNOWN).await,
    };
    let port = socket.read_u16().await?;
    if command != CONNECT {
        return refuse(socket, COMMAND_UNKNOWN).await;
    }
    Ok(format!("{host}:{port}"))
}

async fn refuse(socket: &mut (impl AsyncWrite + Unpin), code: u8) -> io::Result<String> {
    reply(socket, code).await?;
    Err(io::ErrorKind::Unsupported.into())
}

/// Answers a request.
///
/// # Errors
/// Those of the socket.
pub(super) async fn answer(
    socket: &mut (impl AsyncWrite + Unpin),
    came_out: Result<(), Reason>,
) -> io::Result<()> {
    let code = match came_out {
        Ok(()) => 0,
        Err(Reason::Refused) => 2,
        Err(Reason::Unreachable) => 4,
        Err(_) => 1,
    };
    reply(socket, code).await
}

/// The address that was bound is of no use to any client, and is not told.
async fn reply(socket: &mut (impl AsyncWrite + Unpin), code: u8) -> io::Result<()> {
    socket.write_all(&[VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    socket.flush().await
}
