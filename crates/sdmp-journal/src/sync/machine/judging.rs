//! What comes of judging (N7, N28).

use std::sync::Arc;

use sdmp_container::{Fingerprint, ResourceName, Timestamp};

use super::{Machine, Turn};
use crate::exchange::body::is_identity;
use crate::sync::time::later;
use crate::sync::{Doubt, Next, Outcome, SessionId, ToJudge, WaitsFor, Wish};
use crate::{Code, Resource};

/// What a judged resource is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// It is what was asked for.
    Copy,
    /// It revokes what was asked for.
    Revocation { of: ResourceName },
}

/// A resource that is being judged.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: ResourceName,
    pub(crate) giver: Fingerprint,
    pub(crate) session: SessionId,
    pub(crate) purpose: Purpose,
    pub(crate) resource: Arc<Resource>,
}

/// A resource that waits for another one, with its text, for a short time.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    item: Item,
    missing: ResourceName,
    until: Timestamp,
}

impl Machine {
    pub(super) fn judge(&mut self, turn: &mut Turn<'_>, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        self.next_ticket = self.next_ticket.saturating_add(1);
        let resource = |item: &Item| ToJudge {
            name: item.name.clone(),
            giver: item.giver.clone(),
            resource: Arc::clone(&item.resource),
        };
        let resources = items.iter().map(resource).collect();
        turn.wishes.push(Wish::Judge { ticket: self.next_ticket, resources });
        for item in &items {
            if let Some(session) = self.sessions.get_mut(&item.session) {
                session.judging = session.judging.saturating_add(1);
            }
        }
        self.tickets.insert(self.next_ticket, items);
    }

    pub(super) fn judged(&mut self, turn: &mut Turn<'_>, ticket: u64, outcomes: Vec<Outcome>) {
        let items = self.tickets.remove(&ticket).unwrap_or_default();
        let mut outcomes = outcomes.into_iter();
        for item in items {
            if let Some(session) = self.sessions.get_mut(&item.session) {
                session.judging = session.judging.saturating_sub(1);
            }
            match (outcomes.next(), &item.purpose) {
                // The caller gave no verdict: the want is due again.
                (None, _) => self.wants.unjudged(&item.name, turn.now),
                (Some(outcome), Purpose::Copy) => self.copy_judged(turn, item, outcome),
                (Some(outcome), Purpose::Revocation { of }) => {
                    let of = of.clone();
                    self.revocation_judged(turn, &item, &of, outcome);
                }
            }
        }
    }

    fn copy_judged(&mut self, turn: &mut Turn<'_>, item: Item, outcome: Outcome) {
        let (name, now) = (&item.name, turn.now);
        match outcome {
            Outcome::Known => self.wants.known(name, now),
            Outcome::Waits(missing) if self.is_here(turn, &missing) => {
                self.wants.unjudged(name, now);
            }
            Outcome::UnknownSigner(missing) if self.is_here(turn, &missing) => {
                self.wants.unjudged(name, now);
            }
            Outcome::Waits(missing) => {
                self.wants.wait(name, &missing, now);
                self.hold(turn, item, missing);
            }
            Outcome::UnknownSigner(missing) => {
                let doubt = Doubt::UnknownSigner(missing.clone());
                self.wants.doubt(name, &item.giver, &doubt, now);
                self.hold(turn, item, missing);
            }
            Outcome::NotBefore(until) => self.wants.postpone(name, until, now),
            Outcome::NoRoom => self.wants.next(name, Next::Waits(WaitsFor::Room), now),
            Outcome::BadCopy(code) => {
                self.wants.doubt(name, &item.giver, &Doubt::BadCopy(code), now);
                self.blame(turn, item.session, code);
            }
            Outcome::Aside(code) => self.wants.next(name, Next::Aside(code), now),
            Outcome::Refused(code) => self.wants.next(name, Next::Closed(code), now),
        }
    }

    /// N28: a revocation in place of the resource settles it only if the user's key signed it, or
    /// two holders gave the same; else other holders are asked.
    fn revocation_judged(
        &mut self,
        turn: &mut Turn<'_>,
        item: &Item,
        of: &ResourceName,
        outcome: Outcome,
    ) {
        let (now, revocation) = (turn.now, &item.resource);
        let known = outcome == Outcome::Known;
        if let Outcome::Waits(missing) | Outcome::UnknownSigner(missing) = &outcome {
            // The revocation is wanted for its own sake: it waits like any other resource.
            self.wants.add(&item.name, &item.giver, now);
            self.wants.wait(&item.name, missing, now);
        }
        let by_user = revocation.signer() == revocation.user();
        let twice = self.wants.is_claimed_by_another(of, &item.giver, revocation.id());
        if known && (by_user || twice) {
            let settled = Next::Closed(Code::ResourceRevoked);
            return self.wants.next(of, settled, now);
        }
        let claim = Doubt::Claimed(revocation.id().clone());
        self.wants.doubt(of, &item.giver, &claim, now);
        if let Outcome::BadCopy(code) = outcome {
            self.blame(turn, item.session, code);
        }
    }

    /// Whether what is waited for came meanwhile.
    fn is_here(&self, turn: &Turn<'_>, missing: &ResourceName) -> bool {
        if is_identity(missing) {
            turn.guide.has_identity(&missing.author)
        } else {
            turn.guide.kind(&missing.resource).is_some()
        }
    }

    /// N7: the text is kept for up to 8 s, in which what it waits for may come.
    fn hold(&mut self, turn: &Turn<'_>, item: Item, missing: ResourceName) {
        let size = item.resource.text().len();
        if self.held_octets.saturating_add(size) > self.limits.held_octets {
            return;
        }
        let until = later(turn.now, self.limits.held);
        let held = Held { item, missing, until };
        self.held_octets = self.held_octets.saturating_add(size);
        if let Some(old) = self.held.insert(held.item.name.clone(), held) {
            self.held_octets = self.held_octets.saturating_sub(old.item.resource.text().len());
        }
    }

    pub(super) fn drop_held(&mut self, now: Timestamp) {
        self.take_held(|held| held.until <= now);
    }

    /// What waited for one of these is judged again, from the text that was kept.
    pub(super) fn judge_held(&mut self, turn: &mut Turn<'_>, came: impl Fn(&ResourceName) -> bool) {
        let items = self.take_held(|held| came(&held.missing));
        for item in &items {
            self.wants.judging(&item.name, turn.now);
        }
        self.judge(turn, items);
    }

    fn take_held(&mut self, takes: impl Fn(&Held) -> bool) -> Vec<Item> {
        let names: Vec<ResourceName> = self
            .held
            .iter()
            .filter(|(_, held)| takes(held))
            .map(|(name, _)| name.clone())
            .collect();
        let mut items = Vec::new();
        for name in names {
            if let Some(held) = self.held.remove(&name) {
                let size = held.item.resource.text().len();
                self.held_octets = self.held_octets.saturating_sub(size);
                items.push(held.item);
            }
        }
        items
    }

    pub(super) fn held_until(&self) -> Option<Timestamp> {
        self.held.values().map(|held| held.until).min()
    }
}
