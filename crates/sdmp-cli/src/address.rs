//! Where peers are: `tcp:HOST:PORT` (or just HOST:PORT), `unix:PATH`, `ws://HOST:PORT/PATH`,
//! `files:DIR`, `stdio`.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::str::FromStr;

use async_trait::async_trait;
use sdmp_handshake::SessionLimits;
#[cfg(unix)]
use sdmp_transport::files;
use sdmp_transport::listener::{Acceptor, Incoming, Source};
use sdmp_transport::tcp::TcpAcceptor;
use sdmp_transport::websocket::WebSocketAcceptor;
use sdmp_transport::{Carrier, stdio, tcp, websocket};

/// A parsed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(String),
    #[cfg(unix)]
    Unix(PathBuf),
    /// The whole URL.
    WebSocket(String),
    #[cfg(unix)]
    Files(PathBuf),
    Stdio,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A file of this name can still be named: `unix:stdio`.
        if text == "stdio" {
            return Ok(Self::Stdio);
        }
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix:") {
            return named(path).map(Self::Unix);
        }
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("files:") {
            return named(path).map(Self::Files);
        }
        if let Some(rest) = text.strip_prefix("ws://") {
            let host = rest.split('/').next().unwrap_or_default();
            // A URL without a host would only fail later, with the resolver's words.
            return match host.is_empty() || host.starts_with(':') {
                true => Err("name a host: ws://HOST:PORT/PATH".to_owned()),
                false => Ok(Self::WebSocket(text.to_owned())),
            };
        }
        let tcp = text.strip_prefix("tcp:").unwrap_or(text);
        // From the right: an IPv6 address in brackets has colons of its own.
        let port = tcp.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        match port.and_then(|(_, port)| port.parse::<u16>().ok()) {
            Some(_) => Ok(Self::Tcp(tcp.to_owned())),
            None => Err("not an address: write HOST:PORT, tcp:HOST:PORT, unix:PATH, \
                         ws://HOST:PORT/PATH, files:DIR or stdio"
                .to_owned()),
        }
    }
}

/// The path after `unix:` and `files:`.
#[cfg(unix)]
fn named(path: &str) -> Result<PathBuf, String> {
    if path.is_empty() { Err("name a path after the colon".to_owned()) } else { Ok(path.into()) }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::WebSocket(url) => f.write_str(url),
            #[cfg(unix)]
            Self::Files(path) => write!(f, "files:{}", path.display()),
            Self::Stdio => f.write_str("stdio"),
        }
    }
}

impl Address {
    /// Whether standard input and output carry the session, so that nothing else may use them.
    pub(crate) fn is_stdio(&self) -> bool {
        matches!(self, Self::Stdio)
    }

    /// The time limits that suit the carrier (R42).
    pub(crate) fn limits(&self) -> SessionLimits {
        match self {
            #[cfg(unix)]
            Self::Files(_) => files::limits(),
            _ => SessionLimits::default(),
        }
    }

    /// What can be done where it cannot be listened on.
    pub(crate) fn where_else(&self) -> &'static str {
        match self {
            Self::Tcp(_) | Self::WebSocket(_) => {
                "choose a free port (port 0 takes any) and an address of this machine"
            }
            #[cfg(unix)]
            Self::Unix(_) => {
                "name a path in a directory that you may write to, where nothing is yet"
            }
            #[cfg(unix)]
            Self::Files(_) => "name a directory that you may write to",
            Self::Stdio => "give standard input and output to the program",
        }
    }

    /// Opens a connection.
    pub(crate) async fn dial(&self) -> io::Result<Box<dyn Carrier>> {
        Ok(match self {
            Self::Tcp(address) => Box::new(tcp::dial(address).await?),
            #[cfg(unix)]
            Self::Unix(path) => Box::new(sdmp_transport::unix::dial(path).await?),
            Self::WebSocket(url) => Box::new(websocket::dial(url).await?),
            #[cfg(unix)]
            Self::Files(directory) => Box::new(files::dial(directory).await?),
            Self::Stdio => Box::new(stdio::own()),
        })
    }

    /// Opens the place where connections come in, and says how it is reached.
    pub(crate) async fn bind(&self) -> io::Result<(Box<dyn Acceptor>, String)> {
        Ok(match self {
            Self::Tcp(address) => {
                let acceptor = TcpAcceptor::bind(address).await?;
                let local = acceptor.local_addr()?.to_string();
                (Box::new(acceptor), local)
            }
            #[cfg(unix)]
            Self::Unix(path) => {
                let acceptor = sdmp_transport::unix::UnixAcceptor::bind(path).await?;
                (Box::new(acceptor), format!("unix:{}", path.display()))
            }
            Self::WebSocket(url) => {
                let rest = url.strip_prefix("ws://").unwrap_or(url);
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let acceptor = TcpAcceptor::bind(host).await?;
                let local = acceptor.local_addr()?;
                (Box::new(WebSocketAcceptor::new(acceptor)), format!("ws://{local}/{path}"))
            }
            #[cfg(unix)]
            Self::Files(directory) => {
                let acceptor = files::FilesAcceptor::bind(directory).await?;
                (Box::new(acceptor), format!("files:{}", directory.display()))
            }
            Self::Stdio => (Box::new(Once(true)), "stdio".to_owned()),
        })
    }
}

/// Standard input and output: one connection, and never another.
struct Once(bool);

#[async_trait]
impl Acceptor for Once {
    async fn next(&mut self) -> io::Result<Incoming> {
        if std::mem::take(&mut self.0) {
            Ok(Incoming::ready(stdio::own(), Source::Local))
        } else {
            // There is one standard input: a second session on it would read the first one's
            // octets.
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let tcp = |text: &str| Address::Tcp(text.to_owned());
        assert_eq!("localhost:7".parse(), Ok(tcp("localhost:7")));
        assert_eq!("tcp:[::1]:7".parse(), Ok(tcp("[::1]:7")));
        assert_eq!("stdio".parse(), Ok(Address::Stdio));
        #[cfg(unix)]
        assert_eq!("files:/a b".parse(), Ok(Address::Files("/a b".into())));
        assert_eq!("ws://h:1/p".parse(), Ok(Address::WebSocket("ws://h:1/p".to_owned())));
        for bad in [
            "",
            "host",
            "host:",
            ":7",
            "host:port",
            "host:70000",
            "wss://h",
            "unix:",
            "files:",
            "ws://",
            "ws:///x",
            "ws://:7/x",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
