//! Hostile connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sdmp_crypto::dh::NamedGroup;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::honest::dial_from;
use crate::{Anything, nodes};

/// Ten attackers take 160 of the 256 half-open places (R42).
pub(crate) const ATTACKERS: usize = 10;
/// Longer than any time limit of a handshake.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a hostile connection does.
#[derive(Clone, Debug)]
pub(crate) enum Attack {
    /// Sends nothing, and stays until it is thrown out.
    Silent,
    /// Sends one octet a second of a valid M1.
    Slow(Arc<[u8]>),
    /// Sends this and reads the answer to its end.
    Says(Arc<[u8]>),
    /// Sends this and leaves as soon as an answer begins: a valid M1 costs the server the most.
    Leaves(Arc<[u8]>),
    /// Sends this, reads, and stays until it is thrown out.
    Stops(Arc<[u8]>),
    /// Sends an object that does not end, up to so many octets.
    Endless(u64),
    /// Sends this M1, and something else in place of M3: two exponentiations and a verification.
    Third(Arc<[u8]>),
    /// Over a WebSocket: one message in fragments, with a ping after each.
    Fragments,
    /// Over a WebSocket: pings, and reads no pong.
    Pings,
}

/// A WebSocket's upgrade.
pub(crate) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// A short masked ping, and a fragment of 1,000 octets; the first of a message is a text frame.
fn fragment_and_ping(first: bool) -> Vec<u8> {
    let mut octets = vec![u8::from(first), 0x80 | 126];
    octets.extend(1000_u16.to_be_bytes());
    octets.extend([0; 4]);
    octets.extend([b'x'; 1000]);
    octets.extend(PING);
    octets
}

const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];

async fn upgrade(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(UPGRADE.as_bytes()).await?;
    stream.read_u8().await.map(|_| ())
}

impl Attack {
    /// What a flood consists of: nine of ten are garbage of some kind, one is a valid M1 in the
    /// largest group that is accepted.
    pub(crate) fn flood() -> Anything<Vec<Self>> {
        let m1 = nodes::first_message(NamedGroup::Ffdhe4096)?;
        let text = String::from_utf8(m1.clone())?;
        let deep = [b'{'; 4000];
        let garbage: [Vec<u8>; 9] = [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            vec![b'['; 4000],
            deep.to_vec(),
            b"{}\n".to_vec(),
            text.replace("shared_key", "message").into_bytes(),
            text.replace("\"N\":\"", "\"N\":\"A").into_bytes(),
            text.replace("\"g\":2", "\"g\":2,\"g\":2").into_bytes(),
            text.replace("0.12.0", "0.13.0").into_bytes(),
            vec![0xff; 100],
        ];
        let mut attacks: Vec<_> =
            garbage.into_iter().map(|octets| Self::Says(octets.into())).collect();
        attacks.push(Self::Leaves(m1.into()));
        Ok(attacks)
    }

    async fn run(self, mut stream: TcpStream) -> std::io::Result<()> {
        match self {
            Self::Silent => until_thrown_out(&mut stream).await,
            Self::Slow(octets) => {
                let (mut read, mut write) = stream.split();
                let sending = async {
                    for octet in octets.iter() {
                        write.write_all(&[*octet]).await?;
                        sleep(Duration::from_secs(1)).await;
                    }
                    Ok(())
                };
                tokio::select! {
                    sent = sending => sent,
                    _ = read.read_u8() => Ok(()),
                }
            }
            Self::Says(octets) | Self::Stops(octets) => {
                stream.write_all(&octets).await?;
                until_thrown_out(&mut stream).await
            }
            Self::Leaves(octets) => {
                stream.write_all(&octets).await?;
                stream.read_u8().await.map(|_| ())
            }
            Self::Endless(octets) => {
                stream.write_all(b"{\"sdmp\":\"").await?;
                let lump = [b'a'; 1 << 16];
                for _ in 0..octets >> 16 {
                    stream.write_all(&lump).await?;
                }
                Ok(())
            }
            Self::Third(octets) => {
                stream.write_all(&octets).await?;
                while stream.read_u8().await? != b'\n' {}
                stream.write_all(b"{}\n").await?;
                until_thrown_out(&mut stream).await
            }
            Self::Fragments => {
                upgrade(&mut stream).await?;
                stream.write_all(&fragment_and_ping(true)).await?;
                let more = fragment_and_ping(false).repeat(60);
                loop {
                    stream.write_all(&more).await?;
                }
            }
            Self::Pings => {
                upgrade(&mut stream).await?;
                let pings = PING.repeat(1000);
                loop {
                    stream.write_all(&pings).await?;
                }
            }
        }
    }
}

async fn until_thrown_out(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut answer = [0; 4096];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(number % ATTACKERS).unwrap_or(0) + 1)
}

/// Makes so many hostile connections, so many a second, and waits until the last of them has been
/// *made*: those that stay go on until the set is dropped.
pub(crate) async fn attack(
    attacks: &[Attack],
    connections: usize,
    per_second: usize,
    to: SocketAddr,
) -> JoinSet<()> {
    const TICKS: usize = 50;
    let mut tick = interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut open = JoinSet::new();
    let mut kinds = attacks.iter().cycle();
    for number in 0..connections {
        if number % per_second.div_ceil(TICKS) == 0 {
            tick.tick().await;
            while open.try_join_next().is_some() {}
        }
        let Some(attack) = kinds.next().cloned() else { break };
        open.spawn(async move {
            // That it is thrown out is what the listener is for.
            if let Ok(stream) = dial_from(address(number), to).await {
                drop(timeout(PATIENCE, attack.run(stream)).await);
            }
        });
    }
    open
}
