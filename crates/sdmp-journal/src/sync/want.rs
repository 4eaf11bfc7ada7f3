//! One resource that is wanted and not here, and what happens next about it (N31, N32).

use std::collections::BTreeSet;
use std::time::Duration;

use sdmp_container::{Fingerprint, Identifier, ResourceName, Timestamp};

use crate::Code;
use crate::sync::Holders;
use crate::sync::time::{DAY, HOUR, later};

/// The most holders that are remembered for one want: enough to outlast liars, and a bound for what
/// one line that many peers repeat may cost.
pub const MAX_HOLDERS: usize = 32;

/// The longest pause after `not_found` (N32).
const LONGEST_PAUSE: Duration = DAY.saturating_mul(32);
/// The first pause after `not_found`, and how long a holder is not asked again that gave a
/// revocation which settles nothing: as long as its session may last (N28, N34).
const FIRST_PAUSE: Duration = HOUR.saturating_mul(6);

/// What a want waits for (N7, N31).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// Another resource, itself a want.
    Resource(ResourceName),
    /// Room in its author's share (N51).
    Room,
}

/// The one next action of a want (N31).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To be asked for at this moment or later, as soon as a holder is connected.
    Due(Timestamp),
    /// Asked of these peers, whose answers are awaited. Not durable: stored as due now.
    Asked(BTreeSet<Fingerprint>),
    /// Its text is here and is being judged. Not durable: stored as due now.
    Judging,
    /// Not asked for until something else happens.
    Waits(WaitsFor),
    /// Refused, or no holder has a good copy. New control of its author, or a new holder, reopens it.
    Closed(Code),
    /// Set aside by this version of the program (N7): asked for again after an upgrade.
    Aside(Code),
    /// Its text was given up on purpose: only a person asks for it again (N50).
    GivenUp,
}

/// Why a holder is not simply asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Its copy was bad: it is never asked again for this one (N7).
    BadCopy(Code),
    /// Its copy names a signer whose identity is not known: it waits for that (N6, step 4).
    UnknownSigner(ResourceName),
    /// It gave a revocation that does not settle the want alone (N28).
    Claimed(Identifier),
}

/// What is known about one holder of a wanted resource (N32).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// When it may be asked (again).
    pub due: Timestamp,
    /// How often it said `not_found` since the last reason to ask anew.
    pub misses: u8,
    /// What came of asking it, where that matters later.
    pub doubt: Option<Doubt>,
}

impl Holder {
    pub(crate) const fn new(due: Timestamp) -> Self {
        Self { due, misses: 0, doubt: None }
    }

    /// Whether it is asked again, now or later.
    pub(crate) const fn is_usable(&self) -> bool {
        !matches!(self.doubt, Some(Doubt::BadCopy(_) | Doubt::UnknownSigner(_)))
    }

    /// N32: not found: asked again after 6 hours, doubling to 32 days.
    pub(crate) fn missed(&mut self, now: Timestamp) {
        let doubled = FIRST_PAUSE.saturating_mul(1 << u32::from(self.misses.min(7)));
        self.misses = self.misses.saturating_add(1);
        // A holder that does not have it may get it later, but is asked less and less.
        self.due = later(now, doubled.min(LONGEST_PAUSE));
    }
}

/// A want: a durable value, of which [`Wants`](crate::sync::Wants) is the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Wants are asked for in this order, that of the lines which made them (N32).
    pub order: u64,
    /// Whether others wait for it: these are asked for first, of two holders at once (N32).
    pub urgent: bool,
    /// Whose journal made it; counted against this peer (N51).
    pub reporter: Fingerprint,
    /// What happens next.
    pub next: Next,
    /// Who may have it.
    pub holders: Holders,
}

impl Want {
    pub(crate) fn new(order: u64, reporter: Fingerprint, now: Timestamp) -> Self {
        Self { order, urgent: false, reporter, next: Next::Due(now), holders: Holders::default() }
    }

    /// Adds a holder; returns whether it was not known before.
    pub(crate) fn add_holder(&mut self, holder: &Fingerprint, now: Timestamp) -> bool {
        // A name that very many announce needs only a few of them.
        if self.holders.contains_key(holder) || self.holders.len() >= MAX_HOLDERS {
            return false;
        }
        self.holders.insert(holder.clone(), Holder::new(now));
        true
    }

    /// Adds a holder that can be asked now in the place of one that cannot or did not find it: an
    /// identity may be at any peer, so that the first ones by name must not keep out the others.
    pub(crate) fn add_connected(&mut self, holder: &Fingerprint, now: Timestamp) {
        let is_asked = |key: &Fingerprint| {
            if let Next::Asked(asked) = &self.next { asked.contains(key) } else { false }
        };
        if !self.holders.contains_key(holder) && self.holders.len() >= MAX_HOLDERS {
            let free =
                self.holders.iter().filter(|(key, one)| !is_asked(key) && one.doubt.is_none());
            let last = free.max_by_key(|(_, one)| (one.misses, one.due));
            if let Some(last) = last.map(|(key, _)| key.clone()) {
                self.holders.remove(&last);
            }
        }
        if self.add_holder(holder, now) && matches!(self.next, Next::Closed(_) | Next::Due(_)) {
            self.settle(now);
        }
    }

