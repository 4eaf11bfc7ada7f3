//! Receives the files of one session: `cargo run -p sdmp-node --example receive HOME ADDRESS DIRECTORY`.
//!
//! HOME is a directory that `sdmp --data HOME key new` and `peer add` have filled.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::ops::ControlFlow;
use std::path::Path;

use sdmp_handshake::Config;
use sdmp_node::transfer::{Event, Inbox, Patience, Rules, receive};
use sdmp_node::{Error, Home, HomeTrust};
use sdmp_transport::{Listener, tcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [home, address, directory] = arguments.as_slice() else {
        return Err("HOME ADDRESS DIRECTORY".into());
    };
    let home = Home::new(home);
    let key = home.list_keys()?.named.pop().ok_or("there is no key")?;
    let local =
        home.local(&key.name, || Err(Error::NoPrivateKey("without a passphrase".into())))?;
    let inbox = Inbox::open(Path::new(directory), Rules::default())?;

    let acceptor = tcp::TcpAcceptor::bind(address).await?;
    println!("listening on {}", acceptor.local_addr()?);
    // Who is trusted is asked at each handshake.
    let config = Config::new(local);
    let trust = HomeTrust::new(home);
    let mut listener = Listener::builder(acceptor, config).with_trust(trust).start();
    let session = listener.accept().await.ok_or("the listener has ended")?.result?;

    let mut watch = |event: Event<'_>| {
        if let Event::Stored { file, .. } = event {
            println!("stored {} ({} octets)", file.name, file.size.unwrap_or_default());
        }
        ControlFlow::Continue(())
    };
    let summary = receive(session, &inbox, Patience::default(), &mut watch).await?;
    println!("{} stored, {} refused", summary.stored, summary.failed);
    Ok(())
}
