//! The two bounded queues of a connection: sealed objects for the carrier, events for the application.

use std::collections::VecDeque;
use std::fmt;

use sdmp_crypto::random::Random;

use crate::deframe::{Deframer, FrameError, trim};
use crate::error::{Error, Misbehaviour};
use crate::event::Event;
use crate::policy::SessionLimits;

/// A batch is full with so many octets; the object that reaches them is still taken.
const BATCH_OCTETS: usize = 4 << 20;

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

    /// How many of objects with these lengths fit, up to the first that does not.
    pub(super) fn how_many_fit(&self, lengths: impl Iterator<Item = usize>) -> usize {
        let (mut objects, mut octets) = (self.queue.len(), self.queued);
        let fitting = lengths.take_while(|length| {
            let fits = self.fits(objects, octets, *length);
            objects = objects.saturating_add(1);
            octets = octets.saturating_add(*length);
            fits
        });
        fitting.count()
    }

    /// Whether one more object fits. An empty queue takes any.
    pub(super) fn has_room(&self, octets: usize) -> bool {
        self.fits(self.queue.len(), self.queued, octets)
    }

    fn fits(&self, objects: usize, queued: usize, octets: usize) -> bool {
        objects == 0
            || (objects < self.limits.queued_objects
                && queued.saturating_add(octets) <= self.limits.queued_octets)
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

    /// The objects of a session that are complete in `input`, as many as there is room for and a batch
    /// holds, and why the input cannot be cut any further.
    pub(super) fn frame_all(&mut self, input: &mut &[u8]) -> (Vec<Vec<u8>>, Option<Error>) {
        let room = self.limits.queued_events.saturating_sub(self.events.len());
        let (mut objects, mut octets) = (Vec::new(), 0_usize);
        while objects.len() < room && octets < BATCH_OCTETS && !input.is_empty() {
            match self.frame(input, self.limits.message_octets) {
                Ok(Some(object)) => {
                    octets = octets.saturating_add(object.len());
                    objects.push(object);
                }
                Ok(None) => {}
                Err(error) => return (objects, Some(error)),
            }
        }
        (objects, None)
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
