//! Which channels have something to say, in which order.

use std::collections::{BTreeMap, VecDeque};

use crate::channel::{Channel, Direction};
use crate::fault::{Fault, Reason};
use crate::frame::Draft;
use crate::limits::Limits;

/// The channels, and their turns.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) channels: BTreeMap<u64, Channel>,
    /// Opens, windows and resets, which go before octets: they are short and let others go on.
    urgent: VecDeque<u64>,
    /// Octets and ends, a share of each in turn.
    ready: VecDeque<u64>,
}

impl Queues {
    /// Puts a channel where it has to wait, if it has anything to say.
    pub(crate) fn enqueue(&mut self, id: u64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let due = &channel.due;
        let urgent = due.open.is_some() || due.window > 0 || due.reset.is_some();
        if urgent && !std::mem::replace(&mut channel.in_urgent, true) {
            self.urgent.push_back(id);
        }
        if channel.has_output() && !std::mem::replace(&mut channel.in_ready, true) {
            self.ready.push_back(id);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.ready.is_empty()
    }

    /// Writes opens, windows and resets into a message; the channels that were given up.
    pub(crate) fn write_urgent(&mut self, draft: &mut Draft) -> Vec<u64> {
        let mut reset = Vec::new();
        while draft.has_room() {
            let Some(id) = self.urgent.pop_front() else { break };
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            channel.in_urgent = false;
            if let Some(target) = channel.due.open.take() {
                draft.open(id, &target);
            }
            let window = std::mem::take(&mut channel.due.window);
            if window > 0 && channel.theirs == Direction::Open {
                draft.window(id, window);
            }
            if let Some(reason) = channel.due.reset.take() {
                draft.reset(id, reason);
                channel.ours = Direction::Reset(reason);
                reset.push(id);
            }
        }
        reset
    }

    /// Writes octets and ends into a message, a share of each channel in turn; the channels that
    /// have said something.
    pub(crate) fn write_octets(&mut self, draft: &mut Draft, limits: &Limits) -> Vec<u64> {
        let mut spoken = Vec::new();
        // An open goes before its octets.
        while self.urgent.is_empty() && draft.has_room() {
            let Some(id) = self.ready.pop_front() else { break };
            let alone = self.ready.is_empty();
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            channel.in_ready = false;
            if !channel.has_output() {
                continue;
            }
            let share = if alone { draft.room() } else { limits.share.min(draft.room()) };
            let credit = usize::try_from(channel.credit).unwrap_or(usize::MAX);
            let length = channel.waiting.len().min(share).min(credit);
            if length > 0 {
                draft.data(id, &channel.waiting.split_to(length));
                channel.credit -= u64::try_from(length).unwrap_or_default();
            }
            if channel.ending && channel.waiting.is_empty() && draft.has_room() {
                draft.end(id);
                channel.ours = Direction::Ended;
            }
            spoken.push(id);
            self.enqueue(id);
        }
        spoken
    }

    /// Gives a channel up in both directions.
    pub(crate) fn give_up(&mut self, id: u64, reason: Reason) {
        if self.channels.get_mut(&id).is_some_and(|channel| channel.give_up(reason)) {
            self.enqueue(id);
        }
    }

    pub(crate) fn get(&mut self, id: u64) -> Result<&mut Channel, Fault> {
        self.channels.get_mut(&id).ok_or(Fault::Unknown)
    }
}
