//! Carries each session to a TCP service: `cargo run -p sdmp-node --example tunnel HOME ADDRESS SERVICE`.
//!
//! HOME is a directory that `sdmp --data HOME key new` and `peer add` have filled. The other side is
//! `sdmp forward`, or any program that carries a session [`through`](sdmp_node::tunnel::through) a socket.
#![allow(clippy::print_stdout, reason = "an example prints")]

use sdmp_handshake::Config;
use sdmp_node::{Error, Home, HomeTrust, tunnel};
use sdmp_transport::{Listener, tcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [home, address, service] = arguments.as_slice() else {
        return Err("HOME ADDRESS SERVICE".into());
    };
    let home = Home::new(home);
    let key = home.list_keys()?.named.pop().ok_or("there is no key")?;
    let local =
        home.local(&key.name, || Err(Error::NoPrivateKey("without a passphrase".into())))?;

    let acceptor = tcp::TcpAcceptor::bind(address).await?;
    println!("listening on {}", acceptor.local_addr()?);
    let config = Config::new(local);
    let trust = HomeTrust::new(home);
    let mut listener = Listener::builder(acceptor, config).with_trust(trust.clone()).start();
    while let Some(outcome) = listener.accept().await {
        let Ok(session) = outcome.result else { continue };
        let (trust, service) = (trust.clone(), service.clone());
        tokio::spawn(async move {
            let peer = session.peer().fingerprint().clone();
            tokio::select! {
                carried = tunnel::to_service(session, &service) => {
                    println!("a session ended: {}", carried.map_or_else(|e| e.to_string(), |_| "whole".into()));
                }
                // Dropped, the session is cut and the service's connection reset.
                () = trust.revoked(&peer) => println!("a peer is no longer trusted"),
            }
        });
    }
    Ok(())
}
