//! Over loopback TCP: handshakes by the listener against the same in memory and against
//! tokio-rustls, and traffic against tokio-rustls and plain TCP.
//!
//! Both ends run on one thread (tokio's current-thread runtime), as the in-memory figures do, so
//! that every ratio is one of work done on one core.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use futures::SinkExt;
use sdmp_container::Container;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::{Config, Profile};
use sdmp_transport::tcp::{TcpAcceptor, dial};
use sdmp_transport::{Listener, SecureSession, SecureStream, connect};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::bulk::container;
use crate::handshake::{pair, run};
use crate::rounds::{Contender, Table, timed};
use crate::tls::Rustls;

/// Handshakes that are under way at the same time.
const TOGETHER: usize = 8;
/// Octets that one sample of traffic carries, at least.
const VOLUME: usize = 2 << 20;

fn runtime() -> Rc<Runtime> {
    Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listen().await;
    let (one, other) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (one, (other, _)) = (one.expect("connected"), other.expect("accepted"));
    one.set_nodelay(true).expect("a socket");
    other.set_nodelay(true).expect("a socket");
    (one, other)
}

/// `TOGETHER` handshakes through one listener, dial to acceptance on both sides.
fn listened(name: &str, initiator: Config, responder: Config) -> Contender {
    let runtime = runtime();
    let (listener, address) = runtime.block_on(async {
        let acceptor = TcpAcceptor::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = acceptor.local_addr().expect("an address");
        (Listener::new(acceptor, responder), address)
    });
    let listener = RefCell::new(listener);
    Contender::new(name, move || {
        let mut listener = listener.borrow_mut();
        runtime.block_on(async {
            let start = Instant::now();
            let dials: Vec<_> = (0..TOGETHER)
                .map(|_| {
                    let config = initiator.clone();
                    tokio::spawn(async move {
                        connect(dial(address).await.expect("connected"), config).await
                    })
                })
                .collect();
            let mut sessions = Vec::new();
            for _ in 0..TOGETHER {
                sessions
                    .push(listener.accept().await.expect("an outcome").result.expect("a session"));
            }
            for dial in dials {
                sessions.push(dial.await.expect("a task").expect("a session"));
            }
            let taken = start.elapsed();
            close(sessions).await;
            taken
        })
    })
}

/// Not part of what is measured.
async fn close(sessions: Vec<SecureSession>) {
    let closes: Vec<_> =
        sessions.into_iter().map(|session| tokio::spawn(session.close())).collect();
    for close in closes {
        close.await.expect("a task").expect("a close");
    }
}

fn tls_listened(name: &str, peers: Rustls) -> Contender {
    let runtime = runtime();
    let (listener, address) = runtime.block_on(listen());
    let (listener, peers) = (Arc::new(listener), Arc::new(peers));
    Contender::new(name, move || {
        runtime.block_on(async {
            let start = Instant::now();
            let sides: Vec<_> = (0..TOGETHER)
                .map(|_| {
                    let (listener, peers) = (Arc::clone(&listener), Arc::clone(&peers));
                    let ours = Arc::clone(&peers);
                    let client = tokio::spawn(async move {
                        let stream = TcpStream::connect(address).await.expect("connected");
                        stream.set_nodelay(true).expect("a socket");
                        tls_connect(&ours, stream).await;
                    });
                    let server = tokio::spawn(async move {
                        let (stream, _) = listener.accept().await.expect("accepted");
                        stream.set_nodelay(true).expect("a socket");
                        let acceptor = TlsAcceptor::from(Arc::clone(&peers.server));
                        acceptor.accept(stream).await.expect("TLS");
                    });
                    [client, server]
                })
                .collect();
            for side in sides.into_iter().flatten() {
                side.await.expect("a task");
            }
            start.elapsed()
        })
    })
}

async fn tls_connect(
    peers: &Rustls,
    stream: TcpStream,
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let name = "bench.example".try_into().expect("a name");
    TlsConnector::from(Arc::clone(&peers.client)).connect(name, stream).await.expect("TLS")
}

fn in_memory(name: &str, initiator: Config, responder: Config) -> Contender {
    Contender::new(
        name,
        timed(move || {
            for _ in 0..TOGETHER {
                drop(run(&initiator, &responder));
            }
        }),
    )
}

