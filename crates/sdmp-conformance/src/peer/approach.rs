//! How a connection with the peer comes about: by calling it, or by being called.

use super::Target;
use super::judge::Seen;
use super::wire::{Got, Wire};
use crate::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take to make the peer call.
const CALL_LIMIT: Duration = Duration::from_secs(20);

/// How long the tester waits for a peer that is started by hand.
const HAND_LIMIT: Duration = Duration::from_secs(600);

/// A pause between two looks.
const TICK: Duration = Duration::from_millis(5);

/// The way to the peer, for one case at a time.
#[derive(Debug)]
pub(super) enum Approach {
    /// The tester calls.
    Dial(SocketAddr),
    /// The peer calls.
    Listen {
        /// Where.
        listener: TcpListener,
        /// What makes it call.
        command: Option<String>,
        /// The peer, while it runs.
        child: Option<Child>,
    },
}

fn failed(what: &str, error: &std::io::Error) -> Error {
    Error::Peer(format!("{what}: {error}"))
}

impl Approach {
    pub(super) fn new(target: &Target) -> Result<Self, Error> {
        match target {
            Target::Dial(address) => Ok(Self::Dial(*address)),
            Target::Listen(address, command) => {
                let listener = TcpListener::bind(address)
                    .map_err(|error| failed(&format!("cannot listen on {address}"), &error))?;
                listener
                    .set_nonblocking(true)
                    .map_err(|error| failed("cannot wait for a call", &error))?;
                Ok(Self::Listen { listener, command: command.clone(), child: None })
            }
        }
    }

    /// The next connection.
    pub(super) fn connect(&mut self) -> Result<TcpStream, Error> {
        match self {
            Self::Dial(address) => dial(*address),
            Self::Listen { listener, command, child } => {
                let address =
                    listener.local_addr().map_err(|error| failed("no address", &error))?;
                if let Some(command) = command {
                    // What is waiting here belongs to a case before: its peer called once more, or was
                    // ended before it was heard.
                    while listener.accept().is_ok() {}
                    *child = Some(start(command, address)?);
                }
                accept(listener, child)
            }
        }
    }

    /// Lets a peer that was started end by itself, and ends it if it does not.
    pub(super) fn finish(&mut self, patience: Duration) {
        let Self::Listen { child, .. } = self else { return };
        let Some(mut child) = child.take() else { return };
        drop(child.stdin.take());
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(TICK);
        }
        // It may have ended in this very moment.
        drop(child.kill());
        drop(child.wait());
    }

    /// A connection that says something, ends, and is forgotten.
    pub(super) fn prelude(&mut self, text: &str, patience: Duration) -> Result<(), Error> {
        let mut stream = self.connect()?;
        let lost = |error: std::io::Error| failed("the first connection", &error);
        stream.set_read_timeout(Some(patience)).map_err(lost)?;
        stream.write_all(text.as_bytes()).map_err(lost)?;
        // What comes of it is the affair of other cases.
        drop(stream.shutdown(Shutdown::Write));
        drop(stream.read_to_end(&mut Vec::new()));
        Ok(())
    }

    /// So many silent connections: all but the last stay open, and the last is dropped at once.
    pub(super) fn crowd(&mut self, number: usize, patience: Duration) -> Result<Seen, Error> {
        let mut wires = Vec::new();
        for _ in 0..number {
            let wire = Wire::new(self.connect()?);
            wires.push(wire.map_err(|error| failed("a connection", &error))?);
        }
        let seen = match wires.last_mut().map(|last| (last.receive(patience), last.age())) {
            // By then every silent connection meets its own limit.
            Some((Got::End, age)) if age < Duration::from_secs(3) => Seen::Dropped(age),
            Some((Got::End, _)) | None => Seen::Other("the last was dropped too late".to_owned()),
            Some((other, _)) => Seen::Other(format!("the last is not dropped, but sees {other:?}")),
        };
        let first = wires.first_mut().map(|first| first.receive(Duration::from_millis(50)));
        if first != Some(Got::Silence) {
            return Ok(Seen::Other("connections within the limit are dropped as well".to_owned()));
        }
        Ok(seen)
    }
}

impl Drop for Approach {
    fn drop(&mut self) {
        self.finish(Duration::ZERO);
    }
}

fn dial(address: SocketAddr) -> Result<TcpStream, Error> {
    TcpStream::connect_timeout(&address, CALL_LIMIT)
        .map_err(|error| failed(&format!("cannot connect to {address}"), &error))
}

/// Starts the peer. Its standard input stays open as long as the case runs.
fn start(command: &str, address: SocketAddr) -> Result<Child, Error> {
    let address = address.to_string();
    let mut words = command.split_whitespace().map(|word| word.replace("{addr}", &address));
    let program = words.next().ok_or_else(|| Error::Peer("the command is empty".to_owned()))?;
    Command::new(&program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&format!("cannot start {program}"), &error))
}

fn accept(listener: &TcpListener, child: &mut Option<Child>) -> Result<TcpStream, Error> {
    let limit = if child.is_some() { CALL_LIMIT } else { HAND_LIMIT };
    let deadline = Instant::now() + limit;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream
                    .set_nonblocking(false)
                    .map_err(|error| failed("cannot use the connection", &error))?;
                return Ok(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(failed("cannot take a call", &error)),
        }
        if let Some(child) = child
            && let Ok(Some(status)) = child.try_wait()
        {
            return Err(Error::Peer(format!("the command ended without a call: {status}")));
        }
        if Instant::now() >= deadline {
            return Err(Error::Peer(format!("no connection came within {} s", limit.as_secs())));
        }
        std::thread::sleep(TICK);
    }
}
