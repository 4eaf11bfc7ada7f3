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
    Carrier, Error, Listener, ObjectReceiver, ObjectSender, connect, tcp, websocket,
};
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
    // What the kernel still takes of it is nobody's memory for long.
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