fn handshakes(rounds: usize) -> Table {
    let (alice, bob) = pair(Profile::Hardened, NamedGroup::Ffdhe2048, 2048);
    let contenders = vec![
        in_memory("sdmp hardened, in memory, by value", alice.clone(), bob.clone()),
        listened("sdmp hardened, Listener over TCP", alice, bob),
        tls_listened("tokio-rustls (ring) TLS 1.3, X25519, over TCP", Rustls::new(2048)),
    ];
    Table::measure(
        &format!("{TOGETHER} mutual handshakes over loopback, ffdhe2048, RSA-2048, one thread"),
        rounds,
        contenders,
    )
}

/// Sends `count` messages of `size` octets over a stream of octets, and reads them.
fn stream_contender<S>(name: &str, runtime: Rc<Runtime>, ends: (S, S), size: usize) -> Contender
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let ends = RefCell::new(ends);
    let message = vec![b'x'; size];
    let count = VOLUME.div_ceil(size);
    Contender::new(name, move || {
        let (one, other) = &mut *ends.borrow_mut();
        runtime.block_on(async {
            let start = Instant::now();
            let sending = async {
                for _ in 0..count {
                    one.write_all(&message).await.expect("written");
                    one.flush().await.expect("flushed");
                }
            };
            let receiving = async {
                let mut buffer = vec![0; size];
                for _ in 0..count {
                    other.read_exact(&mut buffer).await.expect("read");
                }
            };
            tokio::join!(sending, receiving);
            start.elapsed()
        })
    })
}

async fn sessions() -> (SecureSession, SecureSession) {
    let (alice, bob) = pair(Profile::Hardened, NamedGroup::Ffdhe2048, 2048);
    let acceptor = TcpAcceptor::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = acceptor.local_addr().expect("an address");
    let mut listener = Listener::new(acceptor, bob);
    let dialled = async { connect(dial(address).await.expect("connected"), alice).await };
    let (one, other) = tokio::join!(dialled, listener.accept());
    (one.expect("a session"), other.expect("an outcome").result.expect("a session"))
}

/// The same messages as containers: fed to one session, received from the other.
fn session_contender(runtime: Rc<Runtime>, size: usize) -> Contender {
    let ends = RefCell::new(runtime.block_on(sessions()));
    let message: Container = container(size);
    let count = VOLUME.div_ceil(size);
    Contender::new("sdmp session, containers", move || {
        let (one, other) = &mut *ends.borrow_mut();
        runtime.block_on(async {
            let start = Instant::now();
            let sending = async {
                for _ in 0..count {
                    one.feed(message.clone()).await.expect("sent");
                }
                one.flush().await.expect("flushed");
            };
            let receiving = async {
                for _ in 0..count {
                    other.recv().await.expect("a message").expect("no end");
                }
            };
            tokio::join!(sending, receiving);
            start.elapsed()
        })
    })
}

fn traffic(rounds: usize, size: usize) -> Table {
    let runtime = runtime();
    let plain = runtime.block_on(tcp_pair());
    let tls = runtime.block_on(async {
        let peers = Rustls::new(2048);
        let (one, other) = tcp_pair().await;
        let acceptor = TlsAcceptor::from(Arc::clone(&peers.server));
        let (one, other) = tokio::join!(tls_connect(&peers, one), acceptor.accept(other));
        (tokio_rustls::TlsStream::from(one), tokio_rustls::TlsStream::from(other.expect("TLS")))
    });
    let secure = runtime.block_on(async {
        let (one, other) = sessions().await;
        (SecureStream::new(one), SecureStream::new(other))
    });
    let kib = size >> 10;
    let contenders = vec![
        stream_contender("tokio-rustls, TLS 1.3", Rc::clone(&runtime), tls, size),
        stream_contender("plain TCP", Rc::clone(&runtime), plain, size),
        session_contender(Rc::clone(&runtime), size),
        stream_contender("sdmp SecureStream", runtime, secure, size),
    ];
    let megabytes = VOLUME as f64 / 1e6;
    Table::measure(
        &format!("{VOLUME} octets in messages of {kib} KiB over loopback, one thread"),
        rounds,
        contenders,
    )
    .rate(megabytes, "MB/s")
}

/// Handshakes, and traffic for two sizes of message.
pub fn measure(rounds: usize) -> Vec<Table> {
    let handshakes = handshakes(rounds).rate(TOGETHER as f64, "handshakes/s");
    vec![handshakes, traffic(rounds * 2, 16 << 10), traffic(rounds * 2, 256 << 10)]
}
