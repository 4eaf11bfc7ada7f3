//! One session for many local connections, replaced when it ends or nears its limits (R35).

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sdmp_channels::{Fault, Reason};
use sdmp_handshake::SessionLimits;
use sdmp_transport::SecureSession;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::channel::Channel;
use super::drive::{Channels, first};
use super::socks;
use crate::error::Error;
use crate::tunnel::{Socket, channel_through, through};

/// How long the peer may take to answer the greeting.
const GREETING: Duration = Duration::from_secs(10);
/// How long a peer that knows no channels is not asked again.
const WITHOUT: Duration = Duration::from_secs(300);
/// How often a channel is opened anew whose session ended before anything was sent.
const ATTEMPTS: usize = 3;

/// Told how each session came out, with the peer's fingerprint.
type Ending = Arc<dyn Fn(&str, Result<(), Error>) + Send + Sync>;

/// Carries local connections to a peer: as channels of one session, or each through a session of its own
/// where the peer knows no channels or none are wanted. Dropping it cuts what is open.
pub struct Keeper<D, E> {
    dial: D,
    limits: SessionLimits,
    channels: bool,
    /// Whether channels of the peer's are taken, by the holder of [`Keeper::channels`].
    takes: bool,
    ending: Ending,
    way: Mutex<Way<E>>,
    /// The sessions that are driven.
    driven: std::sync::Mutex<JoinSet<()>>,
}

/// How the peer is reached.
enum Way<E> {
    Unknown,
    Channels(Channels),
    /// It knows no channels, as far as is known until then.
    Plain(Instant),
    /// No session could be opened then.
    Failed(Instant, E),
}

enum Found {
    Channels(Channels),
    Session(SecureSession),
}

impl<D, E> fmt::Debug for Keeper<D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("channels", &self.channels).finish_non_exhaustive()
    }
}

