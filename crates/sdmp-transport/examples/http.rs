//! HTTP over a session: hyper on both sides, and the server knows who asks without any cookie.
//!
//! `cargo run -p sdmp-transport --example http -- serve ADDRESS OWN-KEY PEER...`, and
//! `http get ADDRESS OWN-KEY PEER PATH`.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod nodes;

use std::convert::Infallible;

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::TokioIo;
use sdmp_handshake::Config;
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{Listener, SecureSession, SecureStream, connect, tcp};

use nodes::{Anything, node};

pub(crate) async fn serve(acceptor: impl Acceptor, config: Config) {
    let mut listener = Listener::new(acceptor, config);
    while let Some(outcome) = listener.accept().await {
        if let Ok(session) = outcome.result {
            drop(tokio::spawn(answer(session)));
        }
    }
}

async fn answer(session: SecureSession) -> Anything {
    let peer = session.peer().fingerprint().to_string();
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let text = format!("{} for {peer}\n", request.uri().path());
        async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text)))) }
    });
    let stream = TokioIo::new(SecureStream::new(session));
    Ok(server::conn::http1::Builder::new().serve_connection(stream, service).await?)
}

pub(crate) async fn get(session: SecureSession, path: &str) -> Anything<String> {
    let stream = TokioIo::new(SecureStream::new(session));
    let (mut sender, connection) = client::conn::http1::handshake(stream).await?;
    let running = tokio::spawn(connection);
    let request = Request::get(path).header("host", "sdmp").body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let body = response.into_body().collect().await?.to_bytes();
    // Without a sender the connection ends, and the session with it.
    drop(sender);
    running.await??;
    Ok(String::from_utf8(body.to_vec())?)
}

#[tokio::main]
async fn main() -> Anything {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", address, own, peers @ ..] => {
            let acceptor = tcp::TcpAcceptor::bind(address).await?;
            println!("listening on {}", acceptor.local_addr()?);
            serve(acceptor, node(own, peers)?).await;
        }
        ["get", address, own, peer, path] => {
            let session = connect(tcp::dial(address).await?, node(own, [peer])?).await?;
            print!("{}", get(session, path).await?);
        }
        _ => {
            return Err(
                "usage: http serve ADDRESS OWN-KEY PEER... | get ADDRESS OWN-KEY PEER PATH".into(),
            );
        }
    }
    Ok(())
}
