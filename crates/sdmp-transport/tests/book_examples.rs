//! Runs the examples that the book shows, in one process: each side is the example's own function.
#![cfg(all(feature = "tcp", feature = "websocket", feature = "stream"))]

#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/chat.rs"]
mod chat;
#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/client.rs"]
mod client;
#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/http.rs"]
mod http;
#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/server.rs"]
mod server;
#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/websocket_bridge.rs"]
mod websocket_bridge;

use std::path::Path;
use std::time::Duration;

use crate::common::{ALICE, BOB, MALLORY, config, local, message, text};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::private_key;
use sdmp_transport::websocket::{self, WebSocketAcceptor};
use sdmp_transport::{connect, tcp};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// What `sdmp key new` and `sdmp key export` write: NAME.key and NAME.json.
fn files() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, pem) in [("alice", ALICE), ("bob", BOB), ("mallory", MALLORY)] {
        let key = PrivateKey::from_pem(pem, None).unwrap();
        let expires = "2099-01-01T00:00:00.000Z".parse().unwrap();
        let container = private_key::create(&key, expires, None, &mut SystemRandom::new()).unwrap();
        std::fs::write(directory.path().join(format!("{name}.key")), container.as_bytes()).unwrap();
        let identity = local(pem).identity().clone();
        std::fs::write(directory.path().join(format!("{name}.json")), identity.as_bytes()).unwrap();
    }
    directory
}

fn file(directory: &Path, name: &str) -> String {
    directory.join(name).to_str().unwrap().to_owned()
}

async fn bind() -> (tcp::TcpAcceptor, String) {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap().to_string();
    (acceptor, address)
}

/// The example server, which trusts Alice alone; where it listens.
async fn start_server(directory: &Path) -> String {
    let (acceptor, address) = bind().await;
    let (own, alice) = (file(directory, "bob.key"), file(directory, "alice.json"));
    drop(tokio::spawn(async move { server::serve(acceptor, &own, &[alice]).await }));
    address
}

#[tokio::test]
async fn a_client_asks_and_a_server_answers() {
    let directory = files();
    let path = directory.path();
    let address = start_server(path).await;
    let (alice, mallory) = (file(path, "alice.key"), file(path, "mallory.key"));
    let bob = file(path, "bob.json");
    for text in ["hello", "again"] {
        let answer = client::ask(&alice, &bob, &address, text).await.unwrap();
        assert_eq!(answer, format!("you said: {text}"));
    }
    // A stranger gets no answer, and the wrong server no question.
    client::ask(&mallory, &bob, &address, "let me in").await.unwrap_err();
    client::ask(&alice, &file(path, "mallory.json"), &address, "hello").await.unwrap_err();
}

#[tokio::test]
async fn a_bridge_carries_what_it_cannot_read() {
    let directory = files();
    let target = start_server(directory.path()).await;
    let (acceptor, address) = bind().await;
    drop(tokio::spawn(async move {
        websocket_bridge::bridge(WebSocketAcceptor::new(acceptor), &target).await
    }));
    let carrier = websocket::dial(&format!("ws://{address}/sdmp")).await.unwrap();
    let mut session = connect(carrier, config(ALICE, &[BOB])).await.unwrap();
    let long = "x".repeat(100_000);
    session.send(message(&long)).await.unwrap();
    let answer = session.recv().await.unwrap().unwrap();
    assert_eq!(text(&answer.container), format!("you said: {long}"));
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_room_passes_on_what_is_said() {
    let (acceptor, address) = bind().await;
    drop(tokio::spawn(chat::room(acceptor, config(BOB, &[ALICE, MALLORY]))));
    let enter =
        async |pem| connect(tcp::dial(&address).await.unwrap(), config(pem, &[BOB])).await.unwrap();
    let (one, other) = (enter(ALICE).await, enter(MALLORY).await);
    let (mut alice, input) = tokio::io::duplex(1024);
    let silent = tokio::spawn(chat::join(one, BufReader::new(input), tokio::io::sink()));
    let (mallory, input) = tokio::io::duplex(1024);
    let (output, shown) = tokio::io::duplex(1024);
    let listening = tokio::spawn(chat::join(other, BufReader::new(input), output));
    let mut shown = BufReader::new(shown).lines();
    // That Mallory has entered before Alice speaks is not certain, so she repeats herself.
    let line = loop {
        alice.write_all(b"hello \x07room\n").await.unwrap();
        if let Ok(line) = tokio::time::timeout(Duration::from_millis(200), shown.next_line()).await
        {
            break line.unwrap().unwrap();
        }
    };
    let name: String = local(ALICE).identity().fingerprint().to_string().chars().take(8).collect();
    assert_eq!(line, format!("{name}: hello \\u{{7}}room"));
    drop((alice, mallory));
    silent.await.unwrap().unwrap();
    listening.await.unwrap().unwrap();
}

#[tokio::test]
async fn http_knows_who_asks() {
    let (acceptor, address) = bind().await;
    drop(tokio::spawn(http::serve(acceptor, config(BOB, &[ALICE]))));
    let carrier = tcp::dial(&address).await.unwrap();
    let session = connect(carrier, config(ALICE, &[BOB])).await.unwrap();
    let answer = http::get(session, "/door").await.unwrap();
    let alice = local(ALICE).identity().fingerprint().to_string();
    assert_eq!(answer, format!("/door for {alice}\n"));
}
