//! The listener on loopback: limits, shutdown, and nothing left behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{ALICE, BOB, MALLORY, config, message, text};
use sdmp_handshake::{Policy, SessionLimits};
use sdmp_transport::listener::ListenerLimits;
use sdmp_transport::tcp::{TcpAcceptor, dial};
use sdmp_transport::{Error, Listener, SecureSession, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn listening(limits: ListenerLimits) -> (Listener, SocketAddr) {
    let acceptor = TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    (Listener::builder(acceptor, config(BOB, &[ALICE])).with_limits(limits).start(), address)
}

async fn alice(address: SocketAddr) -> SecureSession {
    connect(dial(address).await.unwrap(), config(ALICE, &[BOB])).await.unwrap()
}

/// Receives one message, answers it, and closes.
async fn echo(mut session: SecureSession) {
    let received = session.recv().await.unwrap().unwrap();
    session.send(message(&text(&received.container))).await.unwrap();
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_served_beside_each_other() {
    let (mut listener, address) = listening(ListenerLimits::default()).await;
    let clients = (0..8).map(|number| {
        tokio::spawn(async move {
            let mut session = alice(address).await;
            session.send(message(&number.to_string())).await.unwrap();
            let answer = session.recv().await.unwrap().unwrap();
            assert_eq!(text(&answer.container), number.to_string());
            session.close().await.unwrap();
        })
    });
    let clients: Vec<_> = clients.collect();
    for _ in 0..8 {
        let outcome = listener.accept().await.unwrap();
        tokio::spawn(echo(outcome.result.unwrap()));
    }
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(listener.counts().accepted, 8);
    assert!(listener.shutdown(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn refusals_are_reported_and_the_listener_goes_on() {
    let (mut listener, address) = listening(ListenerLimits::default()).await;
    let mallory = tokio::spawn(async move {
        connect(dial(address).await.unwrap(), config(MALLORY, &[BOB])).await.unwrap_err()
    });
    let outcome = listener.accept().await.unwrap();
    assert_eq!(outcome.result.unwrap_err().code(), "untrusted.unknown");
    assert_eq!(mallory.await.unwrap().code(), "rejected.sealed");
    let (session, outcome) = tokio::join!(alice(address), listener.accept());
    drop((session, outcome.unwrap().result.unwrap()));
    let counts = listener.counts();
    assert_eq!((counts.connections, counts.refused, counts.accepted), (2, 1, 1));
}

/// R42: further connections are closed at once and in silence, and honest ones pass again later.
#[tokio::test]
async fn those_who_only_knock_are_limited() {
    let limits = ListenerLimits::default().with_half_open_per_source(2);
    let (mut listener, address) = listening(limits).await;
    let mut silent = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"{").await.unwrap();
        silent.push(stream);
    }
    while listener.counts().connections < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut over = TcpStream::connect(address).await.unwrap();
    let mut told = Vec::new();
    over.read_to_end(&mut told).await.unwrap();
    assert!(told.is_empty());
    assert_eq!(listener.counts().over_limit, 1);
    drop(silent);
    for _ in 0..2 {
        assert!(listener.accept().await.unwrap().result.is_err());
    }
    let (session, outcome) = tokio::join!(alice(address), listener.accept());
    drop((session, outcome.unwrap().result.unwrap()));
}

#[tokio::test]
async fn shutdown_drops_knockers_and_waits_for_sessions() {
    let (mut listener, address) = listening(ListenerLimits::default()).await;
    let (client, outcome) = tokio::join!(alice(address), listener.accept());
    let served = tokio::spawn(echo(outcome.unwrap().result.unwrap()));
    let mut knocker = TcpStream::connect(address).await.unwrap();
    while listener.counts().connections < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let shutdown = tokio::spawn(listener.shutdown(Duration::from_secs(5)));
    let mut told = Vec::new();
    knocker.read_to_end(&mut told).await.unwrap();
    assert!(told.is_empty());
    let mut client = client;
    client.send(message("still here")).await.unwrap();
    assert_eq!(text(&client.recv().await.unwrap().unwrap().container), "still here");
    client.close().await.unwrap();
    served.await.unwrap();
    assert!(shutdown.await.unwrap(), "the session had finished");
    assert!(TcpStream::connect(address).await.is_err(), "nothing is accepted any more");
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let (mut listener, address) = listening(ListenerLimits::default()).await;
    let (client, outcome) = tokio::join!(alice(address), listener.accept());
    let session = outcome.unwrap().result.unwrap();
    assert!(!listener.shutdown(Duration::from_millis(50)).await);
    drop((client, session));
}

/// A peer whose network is gone sends no FIN: the limit on silence finds it, and its socket and its
/// place among the sessions are free again.
#[tokio::test]
async fn a_peer_that_vanishes_gives_back_its_socket_and_its_place() {
    let limits =
        SessionLimits { silence: Some(Duration::from_millis(500)), ..SessionLimits::default() };
    let bob = config(BOB, &[ALICE]).with_policy(Policy { limits, ..common::policy() });
    let acceptor = TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    let limits = ListenerLimits::default().with_sessions(1);
    let mut listener = Listener::builder(acceptor, bob).with_limits(limits).start();
    // A relay that carries nothing any more once the network is gone, and closes nothing.
    let relay = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let through = relay.local_addr().unwrap();
    let (gone, network) = tokio::sync::oneshot::channel::<()>();
    let relaying = tokio::spawn(async move {
        let (mut near, _) = relay.accept().await.unwrap();
        let mut far = TcpStream::connect(address).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => panic!("it ended"),
            _ = network => {}
        }
        (near, far)
    });
    let (alice_session, outcome) = tokio::join!(alice(through), listener.accept());
    let (alice_session, mut bob) = (alice_session, outcome.unwrap().result.unwrap());
    gone.send(()).unwrap();
    let (near, mut far) = relaying.await.unwrap();
    assert_eq!(bob.recv().await.unwrap_err(), Error::Silent);
    // The application still has its session; what the system lent to it is returned.
    let closed = async { while far.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {} };
    timeout(Duration::from_secs(5), closed).await.expect("the socket is closed");
    let (again, outcome) = tokio::join!(alice(address), listener.accept());
    drop((again, outcome.unwrap().result.unwrap()));
    assert_eq!(listener.counts().over_limit, 0);
    drop((alice_session, near, bob));
}

/// No task and no descriptor stays behind after many sessions that end in every way.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_sessions_leave_nothing_behind() {
    let (mut listener, address) = listening(ListenerLimits::default()).await;
    let round = async |listener: &mut Listener, number: usize| {
        let (mut session, outcome) = tokio::join!(alice(address), listener.accept());
        let mut served = outcome.unwrap().result.unwrap();
        if number.is_multiple_of(3) {
            drop(session);
            assert!(served.recv().await.is_err());
        } else if number % 3 == 1 {
            drop(served);
            assert!(session.recv().await.is_err());
        } else {
            let (a, b) = tokio::join!(session.close(), served.close());
            a.unwrap();
            b.unwrap();
        }
    };
    for number in 0..6 {
        round(&mut listener, number).await;
    }
    settle().await;
    let before = left();
    for number in 0..100 {
        round(&mut listener, number).await;
    }
    settle().await;
    let after = left();
    assert!(
        after.0 <= before.0 && after.1 <= before.1,
        "tasks and descriptors: {before:?}, {after:?}"
    );
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[cfg(target_os = "linux")]
fn left() -> (usize, usize) {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    (tasks, std::fs::read_dir("/proc/self/fd").unwrap().count())
}
