//! Which wants each holder can be asked for, in the order of N32.

use std::collections::BTreeMap;

use sdmp_container::{Fingerprint, ResourceName, Timestamp};

use crate::sync::{Next, Want};

/// The order in which one holder is asked: what others wait for, then the order of lines.
type Rank = (bool, u64);

/// Where a want stands in the queue of one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ready(Rank),
    Later(Timestamp),
}

/// An index over all wants by holder; it holds nothing that the wants do not say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    ready: BTreeMap<Fingerprint, BTreeMap<Rank, ResourceName>>,
    later: BTreeMap<(Timestamp, u64, Fingerprint), ResourceName>,
    places: BTreeMap<u64, Vec<(Fingerprint, Place)>>,
}

impl Queue {
    /// Puts a want where it belongs now; `None` takes it out.
    pub(crate) fn place(
        &mut self,
        order: u64,
        name: &ResourceName,
        want: Option<&Want>,
        now: Timestamp,
    ) {
        self.remove(order);
        let Some(want) = want else { return };
        let mut places = Vec::new();
        for (fingerprint, holder) in want.holders.iter() {
            let place = if want.may_ask(fingerprint, now) {
                // Urgent ones first, otherwise the oldest: a set sorted by this pair gives them in
                // order.
                let rank = (!want.urgent, order);
                self.ready.entry(fingerprint.clone()).or_default().insert(rank, name.clone());
                Place::Ready(rank)
            } else if matches!(want.next, Next::Due(_)) && holder.is_usable() {
                let key = (holder.due, order, fingerprint.clone());
                self.later.insert(key, name.clone());
                Place::Later(holder.due)
            } else {
                continue;
            };
            places.push((fingerprint.clone(), place));
        }
        if !places.is_empty() {
            self.places.insert(order, places);
        }
    }

    fn remove(&mut self, order: u64) {
        for (holder, place) in self.places.remove(&order).unwrap_or_default() {
            match place {
                Place::Later(due) => drop(self.later.remove(&(due, order, holder))),
                Place::Ready(rank) => {
                    if let Some(ready) = self.ready.get_mut(&holder) {
                        ready.remove(&rank);
                        if ready.is_empty() {
                            self.ready.remove(&holder);
                        }
                    }
                }
            }
        }
    }

    /// The wants whose holders' pauses are over.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<ResourceName> {
        let due = self.later.iter().take_while(|((at, ..), _)| *at <= now);
        due.map(|(_, name)| name.clone()).collect()
    }

    /// When the next pause is over.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.later.first_key_value().map(|((at, ..), _)| *at)
    }

    /// What this holder can be asked for, in order.
    pub(crate) fn of<'q>(
        &'q self,
        holder: &Fingerprint,
    ) -> impl Iterator<Item = &'q ResourceName> + use<'q> {
        self.ready.get(holder).into_iter().flat_map(|ready| ready.values())
    }
}
