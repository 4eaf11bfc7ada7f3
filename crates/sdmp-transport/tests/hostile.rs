//! Carriers and peers that misbehave: cut in mid-object, lumps, single octets, stalls, floods.

use std::io;
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message, policy, text};
use async_trait::async_trait;
use futures::SinkExt;
use sdmp_handshake::{Config, Policy, SessionLimits};
use sdmp_transport::carrier::wrap;
use sdmp_transport::{ByteStream, Carrier, Error, ObjectSender, SecureSession, accept, connect};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

/// Accepted sessions over two byte streams.
async fn established(
    one: DuplexStream,
    other: DuplexStream,
    config: impl Fn(&str, &[&str]) -> Config,
) -> (SecureSession, SecureSession) {
    let (one, other) = (ByteStream::new(one), ByteStream::new(other));
    let (alice, bob) = (config(ALICE, &[BOB]), config(BOB, &[ALICE]));
    let (alice, bob) = tokio::join!(connect(one, alice), accept(other, bob));
    (alice.unwrap(), bob.unwrap())
}

fn limited(limits: SessionLimits) -> impl Fn(&str, &[&str]) -> Config {
    move |own, trusted| {
        config(own, trusted).with_policy(Policy { limits: limits.clone(), ..policy() })
    }
}

/// How octets are handed on.
#[derive(Clone, Copy)]
enum Cut {
    /// One at a time.
    Single,
    /// All that came within some time, so that several objects arrive at once.
    Lumps,
}

async fn forward(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, cut: Cut) {
    let mut buffer = vec![0; 1 << 20];
    loop {
        if matches!(cut, Cut::Lumps) {
            sleep(Duration::from_millis(20)).await;
        }
        let Ok(read @ 1..) = from.read(&mut buffer).await else { break };
        match cut {
            Cut::Lumps => to.write_all(&buffer[..read]).await.unwrap(),
            Cut::Single => {
                for octet in &buffer[..read] {
                    to.write_all(&[*octet]).await.unwrap();
                }
            }
        }
    }
    drop(to.shutdown().await);
}

/// Two ends whose octets pass a relay.
fn relayed(cut: Cut) -> (DuplexStream, DuplexStream) {
    let (one, near) = tokio::io::duplex(1 << 20);
    let size = if matches!(cut, Cut::Single) { 1 } else { 1 << 20 };
    let (far, other) = tokio::io::duplex(size);
    tokio::spawn(async move {
        let ((r1, w1), (r2, w2)) = (tokio::io::split(near), tokio::io::split(far));
        tokio::join!(forward(r1, w2, cut), forward(r2, w1, cut))
    });
    (one, other)
}

async fn both_ways(mut alice: SecureSession, mut bob: SecureSession) {
    for number in 0..5 {
        alice.feed(message(&format!("a{number}"))).await.unwrap();
        bob.feed(message(&format!("b{number}"))).await.unwrap();
    }
    let (a, b) = tokio::join!(alice.finish(), bob.finish());
    a.and(b).unwrap();
    for number in 0..5 {
        assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), format!("a{number}"));
        assert_eq!(text(&alice.recv().await.unwrap().unwrap().container), format!("b{number}"));
    }
    let (a, b) = tokio::join!(alice.close(), bob.close());
    a.and(b).unwrap();
}

#[tokio::test]
async fn several_objects_at_once_are_all_delivered() {
    let (one, other) = relayed(Cut::Lumps);
    let (alice, bob) = established(one, other, config).await;
    both_ways(alice, bob).await;
}

#[tokio::test]
async fn one_octet_at_a_time_is_enough() {
    let (one, other) = relayed(Cut::Single);
    // Every octet is a switch between tasks: more time than usual where the machine is busy.
    let minute = Duration::from_secs(60);
    let limits =
        SessionLimits { first_message: minute, handshake: minute, ..SessionLimits::default() };
    let (alice, bob) = established(one, other, limited(limits)).await;
    both_ways(alice, bob).await;
}

/// Sends so many objects, then half of one, and ends.
fn half_way(carrier: impl Carrier, whole: usize) -> impl Carrier {
    wrap(carrier, move |(sender, receiver), _| {
        (Box::new(HalfWaySender { sender, whole }), receiver)
    })
}

#[derive(Debug)]
struct HalfWaySender {
    sender: Box<dyn ObjectSender>,
    whole: usize,
}

#[async_trait]
impl ObjectSender for HalfWaySender {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        if let Some(whole) = self.whole.checked_sub(1) {
            self.whole = whole;
            return self.sender.send(object).await;
        }
        self.sender.send(&object[..object.len() / 2]).await?;
        self.sender.finish().await?;
        Err(io::ErrorKind::BrokenPipe.into())
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sender.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.sender.finish().await
    }
}

