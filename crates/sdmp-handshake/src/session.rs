//! The accepted session: containers out, containers in, an authenticated close (R32 to R41).

mod batch;
mod judge;
mod opening;
mod parallel;
mod received;
mod shared;

use std::sync::Arc;

use sdmp_container::{Container, Timestamp};
use sdmp_crypto::dh::Group;
use sdmp_crypto::random::Random;
use sdmp_envelope::Identity;

use crate::channel::{Channel, padded};
use crate::error::{Error, Misuse};
use crate::labels;
use crate::policy::{Config, Profile};
use crate::role::Role;
use crate::schedule;
use crate::secured::{Channels, Traffic};
use judge::check_sendable;
pub use received::{ExtensionCheck, Opened, Received};
use shared::Shared;

/// An accepted session between two verified peers.
///
/// Both sides have proved their identity over the whole transcript and, in the hardened profile,
/// confirmed it. What is sealed here is encrypted, authenticated and in order; in the *published*
/// profile it is only encrypted.
#[derive(Debug)]
pub struct Session {
    sender: Sender,
    receiver: Receiver,
}

/// The sending half of a [`Session`].
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
    state: State,
}

/// The receiving half of a [`Session`].
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
    state: State,
}

/// A direction owns its key only as long as it may be used: what is over is wiped.
#[derive(Debug)]
enum State {
    Open(Channel),
    Closed,
    Failed,
}

impl Session {
    pub(crate) fn hardened(
        config: &Config,
        role: Role,
        traffic: Traffic,
        peer: Identity,
        group: Group,
    ) -> Self {
        let mut shared = Shared::new(config, role, peer, group);
        shared.peer_close = Some(labels::close(role.other(), &traffic.t2));
        shared.exporter = Some(traffic.exporter);
        shared.session_id = Some(traffic.session_id);
        shared.transcript = Some(traffic.t2);
        Self::join(shared, traffic.channels)
    }

    pub(crate) fn published(
        config: &Config,
        role: Role,
        channels: Channels,
        peer: Identity,
        group: Group,
    ) -> Self {
        Self::join(Shared::new(config, role, peer, group), channels)
    }

    fn join(shared: Shared, channels: Channels) -> Self {
        let shared = Arc::new(shared);
        Self {
            sender: Sender { shared: Arc::clone(&shared), state: State::Open(channels.send) },
            receiver: Receiver { shared, state: State::Open(channels.receive) },
        }
    }

    /// Seals a container; see [`Sender::seal`].
    ///
    /// # Errors
    /// As [`Sender::seal`].
    pub fn seal(
        &mut self,
        container: &Container,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<String, Error> {
        self.sender.seal(container, now, random)
    }

    /// Opens the peer's next object; see [`Receiver::open`].
    ///
    /// # Errors
    /// As [`Receiver::open`].
    pub fn open(&mut self, octets: &[u8], now: Timestamp) -> Result<Opened, Error> {
        self.receiver.open(octets, now)
    }

    /// Seals several containers together; see [`Sender::seal_all`].
    pub fn seal_all(
        &mut self,
        containers: &[Container],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Vec<Result<String, Error>> {
        self.sender.seal_all(containers, now, random)
    }

    /// Opens the peer's next objects together; see [`Receiver::open_all`].
    pub fn open_all(
        &mut self,
        objects: &[impl AsRef<[u8]> + Sync],
        now: Timestamp,
    ) -> Vec<Result<Opened, Error>> {
        self.receiver.open_all(objects, now)
    }

    /// Ends the sending direction; see [`Sender::close`].
    ///
    /// # Errors
    /// As [`Sender::close`].
    pub fn close(
        &mut self,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Option<String>, Error> {
        self.sender.close(now, random)
    }

    /// Judges the end of the stream; see [`Receiver::end`].
    ///
    /// # Errors
    /// As [`Receiver::end`].
    pub fn end(&mut self) -> Result<Ended, Error> {
        self.receiver.end()
    }

    /// The two directions, to be used at the same time without a lock.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// The verified peer.
    #[must_use]
    pub fn peer(&self) -> &Identity {
        &self.sender.shared.peer
    }

    /// This side's role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.sender.shared.role
    }

    /// The group whose keys the session came from.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.sender.shared.group
    }

    /// A public name of the session, the same on both sides, 32 octets (R44); hardened only.
    #[must_use]
    pub fn session_id(&self) -> Option<&[u8; 32]> {
        self.sender.shared.session_id.as_ref()
    }

    /// T2, the hash of the whole handshake, 64 octets; hardened only.
    #[must_use]
    pub fn transcript_hash(&self) -> Option<&[u8; 64]> {
        self.sender.shared.transcript.as_ref()
    }

    /// Fills `out` with a secret for another protocol, the same on both sides (R44).
    ///
    /// # Errors
    /// [`Misuse::Published`] in the published profile, [`Misuse::Exporter`] for a label or a
    /// length that R44 refuses, or the session's failure.
    pub fn export(&self, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        self.sender.export(label, context, out)
    }
}

/// How a session ended whose stream ended where it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After the peer's authenticated close (hardened).
    Authenticated,
    /// The published profile cannot tell an end from a cut.
    Unauthenticated,
}

