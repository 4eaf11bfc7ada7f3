//! The table of wants (N31, N32): every want has exactly one next action, or a final reason.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use sdmp_container::{Fingerprint, Identifier, ResourceName, Timestamp};

use self::rows::first_of;
use crate::exchange::body::identity_of;
use crate::sync::queue::Queue;
use crate::sync::{Doubt, Limits, Next, WaitsFor, Want};

/// All wants of a node. A want with one holder takes some 1,800 octets with its indexes, so the most
/// that one peer may make (N51) take 180 MB. (A test holds this.) Durable: the rows that [`Wants::take_changes`] names are what a store keeps.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    rows: BTreeMap<ResourceName, Want>,
    order: u64,
    queue: Queue,
    /// What is waited for, and by which.
    waited: BTreeMap<ResourceName, BTreeSet<ResourceName>>,
    /// Open wants by the peer whose journal made them (N51).
    open: BTreeMap<Fingerprint, usize>,
    /// Closed wants by author, oldest first (N51).
    closed: BTreeMap<Fingerprint, BTreeMap<u64, ResourceName>>,
    /// The authors under whom an identifier is wanted.
    ids: BTreeSet<(Identifier, Fingerprint)>,
    /// What each holder did not find, and may be asked for again (N32).
    missed: BTreeMap<Fingerprint, BTreeSet<ResourceName>>,
    /// Wanted identities of keys.
    identities: BTreeSet<ResourceName>,
    changed: BTreeSet<ResourceName>,
}

impl Wants {
    /// The table of stored rows.
    #[must_use]
    pub fn restore(rows: Vec<(ResourceName, Want)>, now: Timestamp) -> Self {
        let mut wants = Self::default();
        for (name, want) in rows {
            // Orders of before the start keep their places in front of new ones.
            wants.order = wants.order.max(want.order.saturating_add(1));
            wants.put(name, want.stored(now), now);
        }
        for name in wants.waited.keys().cloned().collect::<Vec<_>>() {
            wants.change(&name, now, |want| want.urgent = true);
        }
        wants.changed.clear();
        wants
    }

    /// One want.
    #[must_use]
    pub fn get(&self, name: &ResourceName) -> Option<&Want> {
        self.rows.get(name)
    }

    /// All wants, by author and identifier.
    pub fn iter(&self) -> impl Iterator<Item = (&ResourceName, &Want)> {
        self.rows.iter()
    }

    /// The number of wants.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many open wants the journal of this peer made (N51).
    #[must_use]
    pub fn open_from(&self, peer: &Fingerprint) -> usize {
        self.open.get(peer).copied().unwrap_or(0)
    }

    /// The rows that changed since the last call, as a store keeps them; `None` is a row that went.
    pub fn take_changes(&mut self, now: Timestamp) -> Vec<(ResourceName, Option<Want>)> {
        let changed = std::mem::take(&mut self.changed);
        let row = |name: ResourceName| {
            let want = self.rows.get(&name).map(|want| want.stored(now));
            (name, want)
        };
        changed.into_iter().map(row).collect()
    }

    /// A line of `holder` names this resource (N31): it is wanted, or has one more holder, which
    /// makes a closed want due.
    pub fn add(&mut self, name: &ResourceName, holder: &Fingerprint, now: Timestamp) {
        let mut want = self.take(name).unwrap_or_else(|| {
            self.order = self.order.saturating_add(1);
            Want::new(self.order, holder.clone(), now)
        });
        if want.add_holder(holder, now)
            && matches!(want.next, Next::Closed(_) | Next::Due(_) | Next::Waits(WaitsFor::Room))
        {
            want.settle(now);
        }
        self.put(name.clone(), want, now);
    }

    /// The identity of a key is wanted, whichever resource that is (N19): of these peers.
    pub(crate) fn add_identity(
        &mut self,
        key: &Fingerprint,
        holders: &[Fingerprint],
        now: Timestamp,
    ) {
        let name = identity_of(key);
        if holders.is_empty() {
            // Who may have it shows when a session begins.
            self.add(&name, key, now);
        }
        for holder in holders {
            self.add(&name, holder, now);
        }
    }

    /// A peer that is connected may know any key's identity.
    pub(crate) fn add_identity_holder(&mut self, holder: &Fingerprint, now: Timestamp) {
        for name in self.identities.clone() {
            self.change(&name, now, |want| want.add_connected(holder, now));
        }
    }

    /// Something waits for this resource: it is asked for first (N32), of those who gave that.
    fn add_urgent(&mut self, name: &ResourceName, holders: &[Fingerprint], now: Timestamp) {
        let Some(first) = holders.first() else { return };
        self.add(name, first, now);
        for holder in holders {
            self.add(name, holder, now);
        }
        // Something that is here already waits for it.
        self.change(name, now, |want| want.urgent = true);
    }

