//! Sessions between two tasks, over every way that objects can travel in one process.

use std::time::Duration;

use crate::common::{ALICE, BOB, MALLORY, config, local, message, policy, published, text};
use futures::{SinkExt, StreamExt};
use sdmp_container::Fingerprint;
use sdmp_envelope::Identity;
use sdmp_handshake::{Config, Distrust, Error as HandshakeError, Policy, SessionLimits};
use sdmp_transport::{
    ByteStream, Carrier, Error, SecureSession, Trust, accept, accept_with, connect, memory,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Accepted sessions of two nodes over a pair of carriers.
async fn established(
    one: impl Carrier + 'static,
    other: impl Carrier + 'static,
) -> (SecureSession, SecureSession) {
    let (alice, bob) = (config(ALICE, &[BOB]), config(BOB, &[ALICE]));
    let (a, b) = tokio::join!(connect(one, alice), accept(other, bob));
    (a.unwrap(), b.unwrap())
}

fn streams() -> (impl Carrier + 'static, impl Carrier + 'static) {
    let (one, other) = tokio::io::duplex(64 * 1024);
    (ByteStream::new(one), ByteStream::new(other))
}

async fn talk(mut alice: SecureSession, mut bob: SecureSession) {
    assert_eq!(alice.peer().fingerprint(), local(BOB).identity().fingerprint());
    assert_eq!(bob.peer().fingerprint(), local(ALICE).identity().fingerprint());
    assert_eq!(alice.accepted().session_id, bob.accepted().session_id);
    alice.send(message("ping")).await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "ping");
    bob.send(message("pong")).await.unwrap();
    assert_eq!(text(&alice.recv().await.unwrap().unwrap().container), "pong");
    let (a, b) = tokio::join!(alice.close(), bob.close());
    a.unwrap();
    b.unwrap();
}

#[tokio::test]
async fn over_a_byte_stream() {
    let (one, other) = streams();
    let (alice, bob) = established(one, other).await;
    talk(alice, bob).await;
}

#[tokio::test]
async fn over_whole_objects() {
    let (one, other) = memory::pair(4);
    let (alice, bob) = established(one, other).await;
    talk(alice, bob).await;
}

#[tokio::test]
async fn over_a_stream_that_holds_one_octet() {
    let (one, other) = tokio::io::duplex(1);
    // Every octet is a switch between tasks: more time than usual where the machine is busy.
    let minute = Duration::from_secs(60);
    let limits =
        SessionLimits { first_message: minute, handshake: minute, ..SessionLimits::default() };
    let patient =
        |config: Config| config.with_policy(Policy { limits: limits.clone(), ..policy() });
    let (alice, bob) = (patient(config(ALICE, &[BOB])), patient(config(BOB, &[ALICE])));
    let (alice, bob) =
        tokio::join!(connect(ByteStream::new(one), alice), accept(ByteStream::new(other), bob));
    talk(alice.unwrap(), bob.unwrap()).await;
}

#[tokio::test]
async fn over_tcp() {
    use sdmp_transport::listener::Acceptor;
    let mut acceptor = sdmp_transport::tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    let (dialled, accepted) = tokio::join!(sdmp_transport::tcp::dial(address), acceptor.next());
    let (alice, bob) = established(dialled.unwrap(), accepted.unwrap().open.await.unwrap()).await;
    talk(alice, bob).await;
}

/// R41: the end of one direction leaves the other open.
#[tokio::test]
async fn one_direction_closes_before_the_other() {
    let (one, other) = streams();
    let (mut alice, mut bob) = established(one, other).await;
    alice.send(message("all I have")).await.unwrap();
    alice.finish().await.unwrap();
    assert_eq!(alice.send(message("more")).await.unwrap_err(), Error::Closed);
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "all I have");
    assert!(bob.recv().await.unwrap().is_none());
    bob.send(message("still mine")).await.unwrap();
    assert_eq!(text(&alice.recv().await.unwrap().unwrap().container), "still mine");
    let (a, b) = tokio::join!(alice.close(), bob.close());
    a.unwrap();
    b.unwrap();
}

/// R41: a dropped session is a cut one, and what came before is still handed out.
#[tokio::test]
async fn a_cut_is_told_apart_from_a_close() {
    let (one, other) = streams();
    let (mut alice, mut bob) = established(one, other).await;
    alice.send(message("last words")).await.unwrap();
    drop(alice);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "last words");
    let error = bob.recv().await.unwrap_err();
    assert!(error.is_cut(), "{error:?}");
    assert_eq!(error.code(), "truncated");
    assert!(bob.send(message("anybody?")).await.is_err());
    assert!(bob.close().await.unwrap_err().is_cut());
}