impl Sender {
    /// Seals a container as the next object (R32 to R35) and returns its text.
    ///
    /// # Errors
    /// [`Error::ApiMisuse`] for a container that may not be sent, which changes nothing;
    /// [`Error::Expired`] (R35) and [`Error::Exhausted`], which end the session; or its failure.
    pub fn seal(
        &mut self,
        container: &Container,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<String, Error> {
        self.ready(now)?;
        check_sendable(container, self.shared.profile)?;
        self.seal_text(container.as_bytes(), random)
    }

    /// The outer length in octets of the object that a container would become.
    #[must_use]
    pub fn sealed_len(&self, container: &Container) -> usize {
        match &self.state {
            State::Open(channel) => channel.sealed_len(container.as_bytes().len()),
            State::Closed | State::Failed => 0,
        }
    }

    /// Ends this direction: the close object to send (hardened), or nothing (published, where the
    /// end of the stream has to do). Afterwards this side sends nothing more (R41).
    ///
    /// # Errors
    /// [`Misuse::AfterClose`] the second time, or the session's failure.
    pub fn close(
        &mut self,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Option<String>, Error> {
        self.ready(now)?;
        let close = match self.shared.close_text() {
            Some(text) => Some(self.seal_text(text.as_bytes(), random)?),
            None => None,
        };
        self.state = State::Closed;
        Ok(close)
    }

    /// As [`Session::export`].
    ///
    /// # Errors
    /// As [`Session::export`].
    pub fn export(&self, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        if let Some(failure) = self.shared.failure.get() {
            return Err(failure.clone());
        }
        let exporter = self.shared.exporter.as_ref().ok_or(Error::ApiMisuse(Misuse::Published))?;
        schedule::export(exporter, label, context, out)
    }

    /// Why the session has failed, on this half or on the other.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.shared.failure.get()
    }

    fn ready(&mut self, now: Timestamp) -> Result<(), Error> {
        if let Err(error) = self.shared.check(now) {
            return Err(self.fail(error));
        }
        match self.state {
            State::Closed => Err(Error::ApiMisuse(Misuse::AfterClose)),
            State::Open(_) | State::Failed => Ok(()),
        }
    }

    fn seal_text(&mut self, text: &[u8], random: &mut dyn Random) -> Result<String, Error> {
        let sealed = self.room_for(text.len())?.seal(text, random);
        sealed.map_err(|error| self.fail(error))
    }

    /// The channel, if it takes one more text of so many octets.
    fn room_for(&mut self, text: usize) -> Result<&mut Channel, Error> {
        let limits = &self.shared.limits;
        let State::Open(channel) = &self.state else {
            return Err(Error::ApiMisuse(Misuse::AfterClose));
        };
        // Before a sequence number is used (R42).
        if channel.sealed_len(text) > limits.message_octets {
            return Err(Error::ApiMisuse(Misuse::TooLarge));
        }
        if let Err(error) = channel.check(padded(text), limits.objects, limits.octets) {
            return Err(self.fail(error));
        }
        match &mut self.state {
            State::Open(channel) => Ok(channel),
            State::Closed | State::Failed => Err(Error::ApiMisuse(Misuse::AfterClose)),
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        self.shared.fail(error)
    }
}

impl Receiver {
    /// Opens the peer's next object.
    ///
    /// # Errors
    /// Any error ends the session (R39): an object that was altered, lost, repeated, reordered or
    /// reflected ([`Error::Decrypt`]), that is not what it claims to be, or that comes after the
    /// peer's close; [`Error::PeerRejected`]; [`Error::Expired`].
    pub fn open(&mut self, octets: &[u8], now: Timestamp) -> Result<Opened, Error> {
        let result = self.try_open(octets, now);
        self.settle(result)
    }

    /// Judges the end of the stream.
    ///
    /// # Errors
    /// [`Error::Truncated`] if the peer's authenticated close has not come (R41).
    pub fn end(&mut self) -> Result<Ended, Error> {
        if let Some(failure) = self.shared.failure.get() {
            return Err(failure.clone());
        }
        match (&self.state, self.shared.profile) {
            (State::Closed, Profile::Hardened) => Ok(Ended::Authenticated),
            (_, Profile::Published) => {
                self.state = State::Closed;
                Ok(Ended::Unauthenticated)
            }
            (State::Open(_) | State::Failed, Profile::Hardened) => Err(self.fail(Error::Truncated)),
        }
    }

    /// Whether the session has failed, on this half or on the other.
    pub(crate) fn has_failed(&self) -> bool {
        self.shared.failure.get().is_some()
    }

    /// Ends the session for octets that could not even be framed.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        self.shared.fail(error)
    }
}