impl<D, F, E> Keeper<D, E>
where
    D: Fn() -> F,
    F: Future<Output = Result<SecureSession, E>>,
    E: From<Error> + Clone,
{
    /// Opens sessions with `dial`, whose limits are these; `ending` is told how each came out.
    pub fn new(
        dial: D,
        limits: SessionLimits,
        ending: impl Fn(&str, Result<(), Error>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            dial,
            limits,
            channels: true,
            takes: false,
            ending: Arc::new(ending),
            way: Mutex::new(Way::Unknown),
            driven: std::sync::Mutex::default(),
        }
    }

    /// Uses channels, or a session for each connection.
    #[must_use]
    pub fn with_channels(self, channels: bool) -> Self {
        Self { channels, ..self }
    }

    /// Takes channels that the peer opens: they wait at [`channels`](Self::channels). Without this they
    /// are refused, for nothing here is offered to the peer.
    #[must_use]
    pub fn taking_channels(self) -> Self {
        Self { takes: true, ..self }
    }

    /// Carries a connection to the peer's service.
    ///
    /// # Errors
    /// Why there is no session, or how the connection ended; the socket is reset.
    pub async fn carry(&self, socket: Socket) -> Result<(), E> {
        match self.find("").await? {
            (Found::Session(session), _) => {
                let peer = session.peer().fingerprint().to_string();
                let ended = through(session, socket).await.map(|_| ());
                (self.ending)(&peer, ended.clone());
                Ok(ended?)
            }
            (Found::Channels(_), Some(channel)) => Ok(channel_through(channel, socket).await?),
            (Found::Channels(_), None) => Err(Error::Channel(Fault::Closing).into()),
        }
    }

    /// Carries a connection of a SOCKS5 client to the destination that it asks for, whose name the peer
    /// resolves, if the peer allows it.
    ///
    /// # Errors
    /// As [`carry`](Self::carry), [`Error::NotOffered`], or what the client asks wrongly; it is told.
    pub async fn carry_socks(&self, mut socket: Socket) -> Result<(), E> {
        let failed = |error| Error::io("the SOCKS client asks for something else", &error);
        let target = socks::requested(&mut socket).await.map_err(failed)?;
        let channel = match self.find(&format!("tcp:{target}")).await {
            Ok((Found::Channels(_), Some(channel))) => confirmed(channel).await,
            Ok(_) => Err(Error::NotOffered),
            Err(error) => {
                drop(socks::answer(&mut socket, Err(Reason::Unreachable)).await);
                return Err(error);
            }
        };
        let told = match &channel {
            Ok(_) => Ok(()),
            Err(Error::Channel(Fault::Reset(reason))) => Err(*reason),
            Err(_) => Err(Reason::Refused),
        };
        socks::answer(&mut socket, told).await.map_err(failed)?;
        if channel.is_err() {
            // The client must see the answer, not a reset.
            drop(socket.shutdown().await);
            socket.complete();
        }
        Ok(channel_through(channel?, socket).await?)
    }

    /// The channels of the current session, for all other uses of them.
    ///
    /// # Errors
    /// Why there is no session, or [`Error::NotOffered`] if the peer knows no channels.
    pub async fn channels(&self) -> Result<Channels, E> {
        match self.way().await? {
            Found::Channels(channels) => Ok(channels),
            Found::Session(_) => Err(Error::NotOffered.into()),
        }
    }

    /// Opens no more channels, and waits a moment until the session is closed on both sides.
    pub async fn finish(&self) {
        const MOMENT: Duration = Duration::from_secs(1);
        if let Way::Channels(channels) = &*self.way.lock().await {
            channels.retire();
        }
        let mut driven = {
            let mut driven = self.driven.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *driven)
        };
        // A peer that does not close in time is cut, as when the program just ended.
        drop(timeout(MOMENT, async { while driven.join_next().await.is_some() {} }).await);
    }

    /// A way to the peer, and a channel if it is of channels.
    async fn find(&self, target: &str) -> Result<(Found, Option<Channel>), E> {
        for _ in 1..ATTEMPTS {
            match self.way().await? {
                // It may end between the two; nothing was sent, so nothing is lost.
                Found::Channels(channels) => match channels.open(target).await {
                    Ok(channel) => return Ok((Found::Channels(channels), Some(channel))),
                    Err(Fault::Closing | Fault::Cut) => {}
                    Err(fault) => return Err(Error::Channel(fault).into()),
                },
                session @ Found::Session(_) => return Ok((session, None)),
            }
        }
        Err(Error::Channel(Fault::Closing).into())
    }

    async fn way(&self) -> Result<Found, E> {
        let began = Instant::now();
        if !self.channels {
            return Ok(Found::Session((self.dial)().await?));
        }
        let mut way = self.way.lock().await;
        match &*way {
            Way::Channels(channels) if channels.is_usable() => {
                return Ok(Found::Channels(channels.clone()));
            }
            Way::Plain(until) if *until > began => {
                drop(way);
                return Ok(Found::Session((self.dial)().await?));
            }
            // All who waited for the same attempt share how it came out.
            Way::Failed(at, error) if *at >= began => return Err(error.clone()),
            Way::Unknown | Way::Channels(_) | Way::Plain(_) | Way::Failed(..) => {}
        }
        let session = match (self.dial)().await {
            Ok(session) => session,
            Err(error) => {
                *way = Way::Failed(Instant::now(), error.clone());
                return Err(error);
            }
        };
        let channels = self.start(session);
        if let Ok(Ok(())) = timeout(GREETING, channels.greeted()).await {
            *way = Way::Channels(channels.clone());
            return Ok(Found::Channels(channels));
        }
        *way = Way::Plain(Instant::now() + WITHOUT);
        drop(way);
        Ok(Found::Session((self.dial)().await?))
    }

    fn start(&self, session: SecureSession) -> Channels {
        let peer = session.peer().fingerprint().to_string();
        let (channels, driving) = first(session, &self.limits);
        let (ending, asked, takes) = (Arc::clone(&self.ending), channels.clone(), self.takes);
        let mut driven = self.driven.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out as they end: the set must not grow with the number of sessions.
        while driven.try_join_next().is_some() {}
        driven.spawn(async move {
            let greeted = async {
                let greeted = timeout(GREETING, asked.greeted()).await;
                // A peer that does not answer may wait for ever, and keep the session open.
                if !matches!(greeted, Ok(Ok(()))) {
                    return;
                }
                while let Some((_, channel)) = unasked(&asked, takes).await {
                    channel.reset(Reason::Refused);
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                ended = driving => if asked.was_greeted() { ending(&peer, ended) },
                () = greeted => {}
            }
        });
        channels
    }
}

/// The next channel of the peer's, where none is taken.
async fn unasked(channels: &Channels, takes: bool) -> Option<(String, Channel)> {
    if takes { None } else { channels.accept().await }
}

/// Waits until the peer says that it is connected.
async fn confirmed(mut channel: Channel) -> Result<Channel, Error> {
    match channel.read_u8().await {
        Ok(0) => Ok(channel),
        Ok(_) => Err(Error::NotAStream),
        Err(error) => Err(crate::tunnel::failure(error)),
    }
}
