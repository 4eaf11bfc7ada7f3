//! The two directions of a connection, each with its bounded queue.

use std::collections::VecDeque;
use std::fmt;

use sdmp_container::Container;
use sdmp_crypto::random::Random;

use crate::deframe::{Deframer, FrameError, trim};
use crate::error::{Error, Misbehaviour};
use crate::event::Event;
use crate::policy::{Now, SessionLimits};
use crate::session::{self, Ended, Receiver, Sender};

/// Objects that wait for the carrier, and the random source that sealing needs.
pub(crate) struct Outgoing {
    queue: VecDeque<String>,
    queued: usize,
    limits: SessionLimits,
    random: Box<dyn Random>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("objects", &self.queue.len())
            .field("octets", &self.queued)
            .finish_non_exhaustive()
    }
}

impl Outgoing {
    pub(crate) fn new(limits: SessionLimits, random: Box<dyn Random>) -> Self {
        Self { queue: VecDeque::new(), queued: 0, limits, random }
    }

    pub(crate) fn random(&mut self) -> &mut dyn Random {
        self.random.as_mut()
    }

    pub(crate) fn push(&mut self, object: String) {
        self.queued = self.queued.saturating_add(object.len());
        self.queue.push_back(object);
    }

    pub(crate) fn extend(&mut self, objects: Vec<String>) {
        objects.into_iter().for_each(|object| self.push(object));
    }

    pub(crate) fn pop(&mut self) -> Option<String> {
        let object = self.queue.pop_front()?;
        self.queued = self.queued.saturating_sub(object.len());
        Some(object)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
    }

    /// Whether one more object fits. An empty queue takes any.
    fn has_room(&self, octets: usize) -> bool {
        self.queue.is_empty()
            || (self.queue.len() < self.limits.queued_objects
                && self.queued.saturating_add(octets) <= self.limits.queued_octets)
    }
}

/// Input on its way to the application.
#[derive(Debug)]
pub(crate) struct Incoming {
    deframer: Deframer,
    events: VecDeque<Event>,
    limits: SessionLimits,
}

impl Incoming {
    pub(crate) fn new(limits: SessionLimits) -> Self {
        Self { deframer: Deframer::new(), events: VecDeque::new(), limits }
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn frame(
        &mut self,
        input: &mut &[u8],
        limit: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.deframer.next(input, limit).map_err(frame_error)
    }
}

/// The one object of a message: white space around it belongs to the carrier.
pub(crate) fn single(message: &[u8], limit: usize) -> Result<&[u8], Error> {
    let object = trim(message);
    if object.len() > limit {
        return Err(frame_error(FrameError::TooLong));
    }
    Ok(object)
}

fn frame_error(error: FrameError) -> Error {
    match error {
        FrameError::NotAnObject => Error::PeerMisbehaved(Misbehaviour::Framing),
        FrameError::TooLong => Error::PeerMisbehaved(Misbehaviour::TooLong),
    }
}

/// The sending direction of an accepted session.
#[derive(Debug)]
pub(crate) struct Sending {
    sender: Sender,
    closed: bool,
}

impl Sending {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, closed: false }
    }

    pub(crate) fn send(
        &mut self,
        outgoing: &mut Outgoing,
        now: Now,
        container: &Container,
    ) -> Result<(), Error> {
        // What is over does not become possible by waiting.
        let over = self.closed || self.sender.failure().is_some();
        if !over && !outgoing.has_room(self.sender.sealed_len(container)) {
            return Err(Error::QueueFull);
        }
        let object = self.sender.seal(container, now.wall, outgoing.random())?;
        outgoing.push(object);
        Ok(())
    }

    pub(crate) fn close(&mut self, outgoing: &mut Outgoing, now: Now) -> Result<(), Error> {
        if let Some(object) = self.sender.close(now.wall, outgoing.random())? {
            outgoing.push(object);
        }
        self.closed = true;
        Ok(())
    }

    /// What was sealed before a failure is not sent after it.
    pub(crate) fn poll_output(&self, outgoing: &mut Outgoing) -> Option<String> {
        if self.sender.failure().is_some() {
            outgoing.clear();
        }
        outgoing.pop()
    }

    pub(crate) fn failure(&self) -> Option<&Error> {
        self.sender.failure()
    }

    pub(crate) fn is_finished(&self, outgoing: &Outgoing) -> bool {
        self.sender.failure().is_some() || (self.closed && outgoing.is_empty())
    }

    pub(crate) fn export(&self, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        self.sender.export(label, context, out)
    }
}

/// The receiving direction of an accepted session.
#[derive(Debug)]
pub(crate) struct Receiving {
    receiver: Receiver,
    place: Place,
}

/// How far the peer's direction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Open,
    /// The peer said that it sends nothing more.
    Closed,
    /// The stream has ended.
    Over,
    /// The session has failed, and the event says so.
    Failed,
}

