//! All channels of one session.

mod incoming;

use std::collections::VecDeque;

use sdmp_container::Container;

use crate::channel::{Channel, Direction};
use crate::fault::{Fault, Reason};
use crate::frame::{Draft, is_target};
use crate::limits::Limits;
use crate::queues::Queues;

/// Which side of the session this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It greets first, and numbers its channels 1, 3, 5 and so on.
    First,
    /// It answers the greeting, and numbers its channels 2, 4, 6 and so on.
    Second,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The peer has greeted: it speaks of channels too.
    Greeted,
    /// The peer has opened a channel to what the text says. Take it up with [`Machine::read`] and
    /// [`Machine::write`], or give it up with [`Machine::reset`].
    Opened(u64, String),
    /// There is something to read: octets, the end or a reset.
    Readable(u64),
    /// There is room to write, or the channel was reset.
    Writable(u64),
    /// A channel is gone, so that another one can be opened.
    Gone,
}

/// What came of a read or a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many octets, at least one.
    Octets(usize),
    /// Nothing now; an event says when to try again.
    Later,
    /// Reading: the peer has ended its direction, and everything before was read.
    End,
}

/// The channels of one session, without I/O.
///
/// Give each received container to [`handle`](Self::handle), then take what
/// [`poll_event`](Self::poll_event) has. Send what [`poll_message`](Self::poll_message) gives
/// whenever the session takes one more: it should be asked only then, so that what waits can share
/// a message. Every other method may change what it gives.
#[derive(Debug)]
pub struct Machine {
    limits: Limits,
    queues: Queues,
    events: VecDeque<Event>,
    /// The number of the next channel of each side.
    next_ours: u64,
    next_theirs: u64,
    open_here: usize,
    open_there: usize,
    refused: usize,
    growth: u64,
    greeting_due: bool,
    greeted: bool,
    closing: bool,
    failed: Option<Fault>,
}

impl Machine {
    /// No channels yet.
    #[must_use]
    pub fn new(side: Side, limits: Limits) -> Self {
        let (next_ours, next_theirs) = match side {
            Side::First => (1, 2),
            Side::Second => (2, 1),
        };
        Self {
            limits,
            queues: Queues::default(),
            events: VecDeque::new(),
            next_ours,
            next_theirs,
            open_here: 0,
            open_there: 0,
            refused: 0,
            growth: limits.growth,
            greeting_due: true,
            greeted: false,
            closing: false,
            failed: None,
        }
    }

