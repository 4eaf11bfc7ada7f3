//! First contact: how an identity reaches somebody who does not know it yet, and how people make
//! sure that it is the right one.
//!
//! A session cannot do it: it reveals nobody to strangers (R30, R37). So an identity is offered
//! beside all sessions, as one container in plaintext, by a command of its own. Nothing about it is
//! authenticated; only the comparison of fingerprints is.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use sdmp_envelope::Identity;
use sdmp_transport::carrier::Chunk;
use sdmp_transport::listener::{Acceptor, Incoming};
use sdmp_transport::{Carrier, CarrierLimits};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::address::Address;
use crate::error::{Exit, Failure};
use crate::fingerprint::words;
use crate::io::{note, tell};
use crate::link::dial;
use crate::link::door::shutdown_signal;

/// No identity is longer: the key may have 8192 bits.
const LONGEST: usize = 8 * 1024;
/// How long one exchange may take.
const LIMIT: Duration = Duration::from_secs(10);
/// What a carrier may gather, and how long a write may stall.
fn limits() -> CarrierLimits {
    CarrierLimits::new(LONGEST, LIMIT)
}

/// How many may ask at the same time; further ones wait.
const PLACES: usize = 64;

/// Gives an identity to everybody who connects, until the program is told to end.
pub(crate) async fn offer(
    name: &str,
    identity: &Identity,
    address: &Address,
    once: bool,
) -> Result<(), Failure> {
    let (mut acceptor, address) = address.bind().await.map_err(|error| {
        Failure::new(Exit::Other, "listen.failed", format!("cannot listen there: {error}"))
            .remedy("choose a free port (port 0 takes any), and a place that you may use")
    })?;
    note(&format!("everybody who connects is given the identity of {name}; its words are\n"));
    note(&words(identity.fingerprint().as_octets()));
    note(&format!("listening on {address}"));
    let places = Arc::new(Semaphore::new(PLACES));
    let mut given = JoinSet::new();
    let mut told = std::pin::pin!(shutdown_signal());
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let incoming = tokio::select! {
            incoming = acceptor.next() => incoming,
            () = &mut told => return Ok(()),
            Some(_) = given.join_next() => continue,
        };
        let Ok(Incoming { source, open, .. }) = incoming else {
            // A lack of descriptors passes only when connections end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let text = identity.text().to_owned();
        let giving = async move {
            let given = timeout(LIMIT, async { give(open.await?, &text).await }).await;
            drop(place);
            match given {
                Ok(Ok(())) => note(&format!("gave the identity to {source}")),
                Ok(Err(_)) | Err(_) => note(&format!("{source} did not take the identity")),
            }
        };
        if once {
            giving.await;
            return Ok(());
        }
        given.spawn(giving);
    }
}

async fn give(carrier: Box<dyn Carrier>, text: &str) -> std::io::Result<()> {
    let (mut sender, mut receiver) = carrier.split(limits());
    sender.send(text.as_bytes()).await?;
    sender.flush().await?;
    sender.finish().await?;
    // Dropped too soon, the connection could take the text with it.
    while !matches!(receiver.receive().await?, Chunk::End) {}
    Ok(())
}

/// Takes what is offered at an address. It is whatever somebody there, or on the way, chose to send.
pub(crate) async fn fetch(address: &Address) -> Result<Identity, Failure> {
    let (mut sender, mut receiver) = dial(address).await?.split(limits());
    let mut text = Vec::new();
    let reading = async {
        loop {
            match receiver.receive().await? {
                Chunk::Octets(octets) => text.extend_from_slice(&octets),
                Chunk::Object(object) => {
                    text.extend_from_slice(&object);
                    return Ok(());
                }
                Chunk::End => return Ok(()),
            }
            if text.len() > LONGEST || text.contains(&b'\n') {
                return Ok(());
            }
        }
    };
    timeout(LIMIT, reading)
        .await
        .map_err(|_| nothing(Exit::Timeout))?
        .map_err(|error: std::io::Error| Failure::io("cannot fetch the identity", &error))?;
    // The end of our side; who has given everything already may be gone.
    drop(sender.finish().await);
    text.truncate(LONGEST);
    Identity::parse(&text).map_err(|_| nothing(Exit::Invalid))
}

fn nothing(exit: Exit) -> Failure {
    Failure::new(exit, "fetch.nothing", "no identity is offered at this address")
        .remedy("the peer offers its identity with `sdmp key serve ADDR`, on a port of its own")
}

/// Asks a person; `None` where there is nobody to ask.
pub(crate) fn ask(question: &str) -> Option<bool> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return None;
    }
    for _ in 0..3 {
        tell(&format!("{question} [yes/no]"));
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).ok()?;
        match answer.trim().to_lowercase().as_str() {
            "yes" => return Some(true),
            "no" | "" => return Some(false),
            _ => {}
        }
    }
    Some(false)
}
