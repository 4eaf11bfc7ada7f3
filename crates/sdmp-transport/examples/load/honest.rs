//! Honest nodes: dials that are to succeed whatever goes on beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sdmp_handshake::Config;
use sdmp_transport::{SecureSession, connect, tcp, websocket};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::server::Kind;
use crate::{Anything, nodes};

/// Longer than any dial that is still counted.
const GIVE_UP: Duration = Duration::from_secs(30);

/// A bare connection from this address.
pub(crate) async fn dial_from(source: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // So many connections in so short a time need the ports of those that have ended.
    socket.set_reuseaddr(true)?;
    socket.bind((source, 0).into())?;
    socket.connect(to).await
}

/// An accepted session over which one message came back.
pub(crate) async fn session(
    source: Ipv4Addr,
    to: SocketAddr,
    kind: Kind,
    config: Config,
) -> Anything<SecureSession> {
    let stream = dial_from(source, to).await?;
    let mut session = if kind == Kind::WebSocket {
        let url = format!("ws://{to}/");
        connect(websocket::dial_over(&url, stream).await?, config).await?
    } else {
        connect(tcp::wrap(stream)?, config).await?
    };
    session.send(nodes::message("hello")).await?;
    session.recv().await?.ok_or("no echo")?;
    Ok(session)
}

/// A whole session: handshake, a message each way, both closes.
pub(crate) async fn whole(
    source: Ipv4Addr,
    to: SocketAddr,
    kind: Kind,
    config: Config,
) -> Anything {
    Ok(session(source, to, kind, config).await?.close().await?)
}

/// The address of an honest node; none shares one with an attacker.
pub(crate) fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 2, u8::try_from(number % 250).unwrap_or(0) + 1)
}

/// How honest dials went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dials {
    /// How long each took that succeeded, shortest first.
    pub(crate) times: Vec<Duration>,
    pub(crate) all: usize,
}

impl Dials {
    pub(crate) fn within(&self, limit: Duration) -> usize {
        self.times.iter().filter(|time| **time <= limit).count()
    }
}

/// So many dials, spread evenly over a time; they do not wait for each other.
pub(crate) async fn dials(
    all: usize,
    over: Duration,
    to: SocketAddr,
    kind: Kind,
    config: Config,
) -> Dials {
    let mut dialling = JoinSet::new();
    let pause = over / u32::try_from(all).unwrap_or(1).max(1);
    for number in 0..all {
        let config = config.clone();
        dialling.spawn(async move {
            let began = Instant::now();
            let done = timeout(GIVE_UP, whole(address(number), to, kind, config)).await;
            done.is_ok_and(|result| result.is_ok()).then(|| began.elapsed())
        });
        sleep(pause).await;
    }
    let mut times: Vec<_> = dialling.join_all().await.into_iter().flatten().collect();
    times.sort();
    Dials { times, all }
}