    /// Whether the want may be asked of `holder` now.
    pub(crate) fn may_ask(&self, holder: &Fingerprint, now: Timestamp) -> bool {
        let free = match &self.next {
            Next::Due(_) => true,
            // N32: what others wait for is asked of two holders at once.
            Next::Asked(asked) => self.urgent && asked.len() < 2 && !asked.contains(holder),
            Next::Judging | Next::Waits(_) | Next::Closed(_) | Next::Aside(_) | Next::GivenUp => {
                false
            }
        };
        free && self.holders.get(holder).is_some_and(|one| one.is_usable() && one.due <= now)
    }

    /// Whether it was refused, set aside, or no holder has a good copy (N51 bounds these): nothing is
    /// asked for, so it must not keep the journal that made it from being read.
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.next, Next::Closed(_) | Next::Aside(_))
    }

    /// After an attempt ended without a verdict on the resource itself: the want is due when its
    /// next holder is; else it waits for the signer of a copy; else no copy was good.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let usable = self.holders.values().filter(|holder| holder.is_usable());
        if let Some(due) = usable.map(|holder| holder.due).min() {
            self.next = Next::Due(due.max(now));
            return;
        }
        let doubts = || self.holders.values().filter_map(|holder| holder.doubt.as_ref());
        let signer = doubts().find_map(|doubt| match doubt {
            Doubt::UnknownSigner(signer) => Some(signer.clone()),
            Doubt::BadCopy(_) | Doubt::Claimed(_) => None,
        });
        let bad = doubts().find_map(|doubt| match doubt {
            Doubt::BadCopy(code) => Some(*code),
            Doubt::UnknownSigner(_) | Doubt::Claimed(_) => None,
        });
        self.next = match (signer, bad) {
            (Some(signer), _) => Next::Waits(WaitsFor::Resource(signer)),
            (None, bad) => Next::Closed(bad.unwrap_or(Code::ExchangeTimeout)),
        };
    }

    /// One peer's answer is not awaited any more.
    pub(crate) fn not_asked(&mut self, holder: &Fingerprint, now: Timestamp) {
        if let Next::Asked(asked) = &mut self.next {
            asked.remove(holder);
            if asked.is_empty() {
                self.settle(now);
            }
        }
    }

    /// Forgets pauses and refusals: the want is due at once (N31). Bad copies stay bad.
    pub(crate) fn reopen(&mut self, now: Timestamp) {
        for holder in self.holders.values_mut() {
            (holder.due, holder.misses) = (holder.due.min(now), 0);
        }
        match self.next {
            Next::Due(_) | Next::Waits(WaitsFor::Room) | Next::Closed(_) => self.settle(now),
            Next::Asked(_)
            | Next::Judging
            | Next::Waits(WaitsFor::Resource(_))
            | Next::Aside(_)
            | Next::GivenUp => {}
        }
    }

    /// What it waits for is known.
    pub(crate) fn wake(&mut self, name: &ResourceName, now: Timestamp) {
        for holder in self.holders.values_mut() {
            if holder.doubt.as_ref() == Some(&Doubt::UnknownSigner(name.clone())) {
                *holder = Holder::new(now);
            }
        }
        let waited = Next::Waits(WaitsFor::Resource(name.clone()));
        if self.next == waited {
            for holder in self.holders.values_mut().filter(|holder| holder.is_usable()) {
                holder.due = holder.due.min(now);
            }
        }
        if self.next == waited || matches!(self.next, Next::Due(_)) {
            self.settle(now);
        }
    }

    /// All that it waits for, the signers of single copies included.
    pub(crate) fn waits_for(&self) -> impl Iterator<Item = &ResourceName> {
        let whole =
            if let Next::Waits(WaitsFor::Resource(name)) = &self.next { Some(name) } else { None };
        let copies = self.holders.values().filter_map(|holder| match &holder.doubt {
            Some(Doubt::UnknownSigner(name)) => Some(name),
            _ => None,
        });
        whole.into_iter().chain(copies)
    }

    /// Who did not find it, and may be asked again (N32).
    pub(crate) fn holders_that_missed(&self) -> impl Iterator<Item = &Fingerprint> {
        self.holders.iter().filter(|(_, one)| one.misses > 0).map(|(holder, _)| holder)
    }

    /// The same as a store keeps it: what was under way is due again (N31).
    #[must_use]
    pub fn stored(&self, now: Timestamp) -> Self {
        let mut stored = self.clone();
        // After a start there is no session any more that could answer.
        if matches!(stored.next, Next::Asked(_) | Next::Judging) {
            stored.next = Next::Due(now);
        }
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n32_a_connected_holder_takes_the_place_of_one_that_did_not_find_it() {
        let key = |n: u8| Fingerprint::from_octets([n; 64]);
        let now = Timestamp::MIN;
        let mut want = Want::new(1, key(0), now);
        for n in 0..40 {
            want.add_holder(&key(n), now);
        }
        assert_eq!(want.holders.len(), MAX_HOLDERS);
        want.next = Next::Asked(BTreeSet::from([key(1)]));
        for holder in [1, 2] {
            want.holders.get_mut(&key(holder)).unwrap().missed(now);
        }
        want.add_connected(&key(200), now);
        assert!(want.holders.contains_key(&key(200)));
        assert!(want.holders.contains_key(&key(1)), "its answer is awaited");
        assert!(!want.holders.contains_key(&key(2)));
        assert_eq!(want.holders.len(), MAX_HOLDERS);
        // What was learned of bad copies is not forgotten for it (N7).
        for holder in want.holders.values_mut() {
            holder.doubt = Some(Doubt::BadCopy(Code::SignatureBad));
        }
        want.add_connected(&key(201), now);
        assert!(!want.holders.contains_key(&key(201)));
    }
}