/// After our close, a session that is dropped still lets the peer close.
#[tokio::test]
async fn a_session_that_was_finished_may_be_dropped() {
    let (one, other) = streams();
    let (mut alice, mut bob) = established(one, other).await;
    alice.send(message("done")).await.unwrap();
    alice.finish().await.unwrap();
    drop(alice);
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "done");
    assert!(bob.recv().await.unwrap().is_none());
    bob.send(message("this is not heard")).await.unwrap();
    bob.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_close_in_time_is_told() {
    let (one, other) = memory::pair(4);
    let (alice, _bob) = established(one, other).await;
    assert_eq!(alice.close().await.unwrap_err(), Error::CloseTimeout);
}

#[tokio::test]
async fn an_untrusted_initiator_is_refused_and_learns_nothing_else() {
    let (one, other) = streams();
    let (mallory, bob) = (config(MALLORY, &[BOB]), config(BOB, &[ALICE]));
    let (m, b) = tokio::join!(connect(one, mallory), accept(other, bob));
    assert_eq!(b.unwrap_err(), Error::Handshake(HandshakeError::Untrusted(Distrust::Unknown)));
    let told = m.unwrap_err();
    assert_eq!(told, Error::Handshake(HandshakeError::PeerRejected { in_plaintext: false }));
}

#[tokio::test]
async fn another_peer_than_the_pinned_one_is_refused() {
    let (one, other) = streams();
    let pinned = config(ALICE, &[BOB, MALLORY]).pin(local(BOB).identity().fingerprint().clone());
    let (a, m) = tokio::join!(connect(one, pinned), accept(other, config(MALLORY, &[ALICE])));
    assert_eq!(a.unwrap_err(), Error::Handshake(HandshakeError::Untrusted(Distrust::NotPinned)));
    m.unwrap_err();
}

/// R44: the symptom of two profiles.
#[tokio::test]
async fn two_profiles_never_agree() {
    let (one, other) = streams();
    let (a, b) =
        tokio::join!(connect(one, config(ALICE, &[BOB])), accept(other, published(BOB, &[ALICE])));
    a.unwrap_err();
    b.unwrap_err();
}

#[tokio::test]
async fn the_published_profile_ends_without_authentication() {
    let (one, other) = streams();
    let (alice, bob) = (published(ALICE, &[BOB]), published(BOB, &[ALICE]));
    let (alice, bob) = tokio::join!(connect(one, alice), accept(other, bob));
    let (mut alice, mut bob) = (alice.unwrap(), bob.unwrap());
    assert_eq!(alice.accepted().session_id, None);
    alice.send(message("hello")).await.unwrap();
    alice.finish().await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "hello");
    let (mut sender, mut receiver) = bob.split();
    assert!(receiver.recv().await.unwrap().is_none());
    assert!(!receiver.closed_authentically());
    sender.finish().await.unwrap();
    sender.finished().await.unwrap();
    alice.close().await.unwrap();
}

/// Both sides send far more than all queues hold before either receives.
#[tokio::test]
async fn back_pressure_holds_and_loses_nothing() {
    const COUNT: usize = 300;
    let (one, other) = tokio::io::duplex(4096);
    let (alice, bob) = established(ByteStream::new(one), ByteStream::new(other)).await;
    let work = |session: SecureSession| async move {
        let (mut sender, mut receiver) = session.split();
        let sending = async {
            for number in 0..COUNT {
                sender.feed(message(&number.to_string())).await.unwrap();
            }
            sender.flush().await.unwrap();
            sender.finish().await.unwrap();
            sender.finished().await.unwrap();
        };
        let receiving = async {
            let mut next = 0;
            while let Some(received) = receiver.next().await {
                assert_eq!(text(&received.unwrap().container), next.to_string());
                next += 1;
            }
            assert_eq!(next, COUNT);
            assert!(receiver.closed_authentically());
        };
        tokio::join!(sending, receiving);
    };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(work(alice), work(bob)) })
        .await
        .unwrap();
}

/// A sender without a listener waits; it does not fill the memory.
#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_receive_holds_the_sender() {
    let (one, other) = tokio::io::duplex(4096);
    let (mut alice, _bob) = established(ByteStream::new(one), ByteStream::new(other)).await;
    let mut sent = 0;
    let flood = async {
        loop {
            alice.send(message("x")).await.unwrap();
            sent += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), flood).await.unwrap_err();
    assert!(sent < 100, "{sent} objects of 11 KiB were taken");
}

#[tokio::test]
async fn a_container_that_may_not_be_sent_does_not_end_the_session() {
    let (one, other) = streams();
    let (mut alice, mut bob) = established(one, other).await;
    let reserved = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":""}}"#;
    let reserved = sdmp_container::Container::parse(reserved);
    let error = alice.send(reserved.unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "misuse.reserved");
    alice.send(message("fine")).await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "fine");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_runs_into_the_time_limit() {
    let (one, mut other) = tokio::io::duplex(1024);
    let waiting = accept(ByteStream::new(one), config(BOB, &[ALICE]));
    let error = waiting.await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let mut told = Vec::new();
    other.read_to_end(&mut told).await.unwrap();
    assert!(told.is_empty(), "time limits are dropped in silence (R38)");
}

