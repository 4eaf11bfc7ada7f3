//! The two directions of an accepted session, each over its queue.

use sdmp_container::Container;

use super::queues::{Inbox, Outgoing, single};
use crate::error::Error;
use crate::event::Event;
use crate::policy::Now;
use crate::session::{Ended, Opened, Receiver, Sender};

/// The sending direction of an accepted session.
#[derive(Debug)]
pub(super) struct Sending {
    sender: Sender,
    closed: bool,
}

impl Sending {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender, closed: false }
    }

    pub(super) fn send(
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
        // Sealed only when there is room: a sealed object has used up its number and cannot be
        // taken back.
        let object = self.sender.seal(container, now.wall, outgoing.random())?;
        outgoing.push(object);
        Ok(())
    }

    /// Seals containers together, up to the first that has no room; a result for each that had.
    pub(super) fn send_all(
        &mut self,
        outgoing: &mut Outgoing,
        now: Now,
        containers: &[Container],
    ) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(containers.len());
        let mut rest = containers;
        // Once more, for what was refused took no room.
        loop {
            let over = self.closed || self.sender.failure().is_some();
            let lengths = rest.iter().map(|container| self.sender.sealed_len(container));
            let fits = if over { rest.len() } else { outgoing.how_many_fit(lengths) };
            let (now_sealed, later) = rest.split_at(fits.min(rest.len()));
            if now_sealed.is_empty() {
                return results;
            }
            for object in self.sender.seal_all(now_sealed, now.wall, outgoing.random()) {
                results.push(object.map(|object| outgoing.push(object)));
            }
            rest = later;
        }
    }

    pub(super) fn close(&mut self, outgoing: &mut Outgoing, now: Now) -> Result<(), Error> {
        if let Some(object) = self.sender.close(now.wall, outgoing.random())? {
            outgoing.push(object);
        }
        // In the published profile there is no object to send, but this direction is over all the
        // same.
        self.closed = true;
        Ok(())
    }

    /// What was sealed before a failure is not sent after it.
    pub(super) fn poll_output(&self, outgoing: &mut Outgoing) -> Option<String> {
        if self.sender.failure().is_some() {
            outgoing.clear();
        }
        outgoing.pop()
    }

    pub(super) fn failure(&self) -> Option<&Error> {
        self.sender.failure()
    }

    pub(super) fn is_finished(&self, outgoing: &Outgoing) -> bool {
        self.sender.failure().is_some() || (self.closed && outgoing.is_empty())
    }

    pub(super) fn export(&self, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        self.sender.export(label, context, out)
    }
}

/// The receiving direction of an accepted session.
#[derive(Debug)]
pub(super) struct Receiving {
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
    pub(super) fn new(receiver: Receiver) -> Self {
        Self { receiver, place: Place::Open }
    }

    pub(super) fn handle_input(&mut self, inbox: &mut Inbox, now: Now, octets: &[u8]) -> usize {
        // Stops where the application's queue is full: what is left stays with the carrier, and so
        // with the peer.
        let mut rest = octets;
        while self.wants_input(inbox) && !rest.is_empty() {
            let (objects, unframed) = inbox.frame_all(&mut rest);
            for result in self.receiver.open_all(&objects, now.wall) {
                self.opened(inbox, result);
            }
            if let Some(error) = unframed {
                self.fail(inbox, error);
            }
        }
        octets.len() - rest.len()
    }

    pub(super) fn handle_object(&mut self, inbox: &mut Inbox, now: Now, octets: &[u8]) -> bool {
        if !self.wants_input(inbox) {
            return false;
        }
        match single(octets, inbox.limits.message_octets) {
            Ok(object) => {
                let result = self.receiver.open(object, now.wall);
                self.opened(inbox, result);
            }
            Err(error) => self.fail(inbox, error),
        }
        true
    }

    pub(super) fn handle_eof(&mut self, inbox: &mut Inbox) {
        if matches!(self.place, Place::Over | Place::Failed) {
            return;
        }
        // An end inside an object is a cut in either profile.
        if !inbox.deframer.is_between_objects() {
            return self.fail(inbox, Error::Truncated);
        }
        match self.receiver.end() {
            // Its close was reported when it came.
            Ok(Ended::Authenticated) => self.place = Place::Over,
            Ok(Ended::Unauthenticated) => {
                inbox.push(Event::Closed { authenticated: false });
                self.place = Place::Over;
            }
            Err(error) => self.fail(inbox, error),
        }
    }

    pub(super) fn wants_input(&self, inbox: &Inbox) -> bool {
        !matches!(self.place, Place::Over | Place::Failed) && inbox.has_room()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.place != Place::Open || self.receiver.has_failed()
    }

    /// Reports a failure of the other direction, once.
    pub(super) fn report(&mut self, inbox: &mut Inbox, error: &Error) {
        if self.place != Place::Failed {
            inbox.push(Event::Failed(error.clone()));
            self.place = Place::Failed;
        }
    }

    fn opened(&mut self, inbox: &mut Inbox, result: Result<Opened, Error>) {
        match result {
            Ok(Opened::Message(received)) => {
                inbox.push(Event::Message(received));
            }
            Ok(Opened::Closed) => {
                self.place = Place::Closed;
                inbox.push(Event::Closed { authenticated: true });
            }
            Err(error) => self.fail(inbox, error),
        }
    }

    fn fail(&mut self, inbox: &mut Inbox, error: Error) {
        let first = self.receiver.fail(error);
        self.report(inbox, &first);
    }
}
