//! Octets over a session, and a protocol that knows nothing of SDMP on top.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sdmp_transport::{ByteStream, SecureSession, SecureStream, accept, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn sessions() -> (SecureSession, SecureSession) {
    let (one, other) = tokio::io::duplex(64 * 1024);
    let (alice, bob) = (config(ALICE, &[BOB]), config(BOB, &[ALICE]));
    let (a, b) =
        tokio::join!(connect(ByteStream::new(one), alice), accept(ByteStream::new(other), bob));
    (a.unwrap(), b.unwrap())
}

async fn streams() -> (SecureStream, SecureStream) {
    let (a, b) = sessions().await;
    (SecureStream::new(a), SecureStream::new(b))
}

#[tokio::test]
async fn a_flush_arrives_and_a_read_flushes() {
    let (mut alice, mut bob) = streams().await;
    let mut buffer = [0; 16];
    alice.write_all(b"ping").await.unwrap();
    alice.flush().await.unwrap();
    let read = bob.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..read], b"ping");
    let answer = async {
        bob.write_all(b"pong").await.unwrap();
        // Not flushed, but waiting for more.
        let mut more = [0; 1];
        bob.read(&mut more).await.unwrap()
    };
    let question = async {
        let mut buffer = [0; 16];
        let read = alice.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..read], b"pong");
        alice.shutdown().await.unwrap();
    };
    let (read, ()) = tokio::join!(answer, question);
    assert_eq!(read, 0);
}

#[tokio::test]
async fn a_megabyte_each_way_arrives_whole() {
    let (alice, bob) = streams().await;
    let octets: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251).to_le_bytes()[0]).collect();
    let both = async |stream: SecureStream| {
        let (mut reader, mut writer) = stream.into_split();
        let writing = async {
            for part in octets.chunks(70_001) {
                writer.write_all(part).await.unwrap();
            }
            writer.shutdown().await.unwrap();
            writer
        };
        let reading = async {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).await.unwrap();
            all
        };
        let (writer, all) = tokio::join!(writing, reading);
        assert!(all == octets);
        drop(writer);
    };
    tokio::join!(both(alice), both(bob));
}

/// R41: one direction ends, the other goes on.
#[tokio::test]
async fn half_close() {
    let (mut alice, mut bob) = streams().await;
    alice.write_all(b"request").await.unwrap();
    alice.shutdown().await.unwrap();
    assert_eq!(alice.write(b"more").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let mut request = Vec::new();
    bob.read_to_end(&mut request).await.unwrap();
    assert_eq!(request, b"request");
    bob.write_all(b"answer").await.unwrap();
    bob.shutdown().await.unwrap();
    let mut answer = Vec::new();
    alice.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"answer");
}

/// R41: the end of the stream is followed by the peer's close, and nothing else.
#[tokio::test]
async fn the_close_follows_the_end() {
    let (mut alice, bob) = streams().await;
    alice.shutdown().await.unwrap();
    let (mut reader, mut writer) = bob.into_split();
    writer.shutdown().await.unwrap();
    assert_eq!(reader.read(&mut [0; 1]).await.unwrap(), 0);
    reader.closed().await.unwrap();

    let (mut alice, bob) = sessions().await;
    let (mut reader, _writer) = SecureStream::new(bob).into_split();
    alice.send(sdmp_transport::stream::encode(b"", true).unwrap()).await.unwrap();
    alice.send(message("more")).await.unwrap();
    assert_eq!(reader.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(reader.closed().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_cut_is_not_an_end() {
    let (mut alice, mut bob) = streams().await;
    alice.write_all(b"half of it").await.unwrap();
    alice.flush().await.unwrap();
    drop(alice);
    let mut all = Vec::new();
    let error = bob.read_to_end(&mut all).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(all, b"half of it");
}

#[tokio::test]
async fn a_close_without_an_end_is_not_an_end() {
    let (alice, bob) = sessions().await;
    let mut bob = SecureStream::new(bob);
    let closing = tokio::spawn(alice.close());
    let error = bob.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    drop(bob);
    closing.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn other_containers_are_an_error() {
    let (mut alice, bob) = sessions().await;
    let mut bob = SecureStream::new(bob);
    alice.send(message("not a stream")).await.unwrap();
    let error = bob.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

async fn serve(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let answer = format!("{path} had {} octets", body.len());
    Ok(Response::new(Full::new(answer.into())))
}

/// Real HTTP/1.1, several requests over one connection.
#[tokio::test]
async fn http_runs_over_it() {
    let (alice, bob) = streams().await;
    let server = tokio::spawn(async move {
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(bob), service_fn(serve))
            .await
    });
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(alice)).await.unwrap();
    let client = tokio::spawn(connection);
    for length in [0, 1, 100_000] {
        let request = Request::post(format!("/{length}"))
            .header("host", "example")
            .body(Full::new(Bytes::from(vec![b'x'; length])))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, format!("/{length} had {length} octets"));
    }
    drop(sender);
    let ended =
        tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(server, client) });
    let (server, client) = ended.await.unwrap();
    server.unwrap().unwrap();
    client.unwrap().unwrap();
}
