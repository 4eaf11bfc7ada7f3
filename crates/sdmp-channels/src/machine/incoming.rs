//! What the peer says, and what is wrong with it.

use sdmp_container::Container;

use super::{Event, Machine};
use crate::channel::{Channel, Direction};
use crate::fault::{Fault, Reason};
use crate::frame::{Frame, Step};
use crate::read::read;

impl Machine {
    /// Takes a container of the peer's.
    ///
    /// # Errors
    /// What makes the whole session useless: end it. What is wrong with one channel only resets that.
    pub fn handle(&mut self, container: &Container) -> Result<(), Fault> {
        let frames = read(container)?;
        // The greeting comes first, once, and is the only message without steps.
        if frames.is_empty() == self.greeted {
            return Err(Fault::Malformed);
        }
        if !self.greeted {
            self.greeted = true;
            self.events.push_back(Event::Greeted);
        }
        frames.into_iter().try_for_each(|frame| self.take(frame))
    }

    fn take(&mut self, Frame { id, step }: Frame) -> Result<(), Fault> {
        if let Step::Open(target) = step {
            return self.opened(id, target);
        }
        if !self.queues.channels.contains_key(&id) {
            return match step {
                // They crossed with the end: the peer could not know.
                Step::Window(_) | Step::Reset(_) if self.was_open(id) => Ok(()),
                Step::Open(_) | Step::Data(_) | Step::Window(_) | Step::End | Step::Reset(_) => {
                    Err(Fault::Unknown)
                }
            };
        }
        let channel = self.queues.get(id)?;
        let given_up = channel.given_up().is_some();
        let taken = match step {
            // It may have been on its way when this side gave the channel up.
            Step::Data(_) | Step::Window(_) if given_up => Ok(()),
            Step::Data(octets) => channel.receive(&octets),
            Step::Window(octets) => channel.allow(octets),
            Step::End if channel.theirs != Direction::Open => Err(Reason::AfterEnd),
            Step::End => {
                channel.theirs = Direction::Ended;
                Ok(())
            }
            Step::Reset(reason) => {
                channel.theirs = Direction::Reset(reason);
                // Answered, so that both sides know that nothing more comes; what was told
                // already needs no answer.
                if channel.ours == Direction::Open {
                    channel.give_up(reason);
                }
                self.events.push_back(Event::Writable(id));
                Ok(())
            }
            Step::Open(_) => Err(Reason::Aborted),
        };
        if let Err(reason) = taken {
            self.queues.give_up(id, reason);
            self.events.push_back(Event::Writable(id));
        }
        self.events.push_back(Event::Readable(id));
        self.queues.enqueue(id);
        self.remove_if_over(id);
        Ok(())
    }

    fn opened(&mut self, id: u64, target: String) -> Result<(), Fault> {
        if id != self.next_theirs {
            return Err(Fault::Order);
        }
        self.next_theirs += 2;
        let full = self.open_there >= self.limits.opened_there;
        let refusal = match (self.closing, full) {
            (true, _) => Some(Reason::Closing),
            (false, true) => Some(Reason::TooMany),
            (false, false) => None,
        };
        let mut channel = Channel::new(refusal.is_none());
        let Some(reason) = refusal else {
            self.open_there += 1;
            self.queues.channels.insert(id, channel);
            self.events.push_back(Event::Opened(id, target));
            return Ok(());
        };
        // A refused channel is kept until the peer has taken note; a peer that never does is cut.
        if self.refused >= self.limits.opened_there {
            return Err(Fault::Flood);
        }
        self.refused += 1;
        channel.refused = true;
        self.queues.channels.insert(id, channel);
        self.queues.give_up(id, reason);
        Ok(())
    }

    /// Whether there was a channel of this number.
    fn was_open(&self, id: u64) -> bool {
        let ours = id % 2 == self.next_ours % 2;
        id < if ours { self.next_ours } else { self.next_theirs }
    }
}
