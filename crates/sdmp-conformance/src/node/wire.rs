//! A session over TCP, one object at a time, without a runtime.

use crate::error::Error;
use sdmp_container::{Container, Timestamp};
use sdmp_crypto::random::SystemRandom;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Connection, Event, Now, Verdict};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a read waits at most before the time is looked at.
const TURN: Duration = Duration::from_millis(5);

/// What came.
#[derive(Clone, Debug)]
pub enum Came {
    /// An object.
    Object(Container),
    /// The peer's end of the session, or a cut.
    End,
    /// Nothing, in the time given.
    Nothing,
}

/// One side of a session. Dropping it cuts the session.
#[derive(Debug)]
pub struct Session {
    stream: TcpStream,
    connection: Connection,
    started: Instant,
    came: VecDeque<Came>,
    accepted: bool,
    ended: bool,
}

/// The present time.
///
/// # Errors
/// A clock outside of what a timestamp can say.
pub fn now() -> Result<Timestamp, Error> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_millis(millis).ok_or_else(|| Error::vector("the clock is wrong"))
}

fn peer_error(error: impl std::fmt::Display) -> Error {
    Error::Peer(error.to_string())
}

impl Session {
    /// Opens a session with a node, pinned to its identity.
    ///
    /// # Errors
    /// No connection, or no session in time.
    pub fn dial(
        address: SocketAddr,
        own: LocalIdentity,
        peer: Identity,
        patience: Duration,
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect_timeout(&address, patience).map_err(peer_error)?;
        let started = Instant::now();
        let now = Now { elapsed: Duration::ZERO, wall: now()? };
        let config = Config::new(own).with_peer(peer);
        let connection = Connection::initiate(config, now, Box::new(SystemRandom::new()));
        let mut session = Self::new(stream, connection.map_err(peer_error)?, started)?;
        session.establish(patience, &|_| None)?;
        Ok(session)
    }

    /// Takes a session with whom `known` knows.
    ///
    /// # Errors
    /// No session in time.
    pub fn accept(
        stream: TcpStream,
        own: LocalIdentity,
        known: &dyn Fn(&sdmp_container::Fingerprint) -> Option<Identity>,
        patience: Duration,
    ) -> Result<Self, Error> {
        let started = Instant::now();
        let now = Now { elapsed: Duration::ZERO, wall: now()? };
        let config = Config::new(own).ask_about_unknown();
        let connection = Connection::respond(config, now, Box::new(SystemRandom::new()));
        let mut session = Self::new(stream, connection, started)?;
        session.establish(patience, known)?;
        Ok(session)
    }

    fn new(stream: TcpStream, connection: Connection, started: Instant) -> Result<Self, Error> {
        stream.set_nodelay(true).map_err(peer_error)?;
        stream.set_read_timeout(Some(TURN)).map_err(peer_error)?;
        let came = VecDeque::new();
        Ok(Self { stream, connection, started, came, accepted: false, ended: false })
    }

    fn establish(
        &mut self,
        patience: Duration,
        known: &dyn Fn(&sdmp_container::Fingerprint) -> Option<Identity>,
    ) -> Result<(), Error> {
        while !self.accepted {
            if self.ended || self.started.elapsed() > patience {
                return Err(Error::Peer("the node did not accept a session".to_owned()));
            }
            self.turn(known)?;
        }
        Ok(())
    }

    /// Sends an object.
    ///
    /// # Errors
    /// What this side refuses to send. A session that has ended takes everything.
    pub fn send(&mut self, object: &Container) -> Result<(), Error> {
        let now = self.now()?;
        if self.ended {
            return Ok(());
        }
        self.connection.send(now, object).map_err(peer_error)?;
        self.write();
        Ok(())
    }

    /// The next thing that comes within a time.
    ///
    /// # Errors
    /// A clock that cannot be read.
    pub fn receive(&mut self, wait: Duration) -> Result<Came, Error> {
        let until = Instant::now() + wait;
        loop {
            if let Some(came) = self.came.pop_front() {
                return Ok(came);
            }
            if self.ended {
                return Ok(Came::End);
            }
            if Instant::now() >= until {
                return Ok(Came::Nothing);
            }
            self.turn(&|_| None)?;
        }
    }

    fn now(&self) -> Result<Now, Error> {
        Ok(Now { elapsed: self.started.elapsed(), wall: now()? })
    }

    /// Writes what waits, reads what there is, and takes the events.
    fn turn(
        &mut self,
        known: &dyn Fn(&sdmp_container::Fingerprint) -> Option<Identity>,
    ) -> Result<(), Error> {
        self.write();
        let now = self.now()?;
        self.connection.handle_timeout(now);
        let mut octets = [0; 16 << 10];
        match self.stream.read(&mut octets) {
            Ok(0) => self.end(),
            Ok(count) => self.offer(octets.get(..count).unwrap_or_default(), known)?,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.end(),
        }
        self.events(known)?;
        self.write();
        Ok(())
    }

    fn offer(
        &mut self,
        mut octets: &[u8],
        known: &dyn Fn(&sdmp_container::Fingerprint) -> Option<Identity>,
    ) -> Result<(), Error> {
        while !octets.is_empty() && !self.ended {
            let taken = self.connection.handle_input(self.now()?, octets);
            octets = octets.get(taken..).unwrap_or_default();
            self.events(known)?;
            self.write();
        }
        Ok(())
    }

    fn events(
        &mut self,
        known: &dyn Fn(&sdmp_container::Fingerprint) -> Option<Identity>,
    ) -> Result<(), Error> {
        let now = self.now()?;
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::NeedIdentity { claimed } => {
                    // A failure comes as an event, too.
                    drop(self.connection.provide_identity(now, known(&claimed)));
                }
                Event::Authorize { .. } => drop(self.connection.decide(now, Verdict::Trust)),
                Event::Accepted(_) => self.accepted = true,
                Event::Message(received) => self.came.push_back(Came::Object(received.container)),
                Event::Closed { .. } | Event::Failed(_) => self.end(),
                _ => {}
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.came.push_back(Came::End);
        }
    }

    fn write(&mut self) {
        while let Some(object) = self.connection.poll_output() {
            if self.stream.write_all(object.as_bytes()).is_err() {
                return self.end();
            }
        }
    }
}