/// What ends before acceptance is no session that was cut: nothing can be missing from it.
#[tokio::test]
async fn a_connection_that_ends_before_m2_is_unanswered() {
    let (one, other) = tokio::io::duplex(1 << 16);
    drop(other);
    let error = connect(ByteStream::new(one), config(ALICE, &[BOB])).await.unwrap_err();
    assert_eq!(error, Error::NoSession { answered: false });
    assert!(error.is_unanswered() && !error.is_cut());
    assert_eq!(error.code(), "session.none");
    let (one, mut other) = tokio::io::duplex(1 << 16);
    let refuse = async {
        tokio::io::AsyncWriteExt::write_all(&mut other, b"{").await.unwrap();
        drop(other);
    };
    let (session, ()) = tokio::join!(connect(ByteStream::new(one), config(ALICE, &[BOB])), refuse);
    assert!(!session.unwrap_err().is_unanswered(), "half an object is an answer");
}

/// M1, M3 and FIN_I are cut in the middle, one after the other, and then a message.
#[tokio::test]
async fn a_carrier_that_fails_in_mid_object_is_a_cut() {
    for whole in 0..3 {
        let (one, other) = tokio::io::duplex(1 << 16);
        let one = half_way(ByteStream::new(one), whole);
        let alice = connect(one, config(ALICE, &[BOB]));
        let bob = accept(ByteStream::new(other), config(BOB, &[ALICE]));
        let (_, bob) = tokio::join!(alice, bob);
        assert_eq!(bob.unwrap_err(), Error::NoSession { answered: true }, "{whole}");
    }
    let (one, other) = tokio::io::duplex(1 << 16);
    let one = half_way(ByteStream::new(one), 4);
    let alice = connect(one, config(ALICE, &[BOB]));
    let bob = accept(ByteStream::new(other), config(BOB, &[ALICE]));
    let (alice, bob) = tokio::join!(alice, bob);
    let (mut alice, mut bob) = (alice.unwrap(), bob.unwrap());
    alice.send(message("whole")).await.unwrap();
    drop(alice.send(message("half")).await);
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "whole");
    assert!(bob.recv().await.unwrap_err().is_cut());
}

/// R42: how long a write may stall is the session's limit, whatever the carrier.
#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_is_given_up_after_the_write_limit() {
    let limits = SessionLimits { write_stall: Duration::from_secs(4), ..SessionLimits::default() };
    let (one, other) = tokio::io::duplex(4096);
    let (mut alice, _bob) = established(one, other, limited(limits)).await;
    let began = Instant::now();
    let error = loop {
        if let Err(error) = alice.send(message("x")).await {
            break error;
        }
    };
    assert_eq!(error, Error::Carrier(io::ErrorKind::TimedOut));
    let seconds = began.elapsed().as_secs();
    assert!((4..8).contains(&seconds), "{seconds}");
}

/// What a peer sends while the other side does not receive is held by the carrier, not by us.
#[tokio::test(start_paused = true)]
async fn large_messages_that_are_not_received_do_not_fill_the_memory() {
    let (one, other) = tokio::io::duplex(4096);
    let (mut alice, bob) = established(one, other, config).await;
    let large = "x".repeat(1 << 20);
    let mut sent = 0;
    let flood = async {
        loop {
            alice.send(message(&large)).await.unwrap();
            sent += 1;
        }
    };
    timeout(Duration::from_secs(5), flood).await.unwrap_err();
    assert!(sent < 4, "{sent} MiB were taken");
    // And nothing of it is lost.
    let mut bob = bob;
    for _ in 0..sent {
        assert_eq!(text(&bob.recv().await.unwrap().unwrap().container).len(), large.len());
    }
}

/// A session in which nothing comes ends after the limit on silence, if there is one.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_after_the_limit_on_silence() {
    let silence = Some(Duration::from_secs(20));
    let limits = SessionLimits { silence, ..SessionLimits::default() };
    let (one, other) = tokio::io::duplex(1 << 16);
    let bob = limited(limits)(BOB, &[ALICE]);
    let alice = connect(ByteStream::new(one), config(ALICE, &[BOB]));
    let (alice, bob) = tokio::join!(alice, accept(ByteStream::new(other), bob));
    let (mut alice, mut bob) = (alice.unwrap(), bob.unwrap());
    let began = Instant::now();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(15)).await;
        alice.send(message("still here")).await.unwrap();
        bob.recv().await.unwrap().unwrap();
    }
    assert_eq!(bob.recv().await.unwrap_err(), Error::Silent);
    assert_eq!(began.elapsed().as_secs(), 80);
    let (one, other) = tokio::io::duplex(1 << 16);
    let (_alice, mut bob) = established(one, other, config).await;
    let day = Duration::from_secs(24 * 60 * 60);
    timeout(day, bob.recv()).await.expect_err("no limit unless one is set");
}

/// A peer that our own application keeps waiting is not silent.
#[tokio::test(start_paused = true)]
async fn an_application_that_does_not_receive_makes_no_silence() {
    let silence = Some(Duration::from_secs(20));
    let limits = SessionLimits { silence, write_stall: Duration::MAX, ..SessionLimits::default() };
    let (one, other) = tokio::io::duplex(4096);
    let (mut alice, mut bob) = established(one, other, limited(limits)).await;
    let large = "x".repeat(1 << 20);
    let sending = tokio::spawn(async move {
        for _ in 0..4 {
            alice.send(message(&large)).await.unwrap();
        }
        alice
    });
    tokio::time::sleep(Duration::from_secs(600)).await;
    for _ in 0..4 {
        bob.recv().await.unwrap().unwrap();
    }
    drop(sending.await.unwrap());
}
