//! WebSockets that misbehave, and the published profile's close, with TCP beside it.

use std::io;
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message, published, text};
use async_trait::async_trait;
use futures::SinkExt;
use futures::stream::{SplitSink, StreamExt};
use sdmp_transport::carrier::from_fn;
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{
    Carrier, CarrierLimits, Error, Listener, ObjectReceiver, ObjectSender, connect, tcp, websocket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;

/// R41, published: the end of the stream is the close, in both directions.
async fn published_closes<C: Carrier>(
    dial: impl Future<Output = io::Result<C>>,
    acceptor: impl Acceptor,
) {
    let mut listener = Listener::new(acceptor, published(BOB, &[ALICE]));
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
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let dial = tcp::dial(acceptor.local_addr().unwrap());
    timeout(Duration::from_secs(30), published_closes(dial, acceptor)).await.unwrap();
}

async fn web() -> (websocket::WebSocketAcceptor, String) {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/sdmp", acceptor.local_addr().unwrap());
    (websocket::WebSocketAcceptor::new(acceptor), url)
}

#[tokio::test]
async fn the_published_profile_closes_both_directions_over_a_websocket() {
    let (acceptor, url) = web().await;
    let closing = published_closes(websocket::dial(&url), acceptor);
    timeout(Duration::from_secs(30), closing).await.unwrap();
}

/// R42: before the peer is known, a message is refused long before 16 MiB of it were gathered.
#[tokio::test]
async fn a_stranger_cannot_make_a_websocket_gather_a_long_message() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let (mut stream, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    let pouring = stream.send(WsMessage::text("x".repeat(8 << 20)));
    // What the kernel still takes of it is released soon.
    let (_, outcome) = tokio::join!(pouring, listener.accept());
    // A message that had been gathered would be `misbehaved.too_long`.
    let error = outcome.unwrap().result.unwrap_err();
    assert_eq!(error, Error::Carrier(io::ErrorKind::InvalidData));
}

#[tokio::test]
async fn long_messages_pass_a_websocket_once_the_peer_is_known() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
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
    async fn receive(&mut self) -> io::Result<sdmp_transport::carrier::Chunk> {
        use sdmp_transport::carrier::Chunk;
        while let Some(Ok(frame)) = self.0.next().await {
            if let WsMessage::Text(text) = frame {
                return Ok(Chunk::Object(text.into()));
            }
        }
        Ok(Chunk::End)
    }
}

#[tokio::test]
async fn a_flood_of_pings_disturbs_no_session_and_a_binary_frame_ends_it() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let alice = async {
        let address = url.trim_start_matches("ws://").trim_end_matches("/sdmp");
        let stream = TcpStream::connect(address).await.unwrap();
        let (stream, _) = tokio_tungstenite::client_async(&url, stream).await.unwrap();
        let (sink, stream) = stream.split();
        // M1, M3, FIN_I and one message are text.
        let carrier =
            from_fn(|_| (Box::new(Pinging { sink, objects: 4 }), Box::new(Hearing(stream))));
        connect(carrier, config(ALICE, &[BOB])).await
    };
    let (alice, outcome) = tokio::join!(alice, listener.accept());
    let (mut alice, mut bob) = (alice.unwrap(), outcome.unwrap().result.unwrap());
    alice.send(message("text")).await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "text");
    alice.send(message("binary")).await.unwrap();
    let error = bob.recv().await.unwrap_err();
    assert_eq!(error, Error::Carrier(io::ErrorKind::InvalidData));
}

/// Octets as a client would write them, and everything that comes back.
async fn answer(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    drop(timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap());
    String::from_utf8(answer).unwrap()
}

fn address(url: &str) -> &str {
    url.trim_start_matches("ws://").trim_end_matches("/sdmp")
}

/// RFC 6455, 4.2.1 and 4.4.
#[tokio::test]
async fn requests_that_are_no_upgrade_are_answered_with_a_status() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let upgrade = "GET /sdmp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let cases = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "426"),
        (format!("{upgrade}{key}Sec-WebSocket-Version: 12\r\n\r\n"), "426"),
        (format!("{upgrade}{key}\r\n"), "426"),
        (format!("{upgrade}Sec-WebSocket-Version: 13\r\n\r\n"), "400"),
        (format!("{upgrade}Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"), "400"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}".to_owned(), "400"),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "400"),
        ("{\"sdmp\":{}}\n\r\n\r\n".to_owned(), "400"),
        (long, "431"),
        (format!("{upgrade}{key}Sec-WebSocket-Version: 13\r\n\r\n"), "101"),
    ];
    for (request, status) in &cases {
        let last = *status == "101";
        let answering = answer(address(&url), request.as_bytes());
        let (answer, outcome) = if last {
            // After the upgrade this client says nothing, and the listener gives it up.
            tokio::join!(answering, listener.accept())
        } else {
            (answering.await, listener.accept().await)
        };
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert_eq!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), *status == "426");
        assert!(outcome.unwrap().result.is_err());
    }
}

