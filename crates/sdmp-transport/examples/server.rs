//! A server: answers each message of each peer that it trusts.
//!
//! `cargo run -p sdmp-transport --example server -- ADDRESS OWN-KEY PEER...`, where OWN-KEY is a
//! `private_key` container and each PEER an identity container, as `sdmp key` writes them.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::{env, error::Error, fs};

use sdmp_container::{Container, IdentityType, Message};
use sdmp_envelope::{Identity, private_key};
use sdmp_handshake::Config;
use sdmp_transport::{Listener, SecureSession, tcp::TcpAcceptor};

type Anything<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) async fn serve(acceptor: TcpAcceptor, own: &str, peers: &[String]) -> Anything {
    let key = Container::parse(fs::read(own)?)?;
    let mut config = Config::new(private_key::open(&key, None)?.into_local(IdentityType::Node)?);
    for peer in peers {
        config = config.trust([Identity::parse(&fs::read(peer)?)?]);
    }
    let mut listener = Listener::new(acceptor, config);
    while let Some(outcome) = listener.accept().await {
        let Ok(session) = outcome.result else { continue };
        drop(tokio::spawn(answer(session)));
    }
    Ok(())
}

async fn answer(mut session: SecureSession) -> Anything {
    while let Some(received) = session.recv().await? {
        let text = format!("you said: {}", Message::from_container(&received.container)?.as_str());
        session.send(Message::new(text)).await?;
    }
    Ok(session.close().await?)
}

#[tokio::main]
async fn main() -> Anything {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, own, peers @ ..] = arguments.as_slice() else {
        return Err("usage: server ADDRESS OWN-KEY PEER...".into());
    };
    let acceptor = TcpAcceptor::bind(address).await?;
    println!("listening on {}", acceptor.local_addr()?);
    serve(acceptor, own, peers).await
}