    /// What `holder` is to be asked for now, at most `limit`, in order, and not what another can be
    /// asked for if this one comes last. They count as asked.
    pub(crate) fn ask(
        &mut self,
        holder: &Fingerprint,
        limit: usize,
        elsewhere: impl Fn(&Want) -> bool,
        now: Timestamp,
    ) -> Vec<ResourceName> {
        // However many another holder is to be asked for, only so many are looked at.
        let candidates = self.queue.of(holder).take(limit.saturating_mul(4));
        let fits = |name: &&ResourceName| self.rows.get(*name).is_some_and(|want| !elsewhere(want));
        let names: Vec<ResourceName> = candidates.filter(fits).take(limit).cloned().collect();
        for name in &names {
            self.change(name, now, |want| {
                if let Next::Asked(asked) = &mut want.next {
                    asked.insert(holder.clone());
                } else {
                    want.next = Next::Asked(BTreeSet::from([holder.clone()]));
                }
            });
        }
        names
    }

    /// Whether this peer can be asked for something now.
    #[must_use]
    pub fn is_ready(&self, holder: &Fingerprint) -> bool {
        self.queue.of(holder).next().is_some()
    }

    /// The text came, and is being judged.
    pub(crate) fn judging(&mut self, name: &ResourceName, now: Timestamp) {
        self.change(name, now, |want| want.next = Next::Judging);
    }

    /// The holder does not have it, or not for us (N32).
    pub(crate) fn not_found(&mut self, name: &ResourceName, holder: &Fingerprint, now: Timestamp) {
        self.change(name, now, |want| {
            if let Some(one) = want.holders.get_mut(holder) {
                one.missed(now);
            }
            want.not_asked(holder, now);
        });
    }

    /// The answer of this holder does not come, or not for this one: others are asked, or it again.
    pub(crate) fn not_asked(&mut self, name: &ResourceName, holder: &Fingerprint, now: Timestamp) {
        self.change(name, now, |want| want.not_asked(holder, now));
    }

    /// What was judged is due again without a verdict.
    pub(crate) fn unjudged(&mut self, name: &ResourceName, now: Timestamp) {
        self.change(name, now, |want| {
            if want.next == Next::Judging {
                want.settle(now);
            }
        });
    }

    /// What came of one holder's copy, where it does not settle the want (N7, N28).
    pub(crate) fn doubt(
        &mut self,
        name: &ResourceName,
        holder: &Fingerprint,
        doubt: &Doubt,
        now: Timestamp,
    ) {
        self.change(name, now, |want| {
            if let Some(one) = want.holders.get_mut(holder) {
                if matches!(doubt, Doubt::Claimed(_)) {
                    one.missed(now);
                    // A claim is no miss: the holder answered.
                    one.misses = 0;
                }
                one.doubt = Some(doubt.clone());
            }
            want.settle(now);
        });
        if let Doubt::UnknownSigner(signer) = doubt {
            self.add_urgent(signer, std::slice::from_ref(holder), now);
        }
    }

    /// The revocations that other holders gave instead of this one (N28).
    pub(crate) fn is_claimed_by_another(
        &self,
        name: &ResourceName,
        holder: &Fingerprint,
        revocation: &Identifier,
    ) -> bool {
        let claim = Some(Doubt::Claimed(revocation.clone()));
        self.rows.get(name).is_some_and(|want| {
            want.holders.iter().any(|(other, one)| other != holder && one.doubt == claim)
        })
    }

    /// Waits for another resource, which is asked for first, of the same holders (N7).
    pub(crate) fn wait(&mut self, name: &ResourceName, missing: &ResourceName, now: Timestamp) {
        let Some(want) = self.rows.get(name) else { return };
        let holders: Vec<Fingerprint> = want.holders.keys().cloned().collect();
        self.add_urgent(missing, &holders, now);
        self.next(name, Next::Waits(WaitsFor::Resource(missing.clone())), now);
    }

    /// Sets the next action of a want.
    pub(crate) fn next(&mut self, name: &ResourceName, next: Next, now: Timestamp) {
        self.change(name, now, |want| want.next = next);
    }

    /// Asked for again by every holder, not before this moment (N6: `created` ahead).
    pub(crate) fn postpone(&mut self, name: &ResourceName, until: Timestamp, now: Timestamp) {
        self.change(name, now, |want| {
            for holder in want.holders.values_mut() {
                holder.due = holder.due.max(until);
            }
            want.settle(now);
        });
    }

    /// The resource is known: its want goes, and what waited for it is due (N7).
    pub(crate) fn known(&mut self, name: &ResourceName, now: Timestamp) {
        if self.take(name).is_some() {
            self.changed.insert(name.clone());
        }
        for waiting in self.waited.get(name).cloned().unwrap_or_default() {
            self.change(&waiting, now, |want| want.wake(name, now));
        }
    }

