//! Where peers are: `tcp:HOST:PORT` (or just HOST:PORT), `unix:PATH`, `ws://HOST:PORT/PATH`,
//! `files:DIR`, `stdio`.
//!
//! ```
//! use sdmp_node::Address;
//!
//! let address: Address = "192.0.2.7:7667".parse()?;
//! assert_eq!(address, Address::Tcp("192.0.2.7:7667".to_owned()));
//! assert_eq!("ws://[::1]:80/sdmp".parse::<Address>()?.to_string(), "ws://[::1]:80/sdmp");
//! assert!("192.0.2.7".parse::<Address>().is_err(), "a port is needed");
//! # Ok::<(), sdmp_node::address::AddressError>(())
//! ```

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

/// An address that was read: which carrier, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// TCP: host and port.
    Tcp(String),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(PathBuf),
    /// A WebSocket: the whole URL.
    WebSocket(String),
    /// A directory in which sessions are folders of files.
    #[cfg(unix)]
    Files(PathBuf),
    /// The standard input and output of this process.
    Stdio,
}

/// Why a text is no address, and how one is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(&'static str);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
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
                true => Err(AddressError("name a host: ws://HOST:PORT/PATH")),
                false => Ok(Self::WebSocket(text.to_owned())),
            };
        }
        let tcp = text.strip_prefix("tcp:").unwrap_or(text);
        // From the right: an IPv6 address in brackets has colons of its own.
        let port = tcp.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        match port.and_then(|(_, port)| port.parse::<u16>().ok()) {
            Some(_) => Ok(Self::Tcp(tcp.to_owned())),
            None => Err(AddressError(
                "not an address: write HOST:PORT, tcp:HOST:PORT, unix:PATH, \
                 ws://HOST:PORT/PATH, files:DIR or stdio",
            )),
        }
    }
}

/// The path after `unix:` and `files:`.
#[cfg(unix)]
fn named(path: &str) -> Result<PathBuf, AddressError> {
    if path.is_empty() { Err(AddressError("name a path after the colon")) } else { Ok(path.into()) }
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
    #[must_use]
    pub fn is_stdio(&self) -> bool {
        matches!(self, Self::Stdio)
    }

    /// The time limits that suit the carrier (R42).
    #[must_use]
    pub fn limits(&self) -> SessionLimits {
        match self {
            #[cfg(unix)]
            Self::Files(_) => files::limits(),
            _ => SessionLimits::default(),
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// Those of the carrier.
    pub async fn dial(&self) -> io::Result<Box<dyn Carrier>> {
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

    /// Opens the place where connections come in, and says how it is reached: with port 0, which
    /// port was taken.
    ///
    /// # Errors
    /// Those of the carrier.
    pub async fn bind(&self) -> io::Result<(Box<dyn Acceptor>, String)> {
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