/// R37, R38: the plaintext rejection arrives although the peer goes on sending.
#[tokio::test]
async fn a_malformed_first_object_is_rejected_and_the_rejection_arrives() {
    let (one, mut other) = tokio::io::duplex(1024);
    let node = tokio::spawn(accept(ByteStream::new(one), config(BOB, &[ALICE])));
    other.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut told = String::new();
    other.read_to_string(&mut told).await.unwrap();
    assert_eq!(
        told,
        "{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"response\"]},\"response\":{\"status\":\"bad_request\",\"identifier\":\"\"}}\n"
    );
    drop(other);
    node.await.unwrap().unwrap_err();
}

#[derive(Debug)]
struct Ask {
    known: Option<Identity>,
    verdict: bool,
    patience: Duration,
}

#[async_trait::async_trait]
impl Trust for Ask {
    async fn identity(&mut self, claimed: &Fingerprint) -> Option<Identity> {
        self.known.clone().filter(|known| known.fingerprint() == claimed)
    }

    async fn authorize(&mut self, _peer: &Identity) -> bool {
        tokio::time::sleep(self.patience).await;
        self.verdict
    }
}

async fn asked(mut ask: Ask) -> Result<SecureSession, Error> {
    let (one, other) = memory::pair(4);
    let (alice, bob) = (config(ALICE, &[BOB]), config(BOB, &[]));
    let (_alice, bob) = tokio::join!(connect(one, alice), accept_with(other, bob, &mut ask));
    bob
}

#[tokio::test(start_paused = true)]
async fn the_application_decides_within_the_time_limit() {
    let known = Some(local(ALICE).identity().clone());
    let soon = Duration::from_secs(3);
    let ask = |verdict, patience| Ask { known: known.clone(), verdict, patience };
    asked(ask(true, soon)).await.unwrap();
    assert_eq!(asked(ask(false, soon)).await.unwrap_err().code(), "untrusted.refused");
    let late = asked(ask(true, Duration::from_secs(60))).await.unwrap_err();
    assert!(late.is_timeout(), "{late:?}");
    let no_one = Ask { known: None, verdict: true, patience: Duration::ZERO };
    assert_eq!(asked(no_one).await.unwrap_err().code(), "untrusted.unknown");
}

/// R44: both sides get the same secret, another for each label and context, also in mid-traffic.
#[tokio::test]
async fn both_sides_export_the_same_secret() {
    let (one, other) = memory::pair(4);
    let (mut alice, mut bob) = established(one, other).await;
    let export = async |session: &mut SecureSession, label: &str, context: &[u8]| {
        let mut secret = [0; 48];
        session.export(label, context, &mut secret).await.map(|()| secret)
    };
    let secret = export(&mut alice, "a protocol", b"1").await.unwrap();
    alice.send(message("go on")).await.unwrap();
    assert_eq!(export(&mut bob, "a protocol", b"1").await.unwrap(), secret);
    assert_ne!(export(&mut bob, "a protocol", b"2").await.unwrap(), secret);
    assert_ne!(export(&mut bob, "another", b"1").await.unwrap(), secret);
    // A label that R44 refuses does not end the session; a close does.
    export(&mut alice, "", b"").await.unwrap_err();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "go on");
    alice.finish().await.unwrap();
    assert_eq!(export(&mut alice, "a protocol", b"1").await.unwrap_err(), Error::Closed);
}

#[tokio::test]
async fn octets_of_an_object_that_is_not_whole_yet_are_counted() {
    // So little fits that a large object arrives piece by piece.
    let (one, other) = tokio::io::duplex(1_024);
    let (mut alice, bob) = established(ByteStream::new(one), ByteStream::new(other)).await;
    let (_sender, mut receiver) = bob.split();
    let before = receiver.arrived();
    assert!(before > 0, "the handshake came this way");
    let large = "x".repeat(256 << 10);
    let sending = tokio::spawn(async move {
        alice.send(message(&large)).await.unwrap();
        alice
    });
    let mut seen = Vec::new();
    let received = loop {
        tokio::select! {
            biased;
            received = receiver.recv() => break received.unwrap().unwrap(),
            () = tokio::task::yield_now() => seen.push(receiver.arrived()),
        }
    };
    assert_eq!(text(&received.container).len(), 256 << 10);
    assert!(seen.iter().any(|one| *one > before && *one < receiver.arrived()), "{seen:?}");
    assert!(receiver.arrived() - before > 256 << 10);
    drop(sending.await.unwrap());
}
