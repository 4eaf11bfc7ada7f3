//! The same conversation over every carrier: `cargo run -p sdmp-transport --example carriers`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::future::ready;
use std::io;
use std::sync::Arc;

use sdmp_container::{Container, IdentityType, Limits, Message};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::Config;
use sdmp_transport::listener::Incoming;
use sdmp_transport::{Carrier, Listener, accept, connect, files, memory, tcp, websocket};

type Anything<T = ()> = Result<T, Box<dyn Error>>;

/// Keys for examples only: everybody has them.
const ALICE: &str = include_str!("../../sdmp-conformance/vectors/keys/alice.pem");
const BOB: &str = include_str!("../../sdmp-conformance/vectors/keys/bob.pem");

fn node(pem: &str) -> Anything<LocalIdentity> {
    let key = PrivateKey::from_pem(pem, None)?;
    let expires = "2099-01-01T00:00:00.000Z".parse()?;
    let identity = Identity::create(key.public(), IdentityType::Node, expires)?;
    Ok(LocalIdentity::new(identity, Arc::new(key))?)
}

fn message(text: &str) -> Anything<Container> {
    Ok(Container::parse(Message::new(text)?.to_text(), &Limits::DEFAULT)?)
}

/// Alice says hello over what `dial` gives to whoever comes in at `incoming`.
async fn talk<C: Carrier>(
    name: &str,
    incoming: impl Incoming,
    dial: impl Future<Output = io::Result<C>>,
) -> Anything {
    let (client, server) = configurations()?;
    let mut listener = Listener::new(incoming, server);
    let client = async { Anything::Ok(connect(dial.await?, client).await?) };
    let (session, outcome) = tokio::join!(client, listener.accept());
    let (mut session, mut served) = (session?, outcome.ok_or("the listener ended")?.result?);
    session.send(message("hello")?).await?;
    let received = served.recv().await?.ok_or("nothing came")?;
    println!("{name}: {}", received.container.text());
    let (one, other) = tokio::join!(session.close(), served.close());
    Ok(one.and(other)?)
}

fn configurations() -> Anything<(Config, Config)> {
    let (alice, bob) = (node(ALICE)?, node(BOB)?);
    let client = Config::new(alice.clone()).trust([bob.identity().clone()]);
    Ok((client, Config::new(bob).trust([alice.identity().clone()])))
}

#[tokio::main]
async fn main() -> Anything {
    let incoming = tcp::TcpIncoming::bind("127.0.0.1:0").await?;
    let address = incoming.local_addr()?;
    talk("TCP", incoming, tcp::dial(address)).await?;

    let incoming = tcp::TcpIncoming::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/sdmp", incoming.local_addr()?);
    talk("WebSocket", websocket::WebSocketIncoming::new(incoming), websocket::dial(&url)).await?;

    let directory = std::env::temp_dir().join(format!("sdmp-example-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let incoming = files::FilesIncoming::new(&directory)?;
    talk("files", incoming, ready(files::dial(&directory))).await?;
    #[cfg(unix)]
    {
        let path = directory.join("socket");
        let incoming = sdmp_transport::unix::UnixIncoming::bind(&path).await?;
        talk("Unix socket", incoming, sdmp_transport::unix::dial(&path)).await?;
    }
    std::fs::remove_dir_all(&directory)?;

    // Without a listener, both ends at hand.
    let (one, other) = memory::pair(4);
    let (client, server) = configurations()?;
    let (session, served) = tokio::join!(connect(one, client), accept(other, server));
    let (one, other) = tokio::join!(session?.close(), served?.close());
    println!("memory: closed by both");
    Ok(one.and(other)?)
}
