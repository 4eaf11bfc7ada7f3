//! Ports of the other side: it listens, and what connects there is carried here.
//!
//! The side that asks opens a channel to `listen:PORT`, which is answered with one octet 0 once the port
//! is open, and open it stays until that channel ends. Each connection comes as a channel to
//! `port:PORT`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::channel::Channel;
use super::drive::Channels;
use super::{Fault, Reason};
use crate::error::Error;
use crate::tunnel::{Socket, channel_through, connect, failure};

/// Asks the peer to listen on a port of its loopback address and carries what connects there to a TCP
/// service of this side. `ready` is called once the port is open. Returns when the session ends.
///
/// # Errors
/// [`Error::Channel`]: refused, the port cannot be opened, or how the session ended.
pub async fn expose(
    channels: &Channels,
    port: u16,
    service: &str,
    ready: impl FnOnce(),
    failed: impl Fn(&Error),
) -> Result<(), Error> {
    let mut control = channels.open(&format!("listen:{port}")).await?;
    if control.read_u8().await.map_err(failure)? != 0 {
        return Err(Error::NotAStream);
    }
    ready();
    let wanted = format!("port:{port}");
    let mut carried = JoinSet::new();
    let mut over = [0];
    loop {
        let (target, channel) = tokio::select! {
            Some(opened) = channels.accept() => opened,
            ended = control.read(&mut over) => {
                return match ended {
                    Ok(0) => Err(Fault::Cut.into()),
                    Ok(_) => Err(Error::NotAStream),
                    Err(error) => Err(failure(error)),
                };
            }
            Some(done) = carried.join_next() => {
                if let Ok(Err(error)) = done { failed(&error); }
                continue;
            }
        };
        // Only what was asked for: the peer reaches nothing else of this side.
        if target != wanted {
            channel.reset(Reason::Refused);
            continue;
        }
        let service = service.to_owned();
        carried.spawn(async move {
            match connect(&service).await {
                Ok(stream) => channel_through(channel, stream).await,
                Err(error) => {
                    channel.reset(Reason::Unreachable);
                    Err(error)
                }
            }
        });
    }
}

/// Listens for the peer until its channel ends.
pub(super) async fn listen(
    mut control: Channel,
    port: u16,
    channels: Channels,
) -> Result<(), Error> {
    // Loopback only: that this port is open is this side's decision, not the peer's.
    let listener = match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => listener,
        Err(error) => {
            control.reset(Reason::Unreachable);
            return Err(Error::io(format!("cannot listen on port {port}"), &error));
        }
    };
    control.write_all(&[0]).await.map_err(failure)?;
    let wanted = format!("port:{port}");
    let mut carried = JoinSet::new();
    let mut over = [0];
    loop {
        let stream = tokio::select! {
            // An end, a reset or an octet: the peer wants it no more.
            _ = control.read(&mut over) => return Ok(()),
            Ok((stream, _)) = listener.accept() => stream,
            Some(_) = carried.join_next() => continue,
            else => return Ok(()),
        };
        let (channels, wanted) = (channels.clone(), wanted.clone());
        // At once, so that a connection that is not carried ends as a reset.
        let socket = Socket::from(stream);
        carried.spawn(async move { channel_through(channels.open(&wanted).await?, socket).await });
    }
}
