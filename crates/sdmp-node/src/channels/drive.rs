//! A session that carries channels: one future that moves messages, and a handle for all others.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::ready;
use std::time::Duration;

use futures::SinkExt;
use sdmp_channels::{Fault, Limits, Side};
use sdmp_container::Container;
use sdmp_handshake::SessionLimits;
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::channel::Channel;
use super::shared::Shared;
use crate::error::Error;
use crate::wear::Wear;

/// Messages that wait for the carrier. A few keep it busy; with more, a short answer would wait behind
/// all that a bulk transfer has handed over.
const UNDER_WAY: usize = 16;
/// How long the peer may take to close a session that has no channels left.
const CLOSING: Duration = Duration::from_secs(10);

/// The channels of one session. Clones are handles of the same.
#[derive(Clone, Debug)]
pub struct Channels {
    shared: Arc<Shared>,
}

/// Starts channels on a session and greets. The future moves everything, and ends with the
/// session; dropping it cuts the session and all channels.
pub fn first(
    session: SecureSession,
    limits: &SessionLimits,
) -> (Channels, impl Future<Output = Result<(), Error>> + Send + use<>) {
    let shared = Arc::new(Shared::new(Side::First, Limits::default()));
    let channels = Channels { shared: Arc::clone(&shared) };
    (channels, drive(Guard(shared), session, Wear::new(limits)))
}

/// The same for the side that was greeted with this container.
///
/// # Errors
/// [`Fault::Malformed`] if it is no greeting.
pub fn second(
    session: SecureSession,
    greeting: &Container,
    limits: &SessionLimits,
) -> Result<(Channels, impl Future<Output = Result<(), Error>> + Send + use<>), Fault> {
    let shared = Arc::new(Shared::new(Side::Second, Limits::default()));
    shared.act(|inner| inner.machine.handle(greeting))?;
    let channels = Channels { shared: Arc::clone(&shared) };
    Ok((channels, drive(Guard(shared), session, Wear::new(limits))))
}

impl Channels {
    /// Opens a channel to what the text says; waits while this side has as many as it may have. Octets
    /// may be written at once.
    ///
    /// # Errors
    /// [`Fault::Closing`], [`Fault::Malformed`] for a text of more than 300 characters, or how the session
    /// ended.
    pub async fn open(&self, target: &str) -> Result<Channel, Fault> {
        loop {
            // Asked for before the attempt, so that no place is missed that becomes free in between.
            let gone = self.shared.gone.notified();
            match self.shared.act(|inner| inner.machine.open(target))? {
                Some(id) => return Ok(Channel::new(Arc::clone(&self.shared), id)),
                None => gone.await,
            }
        }
    }

    /// Waits for a channel of the peer's, and what it asks for; `None` when no more come. Cancel safe.
    pub async fn accept(&self) -> Option<(String, Channel)> {
        let (id, target) = poll_fn(|cx| self.shared.poll_opened(cx)).await?;
        Some((target, Channel::new(Arc::clone(&self.shared), id)))
    }

    /// Waits for the peer's greeting: from then on it is known to speak of channels.
    ///
    /// # Errors
    /// How the session ended.
    pub async fn greeted(&self) -> Result<(), Fault> {
        poll_fn(|cx| self.shared.poll_greeted(cx)).await
    }

    /// Opens and takes no more channels. The session closes when those that are open have ended.
    pub fn retire(&self) {
        self.shared.retire();
    }

    /// Whether a channel can be opened.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.shared.with(|inner| inner.ended.is_none() && !inner.retired)
    }

    /// Whether the peer has greeted.
    pub(super) fn was_greeted(&self) -> bool {
        self.shared.with(|inner| inner.greeted)
    }

    /// How many channels there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.with(|inner| inner.machine.channels())
    }
}

/// Fails all channels when the session is driven no more.
struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fail(Fault::Cut);
    }
}

async fn drive(guard: Guard, session: SecureSession, wear: Wear) -> Result<(), Error> {
    let shared = &guard.0;
    let (mut sender, mut receiver) = session.split();
    let sent = Notify::new();
    let sending = async {
        send_all(shared, &mut sender, &wear).await?;
        sent.notify_one();
        Ok(())
    };
    let late = async {
        sent.notified().await;
        sleep(CLOSING).await;
    };
    let receiving = async {
        tokio::select! {
            received = receive_all(shared, &mut receiver, &wear) => received,
            () = late => Err(sdmp_transport::Error::CloseTimeout.into()),
        }
    };
    tokio::try_join!(sending, receiving)?;
    Ok(sender.finished().await?)
}

/// Sends whatever there is to say, until nothing ever will be.
async fn send_all(shared: &Shared, sender: &mut SessionSender, wear: &Wear) -> Result<(), Error> {
    loop {
        let message = poll_fn(|cx| {
            // Asked for only when it can go: until then what waits can share a message.
            if let Err(error) = ready!(sender.poll_at_most(cx, UNDER_WAY)) {
                return Err(Error::from(error)).into();
            }
            shared.poll_message(cx).map_err(Error::from)
        })
        .await?;
        let Some(message) = message else { break };
        if wear.count(&message) {
            shared.retire();
        }
        sender.feed(message).await?;
    }
    Ok(sender.finish().await?)
}

async fn receive_all(
    shared: &Shared,
    receiver: &mut SessionReceiver,
    wear: &Wear,
) -> Result<(), Error> {
    while let Some(received) = receiver.recv().await? {
        shared.act(|inner| inner.machine.handle(&received.container))?;
        if wear.count(&received.container) {
            shared.retire();
        }
    }
    // The peer sends nothing more: fine if nothing is under way.
    if shared.with(|inner| inner.machine.unended()) > 0 {
        return Err(Fault::Cut.into());
    }
    shared.retire();
    Ok(())
}
