//! A listener among peers and callers that misbehave: late, never asked for, without end.

use std::io;
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message};
use async_trait::async_trait;
use futures::FutureExt;
use sdmp_transport::listener::{Acceptor, Incoming, ListenerLimits, Source};
use sdmp_transport::{Carrier, Error, Listener, connect, memory, tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let first = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let error = tcp::TcpAcceptor::bind(first.local_addr().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

/// Connections of one process whose carriers need some time to open.
struct Doors(Vec<(Duration, Box<dyn Carrier>)>);

#[async_trait]
impl Acceptor for Doors {
    async fn next(&mut self) -> io::Result<Incoming> {
        let Some((time, carrier)) = self.0.pop() else { return std::future::pending().await };
        let open = async move {
            sleep(time).await;
            Ok(carrier)
        };
        Ok(Incoming { source: Source::Local, open: open.boxed() })
    }
}

/// R42: M1 within 5 s *of the connection*: an upgrade before it takes nothing off the limit.
#[tokio::test(start_paused = true)]
async fn the_time_for_an_upgrade_is_part_of_the_time_for_m1() {
    let (_silent, carrier) = memory::pair(1);
    let doors = Doors(vec![(Duration::from_secs(4), Box::new(carrier))]);
    let mut listener = Listener::new(doors, config(BOB, &[ALICE]));
    let began = Instant::now();
    let error = listener.accept().await.unwrap().result.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(began.elapsed() < Duration::from_millis(5500), "{:?}", began.elapsed());
}

/// Strangers cannot fill the memory of a server whose application is busy with something else.
#[tokio::test(start_paused = true)]
async fn refusals_that_are_never_taken_are_counted_and_forgotten() {
    let mut keys: Vec<_> = (0..200).map(|_| memory::pair(1)).collect();
    let doors = keys.drain(..).map(|(gone, door)| {
        drop(gone);
        let door: Box<dyn Carrier> = Box::new(door);
        (Duration::ZERO, door)
    });
    let doors = Doors(doors.collect());
    let mut listener = Listener::new(doors, config(BOB, &[ALICE]));
    while listener.counts().refused + listener.counts().over_limit < 200 {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!(listener.counts().half_open, 0);
    // The accept loop and the test's own future are not strangers.
    assert!(tokio::runtime::Handle::current().metrics().num_alive_tasks() <= 1);
    for _ in 0..16 {
        assert!(listener.accept().await.unwrap().result.is_err());
    }
    timeout(Duration::from_secs(1), listener.accept()).await.unwrap_err();
}

/// Sessions that are never taken keep their place, so that there are not more and more of them.
#[tokio::test]
async fn sessions_that_are_never_taken_count_as_half_open() {
    let (mut dialled, mut doors) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let (one, other) = memory::pair(4);
        let door: Box<dyn Carrier> = Box::new(other);
        dialled.push(tokio::spawn(connect(one, config(ALICE, &[BOB]))));
        doors.push((Duration::ZERO, door));
    }
    let limits = ListenerLimits::default().with_half_open(20);
    let listener =
        Listener::builder(Doors(doors), config(BOB, &[ALICE])).with_limits(limits).start();
    for dial in dialled {
        dial.await.unwrap().unwrap();
    }
    while listener.counts().accepted < 20 || listener.counts().half_open > 4 {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(listener.counts().half_open, 4, "sixteen wait in the queue");
    assert_eq!(listener.counts().most_half_open, 20);
}

/// After the deadline a session is cut, and the port is free.
#[tokio::test]
async fn shutdown_cuts_what_does_not_finish() {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let dial = async { connect(tcp::dial(address).await.unwrap(), config(ALICE, &[BOB])).await };
    let (alice, outcome) = tokio::join!(dial, listener.accept());
    let (mut alice, mut bob) = (alice.unwrap(), outcome.unwrap().result.unwrap());
    assert!(!listener.shutdown(Duration::from_millis(50)).await);
    assert_eq!(bob.recv().await.unwrap_err(), Error::ShutDown);
    assert_eq!(bob.send(message("late")).await.unwrap_err(), Error::ShutDown);
    assert!(alice.recv().await.unwrap_err().is_cut());
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}

/// R38: a connection that sends without an end is refused at the limit of its first object, and
/// what it goes on sending is discarded for a second at most.
#[tokio::test]
async fn an_endless_first_object_is_refused_early() {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"{\"sdmp\":\"").await.unwrap();
    let (mut read, mut write) = stream.split();
    let pouring = async {
        let lump = vec![b'a'; 1 << 16];
        while write.write_all(&lump).await.is_ok() {}
    };
    let began = Instant::now();
    let (told, outcome) = tokio::join!(
        timeout(Duration::from_secs(20), async {
            let mut told = Vec::new();
            tokio::select! {
                _ = read.read_to_end(&mut told) => {}
                () = pouring => {}
            }
        }),
        listener.accept()
    );
    told.unwrap();
    assert_eq!(outcome.unwrap().result.unwrap_err().code(), "misbehaved.too_long");
    assert!(began.elapsed() < Duration::from_secs(10));
}
