//! The same session over each carrier, and what goes wrong on each.

use std::io;
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message, text};
use futures::SinkExt;
use sdmp_handshake::Config;
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{Carrier, Listener, SecureSession, connect, tcp, websocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message as WsMessage;

/// One listener, one session: a message each way, and both closes.
async fn serves(acceptor: impl Acceptor, carrier: impl Carrier) {
    serves_with(acceptor, carrier, config(ALICE, &[BOB]), config(BOB, &[ALICE])).await;
}

pub(crate) async fn serves_with(
    acceptor: impl Acceptor,
    carrier: impl Carrier,
    alice: Config,
    bob: Config,
) {
    let mut listener = Listener::new(acceptor, bob);
    let serve = async {
        let mut session: SecureSession = listener.accept().await.unwrap().result.unwrap();
        let received = session.recv().await.unwrap().unwrap();
        session.send(message(&format!("{}!", text(&received.container)))).await.unwrap();
        assert!(session.recv().await.unwrap().is_none());
        session.close().await.unwrap();
    };
    let ask = async {
        let mut session = connect(carrier, alice).await.unwrap();
        session.send(message("hello")).await.unwrap();
        assert_eq!(text(&session.recv().await.unwrap().unwrap().container), "hello!");
        session.close().await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(serve, ask) })
        .await
        .unwrap();
}

#[cfg(unix)]
mod unix {
    use super::*;
    use sdmp_transport::unix::{UnixAcceptor, dial};

    #[tokio::test]
    async fn a_session_and_no_socket_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let acceptor = UnixAcceptor::bind(&path).await.unwrap();
        serves(acceptor, dial(&path).await.unwrap()).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_its_own_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let first = UnixAcceptor::bind(&path).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let _second = UnixAcceptor::bind(&path).await.unwrap();
        drop(first);
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        // A socket whose owner is gone without removing it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let living = UnixAcceptor::bind(&path).await.unwrap();
        let error = UnixAcceptor::bind(&path).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(living);
        std::fs::write(&path, "precious").unwrap();
        assert!(UnixAcceptor::bind(&path).await.is_err(), "no socket: left alone");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}

async fn web() -> (websocket::WebSocketAcceptor, String) {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/sdmp", acceptor.local_addr().unwrap());
    (websocket::WebSocketAcceptor::new(acceptor), url)
}

#[tokio::test]
async fn over_a_websocket() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let ask = async {
        let carrier = websocket::dial(&url).await.unwrap();
        let mut session = connect(carrier, config(ALICE, &[BOB])).await.unwrap();
        session.send(message("hello")).await.unwrap();
        session.close().await.unwrap();
    };
    let serve = async {
        let mut session = listener.accept().await.unwrap().result.unwrap();
        assert_eq!(text(&session.recv().await.unwrap().unwrap().container), "hello");
        session.close().await.unwrap();
    };
    tokio::join!(ask, serve);
}

#[tokio::test]
async fn binary_frames_are_refused_and_pings_are_not() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let (mut stream, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    for _ in 0..1000 {
        stream.feed(WsMessage::Ping(Vec::new().into())).await.unwrap();
    }
    stream.send(WsMessage::Binary(b"{}".to_vec().into())).await.unwrap();
    let error = listener.accept().await.unwrap().result.unwrap_err();
    assert_eq!(error, sdmp_transport::Error::Carrier(io::ErrorKind::InvalidData));
}

#[tokio::test]
async fn a_browser_that_does_not_upgrade_is_dropped_without_holding_others() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let host = url.trim_start_matches("ws://").trim_end_matches("/sdmp").to_owned();
    let mut slow = tokio::net::TcpStream::connect(&host).await.unwrap();
    slow.write_all(b"GET /sdmp HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let carrier = websocket::dial(&url).await.unwrap();
    let session = connect(carrier, config(ALICE, &[BOB])).await.unwrap();
    drop((session, listener.accept().await.unwrap().result.unwrap()));
    slow.write_all(b"\r\n").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(listener.accept().await.unwrap().result.is_err());
}

/// A program that copies its input to its output is the echo attack: a node met by itself (R25).
#[cfg(unix)]
#[tokio::test]
async fn over_a_child_process() {
    let (carrier, mut child) =
        sdmp_transport::stdio::child(tokio::process::Command::new("cat")).unwrap();
    let error = connect(carrier, config(ALICE, &[BOB])).await.unwrap_err();
    assert!(error.code().contains("own"), "{error:?}");
    assert!(child.wait().await.unwrap().success());
}
