//! A bridge from WebSocket to TCP: a server that speaks only TCP becomes reachable by WebSocket.
//!
//! The bridge has no key, and needs no trust: the two nodes prove themselves to each other through
//! it, and it can neither read nor alter what it carries. It can only cut, and that they notice.
//!
//! `cargo run -p sdmp-transport --example websocket_bridge -- ADDRESS TARGET`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::io;
use std::time::Duration;

use sdmp_handshake::{Deframer, FrameError};
use sdmp_transport::carrier::Chunk;
use sdmp_transport::listener::{Acceptor, Incoming};
use sdmp_transport::websocket::WebSocketAcceptor;
use sdmp_transport::{Carrier, CarrierLimits, ObjectReceiver, ObjectSender, tcp};

/// The longest object (R42).
const LONGEST: usize = 16 << 20;

pub(crate) async fn bridge(mut acceptor: impl Acceptor, target: &str) -> io::Result<()> {
    loop {
        let incoming = acceptor.next().await?;
        drop(tokio::spawn(carry(incoming, target.to_owned())));
    }
}

/// The bridge cannot know when two nodes have accepted each other, so it allows the longest object
/// from the start.
fn limits() -> CarrierLimits {
    CarrierLimits::new(LONGEST, Duration::from_secs(30))
}

/// One connection, both ways at the same time.
async fn carry(incoming: Incoming, target: String) -> io::Result<()> {
    let (to_outside, from_outside) = Box::new(incoming.open.await?).split(limits());
    let (to_inside, from_inside) = Box::new(tcp::dial(target).await?).split(limits());
    tokio::try_join!(copy(from_outside, to_inside), copy(from_inside, to_outside))?;
    Ok(())
}

/// Whole objects, for a WebSocket carries one a message; a byte stream has to be cut up (R43).
async fn copy(mut from: Box<dyn ObjectReceiver>, mut to: Box<dyn ObjectSender>) -> io::Result<()> {
    let mut deframer = Deframer::new();
    loop {
        match from.receive().await? {
            Chunk::Object(object) => to.send(&object).await?,
            Chunk::Octets(octets) => {
                let mut rest = octets.as_ref();
                while let Some(object) = deframer.next(&mut rest, LONGEST).map_err(into_io)? {
                    to.send(&object).await?;
                }
            }
            Chunk::End => return to.finish().await,
        }
        to.flush().await?;
    }
}

fn into_io(_: FrameError) -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, target] = arguments.as_slice() else {
        return Err("usage: websocket_bridge ADDRESS TARGET".into());
    };
    let acceptor = tcp::TcpAcceptor::bind(address).await?;
    println!("listening on ws://{}", acceptor.local_addr()?);
    Ok(bridge(WebSocketAcceptor::new(acceptor), target).await?)
}