    /// As [`Self::known`], under whichever author a line named it: a false one ends here.
    pub(crate) fn known_id(&mut self, id: &Identifier, now: Timestamp) {
        let first = (id.clone(), Fingerprint::from_octets([0; 64]));
        let named = self.ids.range(first..).take_while(|(one, _)| one == id);
        let authors: Vec<Fingerprint> = named.map(|(_, author)| author.clone()).collect();
        for author in authors {
            self.known(&ResourceName { author, resource: id.clone() }, now);
        }
    }

    /// New control of this user: what was refused, found no room or was not found is due (N31).
    pub(crate) fn reopen_author(&mut self, author: &Fingerprint, now: Timestamp) {
        for name in self.of_author(author) {
            self.change(&name, now, |want| want.reopen(now));
        }
    }

    /// Once for this session, the holder is asked anew for what it did not find (N32).
    pub(crate) fn retry_holder(&mut self, holder: &Fingerprint, now: Timestamp) {
        let names = self.missed.get(holder).cloned().unwrap_or_default();
        self.retry(holder, names, now);
    }

    /// As [`Self::retry_holder`], for what stands under one author's name: the holder learned what
    /// may let it answer otherwise (N31).
    pub(crate) fn retry_author(
        &mut self,
        holder: &Fingerprint,
        author: &Fingerprint,
        now: Timestamp,
    ) {
        let Some(missed) = self.missed.get(holder) else { return };
        let of_author = missed.range(first_of(author)..);
        let names = of_author.take_while(|name| name.author == *author).cloned().collect();
        self.retry(holder, names, now);
    }

    fn retry(&mut self, holder: &Fingerprint, names: BTreeSet<ResourceName>, now: Timestamp) {
        for name in names {
            self.change(&name, now, |want| {
                if let Some(one) = want.holders.get_mut(holder) {
                    one.due = one.due.min(now);
                }
                if matches!(want.next, Next::Due(_)) {
                    want.settle(now);
                }
            });
        }
    }

    /// Not wanted: it is something else than the line let us think (N19).
    pub(crate) fn unwanted(&mut self, name: &ResourceName) {
        if self.take(name).is_some() {
            self.changed.insert(name.clone());
        }
    }

    /// Whether others wait for this resource.
    pub(crate) fn is_waited_for(&self, name: &ResourceName) -> bool {
        self.waited.contains_key(name)
    }

    /// Keeps what is still wanted, and what that waits for.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&ResourceName) -> bool) {
        // What others wait for stays, although its author is not collected.
        let gone = self.rows.keys().filter(|name| !wanted(name) && !self.waited.contains_key(name));
        let gone: Vec<ResourceName> = gone.cloned().collect();
        for name in gone {
            self.take(&name);
            self.changed.insert(name);
        }
    }

    /// An upgrade: what another version set aside is due (N7).
    pub fn reopen_aside(&mut self, now: Timestamp) {
        let rows = self.rows.iter().filter(|(_, want)| matches!(want.next, Next::Aside(_)));
        let names: Vec<ResourceName> = rows.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.change(&name, now, |want| want.settle(now));
        }
    }

    /// Room was made: what found none is due (N7).
    pub fn reopen_roomless(&mut self, now: Timestamp) {
        let roomless = |want: &Want| want.next == Next::Waits(WaitsFor::Room);
        let rows = self.rows.iter().filter(|(_, want)| roomless(want));
        let names: Vec<ResourceName> = rows.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.change(&name, now, |want| want.settle(now));
        }
    }

    /// Only so many closed wants of one author are kept: the oldest go (N51).
    pub(crate) fn bound_closed(&mut self, limits: &Limits) {
        let over = |rows: &BTreeMap<u64, ResourceName>| {
            // Each reporter has its own bound, so that one of them cannot push out what others
            // reported.
            let excess = rows.len().saturating_sub(limits.closed_wants);
            rows.values().take(excess).cloned().collect::<Vec<_>>()
        };
        let gone: Vec<ResourceName> = self.closed.values().flat_map(over).collect();
        for name in gone {
            self.take(&name);
            self.changed.insert(name);
        }
    }

    /// Pauses that are over make wants ready.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        for name in self.queue.due(now) {
            if let Some(want) = self.rows.get(&name) {
                self.queue.place(want.order, &name, Some(want), now);
            }
        }
    }

    /// When [`Self::advance`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    fn change(&mut self, name: &ResourceName, now: Timestamp, change: impl FnOnce(&mut Want)) {
        if let Some(mut want) = self.take(name) {
            change(&mut want);
            self.put(name.clone(), want, now);
        }
    }
}