/// A masked frame; the mask is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..126) => frame.push(0x80 | length),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

async fn upgraded(url: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(url)).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 101 "));
    stream
}

/// R42: a ping between two fragments does not give the limit anew.
#[tokio::test]
async fn fragments_with_pings_between_them_are_given_up_at_the_limit() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let mut stream = upgraded(&url).await;
    let pouring = async {
        let mut sent = 0;
        for number in 0..10_000 {
            let fragment = frame(u8::from(number == 0), &[b'x'; 1000]);
            let both = [fragment, frame(0x89, b"")].concat();
            if stream.write_all(&both).await.is_err() {
                break;
            }
            sent += 1000;
        }
        sent
    };
    let (sent, outcome) = tokio::join!(pouring, listener.accept());
    assert_eq!(outcome.unwrap().result.unwrap_err(), Error::Carrier(io::ErrorKind::InvalidData));
    // What the kernel still takes is its own.
    assert!(sent < 9_000_000, "{sent} octets were read");
}

/// Pings whose pongs are not read would be gathered without end.
#[tokio::test]
async fn a_peer_that_pings_and_does_not_read_is_dropped() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let mut stream = upgraded(&url).await;
    let pings = frame(0x89, &[b'x'; 125]).repeat(100);
    let pouring = async { while stream.write_all(&pings).await.is_ok() {} };
    let (outcome, ()) = tokio::join!(listener.accept(), pouring);
    let error = outcome.unwrap().result.unwrap_err();
    assert_eq!(error, Error::Carrier(io::ErrorKind::InvalidData));
}

/// A client whose messages all come in fragments of one octet, with a ping after each.
#[tokio::test]
async fn fragments_of_one_octet_are_a_session_like_any_other() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let stream = upgraded(&url).await;
    let (read, write) = stream.into_split();
    let carrier = from_fn(move |_| (Box::new(Crumbs(write)), Box::new(Frames(read, Vec::new()))));
    let alice = connect(carrier, config(ALICE, &[BOB]));
    let (alice, outcome) = tokio::join!(alice, listener.accept());
    let (mut alice, mut bob) = (alice.unwrap(), outcome.unwrap().result.unwrap());
    alice.send(message("crumbs")).await.unwrap();
    assert_eq!(text(&bob.recv().await.unwrap().unwrap().container), "crumbs");
}

#[derive(Debug)]
struct Crumbs(tokio::net::tcp::OwnedWriteHalf);

#[async_trait]
impl ObjectSender for Crumbs {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        let mut frames = Vec::new();
        for (number, octet) in object.iter().enumerate() {
            let last = if number + 1 == object.len() { 0x80 } else { 0 };
            frames.extend(frame(last | u8::from(number == 0), &[*octet]));
            if number.is_multiple_of(10) {
                frames.extend(frame(0x89, b"?"));
            }
        }
        self.0.write_all(&frames).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.0.shutdown().await
    }
}

/// What a server sends: unmasked frames, of which only text counts.
#[derive(Debug)]
struct Frames(tokio::net::tcp::OwnedReadHalf, Vec<u8>);

impl Frames {
    fn take(&mut self) -> Option<(u8, Vec<u8>)> {
        let (header, length) = match *self.1.get(1)? {
            126 => (4, usize::from(u16::from_be_bytes([*self.1.get(2)?, *self.1.get(3)?]))),
            short => (2, usize::from(short)),
        };
        if self.1.len() < header + length {
            return None;
        }
        let frame: Vec<u8> = self.1.drain(..header + length).collect();
        Some((frame[0], frame[header..].to_vec()))
    }
}

#[async_trait]
impl ObjectReceiver for Frames {
    async fn receive(&mut self) -> io::Result<sdmp_transport::carrier::Chunk> {
        use sdmp_transport::carrier::Chunk;
        loop {
            match self.take() {
                Some((0x81, text)) => return Ok(Chunk::Object(text.into())),
                Some(_) => continue,
                None => {}
            }
            if self.0.read_buf(&mut self.1).await? == 0 {
                return Ok(Chunk::End);
            }
        }
    }
}

/// A server may speak in the same packet as its answer to the upgrade, and must not go over the limit
/// there either.
#[tokio::test]
async fn what_follows_the_upgrade_at_once_is_read_and_limited() {
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    for (length, passes) in [(20, true), (125, false)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8(request[..read].to_vec()).unwrap();
            let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next();
            let accept = derive_accept_key(key.unwrap().as_bytes());
            let mut answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                Upgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            )
            .into_bytes();
            answer.extend([0x81, length]);
            answer.extend(vec![b'x'; usize::from(length)]);
            stream.write_all(&answer).await.unwrap();
            stream
        };
        let (carrier, _stream) = tokio::join!(websocket::dial(&url), serve);
        let limits = CarrierLimits::new(100, Duration::from_secs(1));
        let (_sender, mut receiver) = Box::new(carrier.unwrap()).split(limits);
        assert_eq!(receiver.receive().await.is_ok(), passes, "{length}");
    }
}
