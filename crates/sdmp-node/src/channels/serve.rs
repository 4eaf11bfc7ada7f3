//! The far side of tunnels: what peers may reach through this side.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sdmp_channels::{Fault, Reason, read};
use sdmp_handshake::SessionLimits;
use sdmp_transport::{Received, SecureSession, SecureStream};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::channel::Channel;
use super::drive::{Channels, second};
use super::remote::listen;
use crate::error::Error;
use crate::tunnel::{channel_through, connect, failure, stream_through};

/// How long a peer has to greet. One that knows channels does so together with the end of the handshake;
/// of one that does not, a service that speaks first is heard so much later.
const GREETING: Duration = Duration::from_millis(500);

/// A destination that peers may ask for: `HOST:PORT`, where either may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    host: Option<String>,
    port: Option<u16>,
}

impl FromStr for Allowed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT; either may be *")?;
        if host.is_empty() {
            return Err("HOST:PORT needs a host; * stands for any");
        }
        let port = match port {
            "*" => None,
            port => Some(port.parse().map_err(|_| "a port is a number up to 65535, or *")?),
        };
        Ok(Self { host: (host != "*").then(|| host.to_ascii_lowercase()), port })
    }
}

impl Allowed {
    /// Whether a destination is meant. A name does not stand for its addresses, nor they for it.
    fn allows(&self, target: &str) -> bool {
        let Some((host, port)) = target.rsplit_once(':') else { return false };
        let Ok(port) = port.parse::<u16>() else { return false };
        self.host.as_ref().is_none_or(|own| *own == host.to_ascii_lowercase())
            && self.port.is_none_or(|own| own == port)
    }
}

/// What a side offers to peers.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// The TCP service that streams lead to which name no destination, and those of peers without
    /// channels.
    pub service: Option<String>,
    /// The destinations that peers may name.
    pub allowed: Vec<Allowed>,
    /// The ports of this machine's loopback address that peers may listen on.
    pub ports: Vec<u16>,
    /// Serves a session as one stream, as if channels were not known.
    pub without_channels: bool,
    /// The limits of the sessions (R35).
    pub limits: SessionLimits,
}

/// Serves one session: as channels if the peer greets, otherwise as one stream to the service. When
/// `closing` is ready, no more channels are taken, and the session closes with the last one.
/// `failed` is told of channels that failed; the others go on.
///
/// # Errors
/// How the session ended, [`Error::Unreachable`], [`Error::NotAStream`] or [`Error::NotOffered`].
pub async fn serve(
    mut session: SecureSession,
    services: Arc<Services>,
    closing: impl Future<Output = ()>,
    failed: impl Fn(&Error),
) -> Result<(), Error> {
    let waited = async {
        if services.without_channels {
            return Ok(None);
        }
        // Nothing is received meanwhile by a stream, so a late answer is not lost.
        timeout(GREETING, session.recv()).await.unwrap_or(Ok(None))
    };
    let first = waited.await?;
    if let Some(greeting) = first.as_ref().filter(|first| is_greeting(first)) {
        let (channels, driving) = second(session, &greeting.container, &services.limits)?;
        return all(channels, driving, &services, closing, failed).await;
    }
    let service = services.service.as_deref().ok_or(Error::NotOffered)?;
    let stream = match first {
        Some(first) => SecureStream::with_first(session, first).map_err(failure)?,
        None => SecureStream::new(session),
    };
    stream_through(stream, connect(service).await?).await.map(|_| ())
}

fn is_greeting(first: &Received) -> bool {
    read(&first.container).is_ok_and(|steps| steps.is_empty())
}

/// Serves all channels of a session.
async fn all(
    channels: Channels,
    driving: impl Future<Output = Result<(), Error>>,
    services: &Arc<Services>,
    closing: impl Future<Output = ()>,
    failed: impl Fn(&Error),
) -> Result<(), Error> {
    let (mut driving, mut closing) = (std::pin::pin!(driving), std::pin::pin!(closing));
    // Dropped with this future, it ends them all.
    let mut served = JoinSet::new();
    let mut told = false;
    let ended = loop {
        tokio::select! {
            ended = &mut driving => break ended,
            Some((target, channel)) = channels.accept() => {
                served.spawn(one(target, channel, channels.clone(), Arc::clone(services)));
            }
            Some(done) = served.join_next() => {
                if let Ok(Err(error)) = done { failed(&error); }
            }
            () = &mut closing, if !told => {
                told = true;
                channels.retire();
            }
        }
    };
    while let Some(done) = served.join_next().await {
        if let Ok(Err(error)) = done {
            failed(&error);
        }
    }
    ended
}

async fn one(
    target: String,
    mut channel: Channel,
    channels: Channels,
    services: Arc<Services>,
) -> Result<(), Error> {
    let named = target.strip_prefix("tcp:");
    let port = target.strip_prefix("listen:").and_then(|port| port.parse().ok());
    if let Some(port) = port.filter(|port| services.ports.contains(port)) {
        return listen(channel, port, channels).await;
    }
    let allowed = |target: &&str| services.allowed.iter().any(|allowed| allowed.allows(target));
    let service = match (&services.service, named) {
        (_, Some(named)) => Some(named).filter(allowed),
        (Some(service), None) if target.is_empty() => Some(service.as_str()),
        _ => None,
    };
    let Some(service) = service else {
        channel.reset(Reason::Refused);
        return Err(Error::NotOffered);
    };
    let stream = match connect(service).await {
        Ok(stream) => stream,
        Err(error) => {
            channel.reset(Reason::Unreachable);
            return Err(error);
        }
    };
    if named.is_some() {
        channel.write_all(&[0]).await.map_err(failure)?;
    }
    match channel_through(channel, stream).await {
        // What one client does is no failure of this side.
        Err(Error::Channel(Fault::Reset(Reason::Aborted))) => Ok(()),
        ended => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::Allowed;

    #[test]
    fn only_what_is_listed_is_allowed() {
        let allows = |rule: &str, target: &str| {
            rule.parse::<Allowed>().is_ok_and(|rule| rule.allows(target))
        };
        assert!(allows("example.org:443", "Example.org:443"));
        assert!(allows("*:443", "example.org:443") && allows("example.org:*", "example.org:1"));
        assert!(allows("[::1]:80", "[::1]:80") && allows("*:*", "[::1]:80"));
        for (rule, target) in [
            ("example.org:443", "example.org:80"),
            ("example.org:443", "www.example.org:443"),
            ("example.org:443", "example.org.:443"),
            ("example.org:443", "example.org"),
            ("*:443", "example.org:443x"),
            ("*:443", ":"),
            ("127.0.0.1:80", "localhost:80"),
        ] {
            assert!(!allows(rule, target), "{rule} {target}");
        }
        for wrong in ["", "example.org", ":1", "a:65536", "a:"] {
            assert!(wrong.parse::<Allowed>().is_err(), "{wrong}");
        }
    }
}
