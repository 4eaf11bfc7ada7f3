//! A listener under hostile load, on loopback only and bounded in count and time:
//! `cargo run --release -p sdmp-transport --example load [CONNECTIONS]`.
//!
//! While each attack goes on, honest nodes dial from an address of their own; the table says how
//! many of them had a session within 2 s, what the listener dropped, and how long it took until the
//! attacker's own address was served again.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sdmp_container::IdentityType;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::Config;
use sdmp_transport::{Listener, connect, tcp};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

type Anything<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Keys for examples only: everybody has them.
const ALICE: &str = include_str!("../../sdmp-conformance/vectors/keys/alice.pem");
const BOB: &str = include_str!("../../sdmp-conformance/vectors/keys/bob.pem");

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Ten attackers take 160 of the 256 half-open places (R42).
const ATTACKERS: u8 = 10;
const HONEST_DIALS: u32 = 100;
const IN_TIME: Duration = Duration::from_secs(2);

/// What a hostile connection sends, and whether it then stays.
#[derive(Clone, Copy, Debug)]
struct Attack {
    name: &'static str,
    sends: &'static [u8],
    stays: bool,
}

const ATTACKS: [Attack; 4] = [
    Attack { name: "silent", sends: b"", stays: true },
    Attack { name: "one octet", sends: b"{", stays: true },
    Attack { name: "garbage", sends: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", stays: false },
    Attack { name: "deep JSON", sends: &[b'['; 8192], stays: false },
];

fn node(pem: &str) -> Anything<LocalIdentity> {
    let key = PrivateKey::from_pem(pem, None)?;
    let expires = "2099-01-01T00:00:00.000Z".parse()?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}

async fn dial_from(source: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source, 0).into())?;
    socket.connect(to).await
}

/// One honest session, from this address.
async fn honest(source: Ipv4Addr, to: SocketAddr, config: Config) -> Anything {
    let carrier = tcp::wrap(dial_from(source, to).await?)?;
    Ok(connect(carrier, config).await?.close().await?)
}

fn attacker(number: usize) -> Ipv4Addr {
    let last = u8::try_from(number % usize::from(ATTACKERS)).unwrap_or(0);
    Ipv4Addr::new(127, 0, 1, last + 1)
}

/// Opens the hostile connections, a few hundred at a time.
async fn attack(attack: Attack, connections: usize, to: SocketAddr) {
    let mut open = JoinSet::new();
    for number in 0..connections {
        open.spawn(async move {
            let Ok(mut stream) = dial_from(attacker(number), to).await else { return };
            // The listener may be gone already: that is what it is for.
            drop(stream.write_all(attack.sends).await);
            if attack.stays {
                sleep(Duration::from_secs(1)).await;
            }
        });
        while open.len() >= 400 {
            drop(open.join_next().await);
        }
    }
    drop(open.join_all().await);
}

/// Peak memory of this process, both sides of everything, in KiB.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "?".to_owned(), |peak| peak.trim().to_owned())
}

#[tokio::main]
async fn main() -> Anything {
    let connections = std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse())?;
    let (alice, bob) = (node(ALICE)?, node(BOB)?);
    let client = Config::new(alice.clone()).trust([bob.identity().clone()]);
    println!("{connections} hostile connections each, {HONEST_DIALS} honest dials beside them");
    println!(
        "{:<10} {:>7} {:>8} {:>8} {:>9} {:>10}  peak memory",
        "attack", "in time", "dropped", "refused", "seconds", "recovered"
    );
    for kind in ATTACKS {
        let incoming = tcp::TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let to = incoming.local_addr()?;
        let server = Config::new(bob.clone()).trust([alice.identity().clone()]);
        let listener = Listener::new(incoming, server);
        let (counting, listening) = serve(listener);
        let began = Instant::now();
        let attacking = tokio::spawn(attack(kind, connections, to));
        let mut in_time = 0;
        for _ in 0..HONEST_DIALS {
            let dial = honest(HONEST, to, client.clone());
            in_time += u32::from(timeout(IN_TIME, dial).await.is_ok_and(|done| done.is_ok()));
            sleep(Duration::from_millis(10)).await;
        }
        attacking.await?;
        let (seconds, ended) = (began.elapsed(), Instant::now());
        while honest(attacker(0), to, client.clone()).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
        let recovered = ended.elapsed();
        drop(counting);
        let counts = listening.await?;
        println!(
            "{:<10} {in_time:>7} {:>8} {:>8} {:>9.1} {:>8} ms  {}",
            kind.name,
            counts.over_limit,
            counts.refused,
            seconds.as_secs_f64(),
            recovered.as_millis(),
            peak_memory()
        );
    }
    Ok(())
}

type Counting = tokio::sync::oneshot::Sender<()>;
type Listening = tokio::task::JoinHandle<sdmp_transport::listener::Counts>;

/// Closes each session as its peer does, until the sender is dropped.
fn serve(mut listener: Listener) -> (Counting, Listening) {
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let listening = tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                outcome = listener.accept() => {
                    let Some(Ok(session)) = outcome.map(|outcome| outcome.result) else { continue };
                    drop(tokio::spawn(session.close()));
                }
            }
        }
        let counts = listener.counts();
        listener.shutdown(Duration::from_secs(1)).await;
        counts
    });
    (stop, listening)
}
