//! The two bounded queues of a connection: sealed objects for the carrier, events for the application.

use std::collections::VecDeque;
use std::fmt;

use sdmp_crypto::random::Random;

use crate::deframe::{Deframer, FrameError, trim};
use crate::error::{Error, Misbehaviour};
use crate::event::Event;
use crate::policy::SessionLimits;

/// Objects that wait for the carrier, and the random source that sealing needs.
pub(super) struct Outgoing {
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
    pub(super) fn new(limits: SessionLimits, random: Box<dyn Random>) -> Self {
        Self { queue: VecDeque::new(), queued: 0, limits, random }
    }

    pub(super) fn random(&mut self) -> &mut dyn Random {
        self.random.as_mut()
    }

    pub(super) fn push(&mut self, object: String) {
        self.queued = self.queued.saturating_add(object.len());
        self.queue.push_back(object);
    }

    pub(super) fn extend(&mut self, objects: Vec<String>) {
        objects.into_iter().for_each(|object| self.push(object));
    }

    pub(super) fn pop(&mut self) -> Option<String> {
        let object = self.queue.pop_front()?;
        self.queued = self.queued.saturating_sub(object.len());
        Some(object)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
    }

    /// Whether one more object fits. An empty queue takes any.
    pub(super) fn has_room(&self, octets: usize) -> bool {
        self.queue.is_empty()
            || (self.queue.len() < self.limits.queued_objects
                && self.queued.saturating_add(octets) <= self.limits.queued_octets)
    }
}

/// Input that is not a whole object yet, and events that wait for the application.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) deframer: Deframer,
    events: VecDeque<Event>,
    pub(super) limits: SessionLimits,
}

impl Inbox {
    pub(super) fn new(limits: SessionLimits) -> Self {
        Self { deframer: Deframer::new(), events: VecDeque::new(), limits }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether one more event has room: else input stays with the caller.
    pub(super) fn has_room(&self) -> bool {
        self.events.len() < self.limits.queued_events
    }

    pub(super) fn frame(
        &mut self,
        input: &mut &[u8],
        limit: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.deframer.next(input, limit).map_err(frame_error)
    }
}

/// The one object of a message: white space around it belongs to the carrier.
pub(super) fn single(message: &[u8], limit: usize) -> Result<&[u8], Error> {
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
