//! Carriers and peers that misbehave: cut in mid-object, lumps, single octets, stalls, floods.

use crate::common;

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use common::{ALICE, BOB, config, message, policy, published, text};
use futures::stream::{SplitSink, StreamExt};
use futures::{FutureExt, SinkExt};
use sdmp_handshake::{Config, Policy, SessionLimits};
use sdmp_transport::listener::{Incoming, Knock, ListenerLimits, Source};
use sdmp_transport::{
    ByteStream, Carrier, ConfiguredOnly, Error, Listener, ObjectReceiver, ObjectSender,
    SecureSession, accept, connect, memory, tcp, websocket,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;

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
    move |own, trusted| config(own, trusted).policy(Policy { limits: limits.clone(), ..policy() })
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
struct HalfWay<C> {
    carrier: C,
    whole: usize,
}

#[derive(Debug)]
struct HalfWaySender {
    sender: Box<dyn ObjectSender>,
    whole: usize,
}

impl<C: Carrier> Carrier for HalfWay<C> {
    fn split(self: Box<Self>) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>) {
        let (sender, receiver) = Box::new(self.carrier).split();
        (Box::new(HalfWaySender { sender, whole: self.whole }), receiver)
    }
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

/// M1, M3 and FIN_I are cut in the middle, one after the other, and then a message.
#[tokio::test]
async fn a_carrier_that_fails_in_mid_object_is_a_cut() {
    for whole in 0..3 {
        let (one, other) = tokio::io::duplex(1 << 16);
        let one = HalfWay { carrier: ByteStream::new(one), whole };
        let alice = connect(one, config(ALICE, &[BOB]));
        let bob = accept(ByteStream::new(other), config(BOB, &[ALICE]));
        let (_, bob) = tokio::join!(alice, bob);
        let error = bob.unwrap_err();
        assert!(error.is_cut(), "{whole}: {error:?}");
    }
    let (one, other) = tokio::io::duplex(1 << 16);
    let one = HalfWay { carrier: ByteStream::new(one), whole: 4 };
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

/// What a peer sends to somebody who does not receive is held by the carrier, not by us.
#[tokio::test(start_paused = true)]
async fn large_messages_that_nobody_receives_do_not_fill_the_memory() {
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

/// R41, published: the end of the stream is the close, in both directions.
async fn published_closes<C: Carrier>(
    dial: impl Future<Output = io::Result<C>>,
    incoming: impl Incoming,
) {
    let mut listener = Listener::new(incoming, published(BOB, &[ALICE]));
    let alice = async { connect(dial.await.unwrap(), published(ALICE, &[BOB])).await };
    let (alice, outcome) = tokio::join!(alice, listener.accept());
    let (mut alice, mut bob) = (alice.unwrap(), outcome.unwrap().result.unwrap());
    alice.send(message("hello")).await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "hello");
    bob.send(message("hello!")).await.unwrap();
    assert_eq!(text(&alice.recv().await.unwrap().unwrap().container), "hello!");
    alice.finish().await.unwrap();
    assert!(bob.recv().await.unwrap().is_none());
    let (mut sender, receiver) = bob.split();
    assert!(!receiver.closed_authentically());
    sender.finish().await.unwrap();
    sender.finished().await.unwrap();
    alice.close().await.unwrap();
    drop((sender, receiver));
    assert!(listener.shutdown(Duration::from_secs(5)).await, "a task was left");
}

#[tokio::test]
async fn the_published_profile_closes_both_directions_over_tcp() {
    let incoming = tcp::TcpIncoming::bind("127.0.0.1:0").await.unwrap();
    let dial = tcp::dial(incoming.local_addr().unwrap());
    timeout(Duration::from_secs(30), published_closes(dial, incoming)).await.unwrap();
}

async fn web() -> (websocket::WebSocketIncoming, String) {
    let incoming = tcp::TcpIncoming::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/sdmp", incoming.local_addr().unwrap());
    (websocket::WebSocketIncoming::new(incoming), url)
}

#[tokio::test]
async fn the_published_profile_closes_both_directions_over_a_websocket() {
    let (incoming, url) = web().await;
    let closing = published_closes(websocket::dial(&url), incoming);
    timeout(Duration::from_secs(30), closing).await.unwrap();
}

/// R42: before the peer is known, a message is refused long before 16 MiB of it were gathered.
#[tokio::test]
async fn a_stranger_cannot_make_a_websocket_gather_a_long_message() {
    let (incoming, url) = web().await;
    let mut listener = Listener::new(incoming, config(BOB, &[ALICE]));
    let (mut stream, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    let pouring = stream.send(WsMessage::text("x".repeat(8 << 20)));
    // What the kernel still takes of it is nobody's memory for long.
    let (_, outcome) = tokio::join!(pouring, listener.accept());
    // A message that had been gathered would be `misbehaved.too_long`.
    let error = outcome.unwrap().result.unwrap_err();
    assert_eq!(error, Error::Carrier(io::ErrorKind::InvalidData));
}

#[tokio::test]
async fn long_messages_pass_a_websocket_once_the_peer_is_known() {
    let (incoming, url) = web().await;
    let mut listener = Listener::new(incoming, config(BOB, &[ALICE]));
    let dial = async {
        connect(websocket::dial(&url).await.unwrap(), config(ALICE, &[BOB])).await.unwrap()
    };
    let (mut alice, outcome) = tokio::join!(dial, listener.accept());
    let mut bob = outcome.unwrap().result.unwrap();
    let long = "x".repeat(2 << 20);
    for _ in 0..2 {
        let (sent, received) = tokio::join!(alice.send(message(&long)), bob.recv());
        sent.unwrap();
        assert_eq!(text(&received.unwrap().unwrap().container).len(), long.len());
    }
    let (a, b) = tokio::join!(alice.close(), bob.close());
    a.and(b).unwrap();
}

/// A WebSocket that sends a hundred pings before each object, and in the end a binary frame.
#[derive(Debug)]
struct Pinging {
    sink: SplitSink<WebSocketStream<TcpStream>, WsMessage>,
    objects: usize,
}

#[async_trait]
impl ObjectSender for Pinging {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        let text = String::from_utf8(object.to_vec()).unwrap();
        for _ in 0..100 {
            self.sink.feed(WsMessage::Ping(vec![7; 125].into())).await.map_err(io::Error::other)?;
        }
        let last = self.objects == 0;
        self.objects = self.objects.saturating_sub(1);
        let frame = if last { WsMessage::binary(text.into_bytes()) } else { WsMessage::text(text) };
        self.sink.send(frame).await.map_err(io::Error::other)
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sink.flush().await.map_err(io::Error::other)
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.sink.close().await.map_err(io::Error::other)
    }
}

#[derive(Debug)]
struct Hearing(futures::stream::SplitStream<WebSocketStream<TcpStream>>);

#[async_trait]
impl ObjectReceiver for Hearing {
    async fn receive(&mut self) -> io::Result<sdmp_transport::carrier::Received> {
        use sdmp_transport::carrier::Received;
        while let Some(Ok(frame)) = self.0.next().await {
            if let WsMessage::Text(text) = frame {
                return Ok(Received::Object(text.into()));
            }
        }
        Ok(Received::End)
    }
}

#[tokio::test]
async fn a_flood_of_pings_disturbs_no_session_and_a_binary_frame_ends_it() {
    let (incoming, url) = web().await;
    let mut listener = Listener::new(incoming, config(BOB, &[ALICE]));
    let alice = async {
        let address = url.trim_start_matches("ws://").trim_end_matches("/sdmp");
        let stream = TcpStream::connect(address).await.unwrap();
        let (stream, _) = tokio_tungstenite::client_async(&url, stream).await.unwrap();
        let (sink, stream) = stream.split();
        // M1, M3, FIN_I and one message are text.
        connect((Pinging { sink, objects: 4 }, Hearing(stream)), config(ALICE, &[BOB])).await
    };
    let (alice, outcome) = tokio::join!(alice, listener.accept());
    let (mut alice, mut bob) = (alice.unwrap(), outcome.unwrap().result.unwrap());
    alice.send(message("text")).await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "text");
    alice.send(message("binary")).await.unwrap();
    let error = bob.recv().await.unwrap_err();
    assert_eq!(error, Error::Carrier(io::ErrorKind::InvalidData));
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let first = tcp::TcpIncoming::bind("127.0.0.1:0").await.unwrap();
    let error = tcp::TcpIncoming::bind(first.local_addr().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

/// Connections of one process whose carriers need some time to open.
struct Doors(Vec<(Duration, Box<dyn Carrier>)>);

#[async_trait]
impl Incoming for Doors {
    async fn next(&mut self) -> io::Result<Knock> {
        let Some((time, carrier)) = self.0.pop() else { return std::future::pending().await };
        let open = async move {
            sleep(time).await;
            Ok(carrier)
        };
        Ok(Knock { source: Source::Local, open: open.boxed() })
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
async fn refusals_that_nobody_asks_for_are_counted_and_forgotten() {
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

/// Sessions that nobody asks for keep their place, so that there are not more and more of them.
#[tokio::test]
async fn sessions_that_nobody_asks_for_count_as_half_open() {
    let (mut dialled, mut doors) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let (one, other) = memory::pair(4);
        let door: Box<dyn Carrier> = Box::new(other);
        dialled.push(tokio::spawn(connect(one, config(ALICE, &[BOB]))));
        doors.push((Duration::ZERO, door));
    }
    let limits = ListenerLimits { half_open: 20, ..ListenerLimits::default() };
    let listener = Listener::with(Doors(doors), config(BOB, &[ALICE]), limits, ConfiguredOnly);
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
    let incoming = tcp::TcpIncoming::bind("127.0.0.1:0").await.unwrap();
    let address = incoming.local_addr().unwrap();
    let mut listener = Listener::new(incoming, config(BOB, &[ALICE]));
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
    let incoming = tcp::TcpIncoming::bind("127.0.0.1:0").await.unwrap();
    let address = incoming.local_addr().unwrap();
    let mut listener = Listener::new(incoming, config(BOB, &[ALICE]));
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