impl Receiving {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self { receiver, place: Place::Open }
    }

    pub(crate) fn handle_input(
        &mut self,
        incoming: &mut Incoming,
        now: Now,
        octets: &[u8],
    ) -> usize {
        let mut rest = octets;
        while self.wants_input(incoming) && !rest.is_empty() {
            match incoming.frame(&mut rest, incoming.limits.message_octets) {
                Ok(Some(object)) => self.object(incoming, now, &object),
                Ok(None) => {}
                Err(error) => self.fail(incoming, error),
            }
        }
        octets.len() - rest.len()
    }

    pub(crate) fn handle_object(
        &mut self,
        incoming: &mut Incoming,
        now: Now,
        octets: &[u8],
    ) -> bool {
        if !self.wants_input(incoming) {
            return false;
        }
        match single(octets, incoming.limits.message_octets) {
            Ok(object) => self.object(incoming, now, object),
            Err(error) => self.fail(incoming, error),
        }
        true
    }

    pub(crate) fn handle_eof(&mut self, incoming: &mut Incoming) {
        if matches!(self.place, Place::Over | Place::Failed) {
            return;
        }
        if !incoming.deframer.is_between_objects() {
            return self.fail(incoming, Error::Truncated);
        }
        match self.receiver.end() {
            // Its close was reported when it came.
            Ok(Ended::Authenticated) => self.place = Place::Over,
            Ok(Ended::Unauthenticated) => {
                incoming.push(Event::Closed { authenticated: false });
                self.place = Place::Over;
            }
            Err(error) => self.fail(incoming, error),
        }
    }

    pub(crate) fn wants_input(&self, incoming: &Incoming) -> bool {
        !matches!(self.place, Place::Over | Place::Failed)
            && incoming.events.len() < incoming.limits.queued_events
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.place != Place::Open || self.receiver.has_failed()
    }

    /// Tells a failure of the other half, once.
    pub(crate) fn report(&mut self, incoming: &mut Incoming, error: &Error) {
        if self.place != Place::Failed {
            incoming.push(Event::Failed(error.clone()));
            self.place = Place::Failed;
        }
    }

    fn object(&mut self, incoming: &mut Incoming, now: Now, object: &[u8]) {
        match self.receiver.open(object, now.wall) {
            Ok(session::Opened::Message(received)) => {
                incoming.push(Event::Message(received));
            }
            Ok(session::Opened::Closed) => {
                self.place = Place::Closed;
                incoming.push(Event::Closed { authenticated: true });
            }
            Err(error) => self.fail(incoming, error),
        }
    }

    fn fail(&mut self, incoming: &mut Incoming, error: Error) {
        let first = self.receiver.fail(error);
        self.report(incoming, &first);
    }
}

/// The sending half of an accepted [`Connection`](crate::Connection).
#[derive(Debug)]
pub struct ConnectionSender {
    pub(crate) sending: Sending,
    pub(crate) outgoing: Outgoing,
}

impl ConnectionSender {
    /// As [`Connection::send`](crate::Connection::send).
    ///
    /// # Errors
    /// As [`Connection::send`](crate::Connection::send).
    pub fn send(&mut self, now: Now, container: &Container) -> Result<(), Error> {
        self.sending.send(&mut self.outgoing, now, container)
    }

    /// As [`Connection::close`](crate::Connection::close).
    ///
    /// # Errors
    /// As [`Connection::close`](crate::Connection::close).
    pub fn close(&mut self, now: Now) -> Result<(), Error> {
        self.sending.close(&mut self.outgoing, now)
    }

    /// The next object's text to send. A byte stream sends one LF after it (R43).
    pub fn poll_output(&mut self) -> Option<String> {
        self.sending.poll_output(&mut self.outgoing)
    }

    /// Whether nothing will ever come out again: the carrier may end its writing direction.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.sending.is_finished(&self.outgoing)
    }

    /// As [`Session::export`](crate::Session::export).
    ///
    /// # Errors
    /// As [`Session::export`](crate::Session::export).
    pub fn export(&self, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        self.sending.export(label, context, out)
    }
}

/// The receiving half of an accepted [`Connection`](crate::Connection).
#[derive(Debug)]
pub struct ConnectionReceiver {
    pub(crate) receiving: Receiving,
    pub(crate) incoming: Incoming,
}

impl ConnectionReceiver {
    /// As [`Connection::handle_input`](crate::Connection::handle_input).
    pub fn handle_input(&mut self, now: Now, octets: &[u8]) -> usize {
        self.receiving.handle_input(&mut self.incoming, now, octets)
    }

    /// As [`Connection::handle_object`](crate::Connection::handle_object).
    pub fn handle_object(&mut self, now: Now, octets: &[u8]) -> bool {
        self.receiving.handle_object(&mut self.incoming, now, octets)
    }

    /// As [`Connection::handle_eof`](crate::Connection::handle_eof).
    pub fn handle_eof(&mut self) {
        self.receiving.handle_eof(&mut self.incoming);
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.incoming.poll_event()
    }

    /// Whether input is taken at the moment.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.receiving.wants_input(&self.incoming)
    }

    /// Whether the peer sends nothing more.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.receiving.is_finished()
    }
}
