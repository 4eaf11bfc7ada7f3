//! Honest nodes: dials that are to succeed whatever goes on beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sdmp_handshake::Config;
use sdmp_transport::{SecureSession, connect, files, tcp, websocket};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::server::{Kind, Place};
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

/// An accepted session of this honest node over which one message came back.
pub(crate) async fn session(number: usize, to: &Place, config: Config) -> Anything<SecureSession> {
    let stream = || dial_from(address(number), to.address);
    let mut session = match to.kind {
        Kind::WebSocket => {
            let url = format!("ws://{}/", to.address);
            connect(websocket::dial_over(&url, stream().await?).await?, config).await?
        }
        Kind::Files => connect(files::dial(&to.directory).await?, config).await?,
        Kind::Tcp | Kind::Recorded => connect(tcp::wrap(stream().await?)?, config).await?,
    };
    session.send(nodes::message("hello")).await?;
    session.recv().await?.ok_or("no echo")?;
    Ok(session)
}

/// A whole session: handshake, a message each way, both closes.
pub(crate) async fn whole(number: usize, to: &Place, config: Config) -> Anything {
    Ok(session(number, to, config).await?.close().await?)
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
pub(crate) async fn dials(all: usize, over: Duration, to: &Place, config: Config) -> Dials {
    let mut dialling = JoinSet::new();
    let pause = over / u32::try_from(all).unwrap_or(1).max(1);
    for number in 0..all {
        let (to, config) = (to.clone(), config.clone());
        dialling.spawn(async move {
            let began = Instant::now();
            let done = timeout(GIVE_UP, whole(number, &to, config)).await;
            done.is_ok_and(|result| result.is_ok()).then(|| began.elapsed())
        });
        sleep(pause).await;
    }
    let mut times: Vec<_> = dialling.join_all().await.into_iter().flatten().collect();
    times.sort();
    Dials { times, all }
}
