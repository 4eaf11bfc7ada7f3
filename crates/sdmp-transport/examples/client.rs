//! A client: sends one message, and prints the answer.
//!
//! `cargo run -p sdmp-transport --example client -- OWN-KEY PEER ADDRESS TEXT`, where OWN-KEY is a
//! `private_key` container and PEER an identity container, as `sdmp key` writes them.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::{env, error::Error, fs};

use sdmp_container::{Container, IdentityType, Message};
use sdmp_envelope::{Identity, private_key};
use sdmp_handshake::Config;
use sdmp_transport::{connect, tcp};

type Anything<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) async fn ask(own: &str, peer: &str, address: &str, text: &str) -> Anything<String> {
    let key = Container::parse(fs::read(own)?)?;
    let me = private_key::open(&key, None)?.into_local(IdentityType::Node)?;
    let peer = Identity::parse(&fs::read(peer)?)?;
    let config = Config::new(me).pin(peer.fingerprint().clone()).trust([peer]);

    let mut session = connect(tcp::dial(address).await?, config).await?;
    session.send(Message::new(text)).await?;
    let answer = session.recv().await?.ok_or("the server closed without an answer")?;
    session.close().await?;
    Ok(Message::from_container(&answer.container)?.as_str().to_owned())
}

#[tokio::main]
async fn main() -> Anything {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [own, peer, address, text] = arguments.as_slice() else {
        return Err("usage: client OWN-KEY PEER ADDRESS TEXT".into());
    };
    println!("{}", ask(own, peer, address, text).await?);
    Ok(())
}