    /// Opens a channel; `None` while this side has as many as it may have.
    ///
    /// # Errors
    /// [`Fault::Closing`] after [`close`](Self::close), [`Fault::Malformed`] for a target of more than
    /// 300 characters, or how the session ended.
    pub fn open(&mut self, target: &str) -> Result<Option<u64>, Fault> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        if self.closing {
            return Err(Fault::Closing);
        }
        if !is_target(target) {
            return Err(Fault::Malformed);
        }
        if self.open_here >= self.limits.opened_here {
            return Ok(None);
        }
        let id = self.next_ours;
        self.next_ours += 2;
        self.open_here += 1;
        let mut channel = Channel::new(true);
        channel.due.open = Some(target.to_owned());
        self.queues.channels.insert(id, channel);
        self.queues.enqueue(id);
        Ok(Some(id))
    }

    /// Hands over octets to be sent; takes as many as there is room for.
    ///
    /// # Errors
    /// [`Fault::Reset`], how the session ended, or [`Fault::Unknown`] after [`end`](Self::end).
    pub fn write(&mut self, id: u64, octets: &[u8]) -> Result<Outcome, Fault> {
        let (failed, waiting) = (self.failed, self.limits.waiting);
        let channel = self.queues.get(id)?;
        if let Some(fault) = reset_of(channel).or(failed) {
            return Err(fault);
        }
        if channel.ending {
            return Err(Fault::Unknown);
        }
        let length = octets.len().min(waiting.saturating_sub(channel.waiting.len()));
        channel.waiting.extend_from_slice(octets.get(..length).unwrap_or_default());
        self.queues.enqueue(id);
        Ok(if length == 0 { Outcome::Later } else { Outcome::Octets(length) })
    }

    /// Whether everything that was written has gone into a message, the end included.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn is_sent(&mut self, id: u64) -> Result<bool, Fault> {
        let failed = self.failed;
        let channel = self.queues.get(id)?;
        let sent =
            channel.waiting.is_empty() && (!channel.ending || channel.ours != Direction::Open);
        match reset_of(channel).or(failed) {
            // What was complete before stays complete.
            Some(_) if sent && channel.ours == Direction::Ended => Ok(true),
            Some(fault) => Err(fault),
            None => Ok(sent),
        }
    }

    /// Ends our direction, after what was written; again is no error.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn end(&mut self, id: u64) -> Result<(), Fault> {
        let failed = self.failed;
        let channel = self.queues.get(id)?;
        if channel.ours == Direction::Ended {
            return Ok(());
        }
        if let Some(fault) = reset_of(channel).or(failed) {
            return Err(fault);
        }
        channel.ending = true;
        self.queues.enqueue(id);
        Ok(())
    }

    /// Takes received octets. What came before an end or a reset is given out before it.
    ///
    /// # Errors
    /// [`Fault::Reset`], or how the session ended.
    pub fn read(&mut self, id: u64, into: &mut [u8]) -> Result<Outcome, Fault> {
        let failed = self.failed;
        let channel = self.queues.get(id)?;
        let (read, tell) = channel.read(into, &self.limits, &mut self.growth);
        if read > 0 || into.is_empty() {
            if tell {
                self.queues.enqueue(id);
            }
            return Ok(Outcome::Octets(read));
        }
        match (channel.theirs, channel.given_up()) {
            (Direction::Ended, None) => Ok(Outcome::End),
            (Direction::Reset(reason), _) | (_, Some(reason)) => Err(Fault::Reset(reason)),
            (Direction::Open, None) => failed.map_or(Ok(Outcome::Later), Err),
        }
    }

    /// Gives a channel up in both directions, for the peer to know.
    pub fn reset(&mut self, id: u64, reason: Reason) {
        self.queues.give_up(id, reason);
    }

    /// The application has done with a channel. Unless both directions have ended and all was read,
    /// it is reset.
    pub fn release(&mut self, id: u64) {
        let Ok(channel) = self.queues.get(id) else { return };
        let complete =
            channel.ending && !channel.has_received() && channel.theirs == Direction::Ended;
        channel.held = false;
        channel.discard();
        if !complete {
            self.queues.give_up(id, Reason::Aborted);
        }
        self.remove_if_over(id);
    }

    /// Opens no more channels and refuses those of the peer: [`is_done`](Self::is_done) once the open
    /// ones have ended.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether [`close`](Self::close) was called, no channel is left, and nothing is left to be said.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.closing
            && !self.greeting_due
            && self.queues.channels.is_empty()
            && self.queues.is_empty()
    }

    /// Whether [`poll_message`](Self::poll_message) has something, or nothing ever again.
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.greeting_due || self.greeted && !self.queues.is_empty() || self.is_done()
    }

    /// How many channels one of the two sides has not ended yet: what is lost if the session ends now.
    #[must_use]
    pub fn unended(&self) -> usize {
        self.queues.channels.values().filter(|channel| !channel.is_over()).count()
    }

    /// The session has ended: every channel that has not ended fails with this.
    pub fn fail(&mut self, fault: Fault) {
        self.failed.get_or_insert(fault);
        let ids: Vec<_> = self.queues.channels.keys().copied().collect();
        self.events
            .extend(ids.into_iter().flat_map(|id| [Event::Readable(id), Event::Writable(id)]));
        self.events.push_back(Event::Gone);
    }

    /// How many channels there are, the peer's included.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.queues.channels.len()
    }

    /// Octets that were received and not read yet never exceed what the limits say; this is what
    /// windows have grown by.
    #[must_use]
    pub fn grown(&self) -> u64 {
        self.limits.growth - self.growth
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next message for the peer, if there is anything to say.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if a message cannot be written, which no input causes.
    pub fn poll_message(&mut self) -> Result<Option<Container>, Fault> {
        if self.failed.is_some() {
            return Ok(None);
        }
        let mut draft = Draft::new(self.limits.message);
        if std::mem::take(&mut self.greeting_due) {
            return draft.finish().map(Some);
        }
        // Before the peer has said that it understands, nothing but the greeting.
        if !self.greeted || self.queues.is_empty() {
            return Ok(None);
        }
        for id in self.queues.write_urgent(&mut draft) {
            self.remove_if_over(id);
        }
        for id in self.queues.write_octets(&mut draft, &self.limits) {
            self.events.push_back(Event::Writable(id));
            self.remove_if_over(id);
        }
        if draft.is_empty() { Ok(None) } else { draft.finish().map(Some) }
    }

    fn remove_if_over(&mut self, id: u64) {
        let over = |channel: &Channel| channel.is_over() && !channel.held;
        if !self.queues.channels.get(&id).is_some_and(over) {
            return;
        }
        let Some(channel) = self.queues.channels.remove(&id) else { return };
        self.growth += channel.grown();
        let count = match (channel.refused, id % 2 == self.next_ours % 2) {
            (true, _) => &mut self.refused,
            (false, true) => &mut self.open_here,
            (false, false) => &mut self.open_there,
        };
        *count = count.saturating_sub(1);
        self.events.push_back(Event::Gone);
    }
}

/// How a channel was reset, if it was: by the peer, or by this side.
fn reset_of(channel: &Channel) -> Option<Fault> {
    match (channel.theirs, channel.given_up()) {
        (Direction::Reset(reason), _) | (_, Some(reason)) => Some(Fault::Reset(reason)),
        _ => None,
    }
}
