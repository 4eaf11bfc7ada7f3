//! The core needs no tokio: the same `Connection` driven by another runtime.

use std::time::Instant;

use crate::common::{ALICE, BOB, config, message, text};
use sdmp_container::Timestamp;
use sdmp_crypto::random::SystemRandom;
use sdmp_handshake::{Connection, Event, Now};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};

fn now(origin: Instant) -> Now {
    let wall: Timestamp = "2026-06-01T00:00:00.000Z".parse().unwrap();
    Now { elapsed: origin.elapsed(), wall }
}

/// Runs a connection until both sides have closed; sends one message and returns the peer's.
async fn run(mut connection: Connection, mut stream: TcpStream, origin: Instant) -> String {
    let (mut buffer, mut heard) = ([0; 4096], None);
    loop {
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Accepted(_) => connection.send(now(origin), &message("hello")).unwrap(),
                Event::Message(received) => {
                    heard = Some(text(&received.container));
                    connection.close(now(origin)).unwrap();
                }
                Event::Closed { authenticated } => assert!(authenticated),
                Event::Failed(error) => panic!("{error}"),
                Event::NeedIdentity { .. } | Event::Authorize { .. } | _ => panic!("no question"),
            }
        }
        while let Some(object) = connection.poll_output() {
            stream.write_all(object.as_bytes()).await.unwrap();
            stream.write_all(b"\n").await.unwrap();
        }
        if connection.is_finished() {
            return heard.unwrap();
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert_eq!(connection.handle_input(now(origin), &buffer[..read]), read);
    }
}

#[test]
fn under_smol() {
    let origin = Instant::now();
    let random = || Box::new(SystemRandom::new());
    let heard = smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let alice = Connection::initiate(config(ALICE, &[BOB]), now(origin), random()).unwrap();
        let bob = Connection::respond(config(BOB, &[ALICE]), now(origin), random());
        smol::future::zip(run(alice, stream, origin), run(bob, accepted, origin)).await
    });
    assert_eq!(heard, ("hello".to_owned(), "hello".to_owned()));
}
