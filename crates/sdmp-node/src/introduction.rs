//! First contact: how an identity reaches a node that does not know it yet.
//!
//! A session cannot do it: it reveals no identity to strangers (R30, R37). So an identity is offered
//! beside all sessions, as one container in plaintext, signed by its own key. The signature shows that
//! the key's owner chose the type and the end of the identity; that it is the right identity is shown
//! only by the comparison of fingerprints, which people do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Container, CoreSchema, Fingerprint, Signature, Timestamp};
use sdmp_envelope::{Identity, LocalIdentity, signature};
use sdmp_transport::carrier::Chunk;
use sdmp_transport::listener::{Acceptor, HalfOpen, Incoming, Limit, ListenerLimits, Source};
use sdmp_transport::{Carrier, CarrierLimits};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::Error;
use crate::opener;

/// No identity with its signature is longer: the key may have 8192 bits.
const LONGEST: usize = 16 * 1024;
/// How long one exchange may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a connection that was given the text may stay open.
const LINGER: Duration = Duration::from_secs(1);
/// How many octets may come over a connection that is only given something.
const HEARD: usize = 512;

/// The container that is offered: the identity, signed by its own key.
///
/// # Errors
/// [`Error::Envelope`], such as for a key that has expired.
pub fn signed(local: &LocalIdentity, now: Timestamp) -> Result<String, Error> {
    let identity = Container::parse(local.identity().text())?;
    Ok(signature::sign(&identity, &[local], now)?.text().to_owned())
}

/// Reads what was offered: an identity that its own key has signed.
///
/// # Errors
/// [`Error::NothingOffered`] for anything else, [`Error::UnsignedOffer`] for an identity without a
/// signature of its own key, [`Error::Envelope`] for one that has expired or is wrong.
pub fn read(offered: &[u8], now: Timestamp) -> Result<Identity, Error> {
    let container = Container::parse(offered).map_err(|_| Error::NothingOffered)?;
    if container.lists(CoreSchema::Identity) {
        return Err(Error::UnsignedOffer);
    }
    if !container.lists(CoreSchema::Signature) {
        return Err(Error::NothingOffered);
    }
    let object = Signature::from_container(&container)?;
    let payload = signature::check_payload(&object)?;
    let identity = Identity::parse(&payload).map_err(|_| Error::NothingOffered)?;
    let own = |kid: &Fingerprint| (identity.fingerprint() == kid).then(|| identity.clone());
    signature::verify(&container, &own, now).map_err(|error| match error {
        sdmp_envelope::Error::UnknownSigner(_) | sdmp_envelope::Error::NoSigner => {
            Error::UnsignedOffer
        }
        error => error.into(),
    })?;
    Ok(identity)
}

/// What became of one connection to an [`offer`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Served {
    /// It was given the text.
    Given,
    /// It did not take the text.
    Failed(io::Error),
    /// It was dropped: too many others were being served (R42).
    Dropped(Limit),
}

/// Gives a text, such as that of [`signed`], to every connection, until the future is dropped; or
/// only once. As many may ask at the same time, in all and from one source, as a listener lets shake
/// hands (R42). `report` is told what became of each connection, and must not block.
pub async fn offer<R>(mut acceptor: Box<dyn Acceptor>, text: &str, once: bool, report: R)
where
    R: Fn(&Source, Served) + Send + Sync + 'static,
{
    /// A lack of descriptors passes only when connections end.
    const PAUSE: Duration = Duration::from_millis(50);
    let (text, report) = (Arc::<str>::from(text), Arc::new(report));
    let half_open = Arc::new(HalfOpen::default());
    let limits = ListenerLimits::default();
    let mut given = JoinSet::new();
    loop {
        let incoming = tokio::select! {
            incoming = acceptor.next() => incoming,
            Some(_) = given.join_next() => continue,
        };
        let Ok(Incoming { source, open, .. }) = incoming else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let place = match HalfOpen::enter(&half_open, &source, &limits) {
            Ok(place) => place,
            Err(limit) => {
                report(&source, Served::Dropped(limit));
                continue;
            }
        };
        let (text, report) = (Arc::clone(&text), Arc::clone(&report));
        let giving = async move {
            let result = timeout(LIMIT, async { give(open.await?, &text).await }).await;
            drop(place);
            let result = result.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            report(&source, result.map_or_else(Served::Failed, |()| Served::Given));
        };
        if once {
            return giving.await;
        }
        given.spawn(giving);
    }
}

async fn give(carrier: Box<dyn Carrier>, text: &str) -> io::Result<()> {
    let (mut sender, mut receiver) = carrier.split(CarrierLimits::new(HEARD, LIMIT));
    sender.send(text.as_bytes()).await?;
    sender.flush().await?;
    sender.finish().await?;
    // Dropped too soon, the connection could take the text with it. What comes is discarded.
    let listening = async {
        let mut heard = 0_usize;
        while heard <= HEARD {
            match receiver.receive().await? {
                Chunk::Octets(octets) | Chunk::Object(octets) => heard += octets.len(),
                Chunk::End => break,
            }
        }
        Ok(())
    };
    timeout(LINGER, listening).await.unwrap_or(Ok(()))
}

/// Takes what is offered over a connection that `dialling` makes; `address` is for errors only. It is
/// whatever the other side, or an on-path attacker, chose to send: compare its fingerprint.
///
/// # Errors
/// [`Error::NoAnswer`], [`Error::Connect`], [`Error::OfferTimeout`], or as [`read`].
pub async fn fetch(
    address: &str,
    dialling: impl Future<Output = io::Result<Box<dyn Carrier>>>,
    now: Timestamp,
) -> Result<Identity, Error> {
    let (mut sender, mut receiver) =
        opener::dial(address, dialling).await?.split(CarrierLimits::new(LONGEST, LIMIT));
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
    timeout(LIMIT, reading).await.map_err(|_| Error::OfferTimeout(LIMIT))?.map_err(
        |error: io::Error| Error::io(format!("cannot fetch the identity from {address}"), &error),
    )?;
    // The end of our side; who has given everything already may be gone.
    drop(sender.finish().await);
    text.truncate(LONGEST);
    read(&text, now)
}
