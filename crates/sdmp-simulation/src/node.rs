//! A node in memory: a store with faults to order, and the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sdmp_container::{ResourceName, Timestamp};
use sdmp_envelope::LocalIdentity;
use sdmp_journal::exchange::{Given, Sender};
use sdmp_journal::sync::{
    Access, Guide, Input, Library, Limits, Machine, Outcome, PeerRow, Snapshot as OneState,
    ToJudge, Want, Wish,
};
use sdmp_journal::{Candidate, Fingerprint, Head, Identifier, Line, LineId, Resource, Verdict};
use sdmp_store::suite::people::Keyed;
use sdmp_store::{Append, Changes, Error, Faults, Memory, Snapshot, Store};

use crate::dice::Dice;

/// What is wrong with the disk of a node, and with its process.
#[derive(Clone, Debug, Default)]
pub struct Trouble(Arc<Switches>);

#[derive(Debug, Default)]
struct Switches {
    full: AtomicBool,
    /// At how many steps of the store from now the process ends; 0 for never.
    ends_in: AtomicU32,
    ended: AtomicBool,
}

impl Trouble {
    /// Fills the disk, or makes room.
    pub fn set_full(&self, full: bool) {
        self.0.full.store(full, Ordering::Relaxed);
    }

    /// Lets the process end at so many steps of the store from now.
    pub fn end_in(&self, steps: u32) {
        self.0.ends_in.store(steps, Ordering::Relaxed);
    }

    /// Whether the process ended at a step of the store since the last time that this was asked.
    pub(crate) fn take_end(&self) -> bool {
        self.0.ended.swap(false, Ordering::Relaxed)
    }

    fn faults(&self) -> Faults {
        let switches = Arc::clone(&self.0);
        Faults::new(move |_| {
            let left = switches.ends_in.load(Ordering::Relaxed);
            if left > 0 {
                switches.ends_in.store(left - 1, Ordering::Relaxed);
                if left == 1 {
                    switches.ended.store(true, Ordering::Relaxed);
                    return Err(Error::Engine("the process ended".to_owned()));
                }
            }
            if switches.full.load(Ordering::Relaxed) { Err(Error::Full) } else { Ok(()) }
        })
    }
}

/// The journal and texts of a store, and the addresses of the own configuration (N35).
struct Shelf<'s> {
    snapshot: &'s dyn Snapshot,
    addresses: &'s BTreeSet<Fingerprint>,
}

impl Library for Shelf<'_> {
    fn head(&self) -> Head {
        self.snapshot.head()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        self.snapshot.lines(since, limit)
    }

    fn text(&self, id: &Identifier) -> Option<Arc<str>> {
        self.snapshot.text(id)
    }

    fn has_address(&self, node: &Fingerprint) -> bool {
        self.addresses.contains(node) || self.snapshot.has_address(node)
    }
}

/// A node of a user.
#[derive(Debug)]
pub struct Node {
    /// For messages of tests.
    pub name: String,
    /// Its key and identity.
    pub me: LocalIdentity,
    /// Its fingerprint.
    pub fp: Fingerprint,
    /// Its user (N1).
    pub user: Fingerprint,
    /// Journal, texts, cursors and wants.
    pub store: Memory,
    /// The rules of synchronisation.
    pub machine: Machine,
    /// What can go wrong around it.
    pub trouble: Trouble,
    /// How much its clock is ahead of the world's, in milliseconds.
    pub skew: i64,
    /// Nodes whose address its configuration knows.
    pub addresses: BTreeSet<Fingerprint>,
    /// Whether it keeps what it admitted for the observer.
    pub(crate) watched: bool,
    pub(crate) admitted: BTreeMap<Identifier, Resource>,
    pub(crate) sender: Sender,
    limits: Limits,
    /// What could not be kept yet: kept with what comes next, so that no cursor runs ahead (S5).
    unkept: Changes,
}

impl Node {
    /// A node whose journal begins with these resources (N21): the user's identity, the trust in the
    /// node, the node's identity.
    ///
    /// # Panics
    /// If they are not admitted.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        me: &LocalIdentity,
        user: &Fingerprint,
        first: &[Resource],
        now: Timestamp,
    ) -> Self {
        let fp = me.identity().fingerprint().clone();
        let trust = first.get(1).expect("the trust in the node").id().clone();
        let trouble = Trouble::default();
        let mut node = Self {
            name: name.into(),
            store: Memory::new(fp.clone()).with_faults(trouble.faults()),
            sender: Sender { node: me.clone(), user: user.clone(), trust },
            me: me.clone(),
            fp,
            user: user.clone(),
            machine: Machine::new(Limits::default(), vec![], vec![], now),
            trouble,
            skew: 0,
            addresses: BTreeSet::new(),
            watched: true,
            admitted: BTreeMap::new(),
            limits: Limits::default(),
            unkept: Changes::default(),
        };
        let (lines, outcomes) = node.judge(first.to_vec(), now).expect("a new store takes them");
        assert_eq!(lines.len(), first.len(), "{}: {outcomes:?}", node.name);
        node
    }

    /// Judges these together, and appends what is admitted.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn judge(
        &mut self,
        resources: Vec<Resource>,
        now: Timestamp,
    ) -> Result<(Vec<Line>, Vec<Outcome>), Error> {
        let order: Vec<Identifier> = resources.iter().map(|one| one.id().clone()).collect();
        let candidates = resources.into_iter().map(Candidate::new).collect();
        let append = Append::new(self.user.clone(), now, candidates).with_verifier(Arc::new(Keyed));
        let appended = self.store.append(append)?;
        let mut outcomes = BTreeMap::new();
        for one in appended.judged {
            let resource = one.candidate.into_resource();
            let id = resource.id().clone();
            if self.watched && matches!(one.verdict, Verdict::Admit { .. }) {
                self.admitted.insert(id.clone(), resource);
            }
            outcomes.insert(id, Outcome::from(one.verdict));
        }
        let outcomes = order.iter().filter_map(|id| outcomes.get(id).cloned()).collect();
        Ok((appended.lines, outcomes))
    }

    pub(crate) fn judge_wish(
        &mut self,
        wish: &[ToJudge],
        now: Timestamp,
    ) -> Result<(Vec<Line>, Vec<Outcome>), Error> {
        self.judge(wish.iter().map(|one| (*one.resource).clone()).collect(), now)
    }

    /// Tells the machine, and keeps what it wishes to be kept.
    pub(crate) fn handle(&mut self, input: Input, now: Timestamp, dice: &mut Dice) -> Vec<Wish> {
        let snapshot = self.snapshot();
        let library = Shelf { snapshot: &*snapshot, addresses: &self.addresses };
        let (node, user) = (&self.fp, &self.user);
        let guide = OneState { view: &*snapshot, library: &library, node, user, now };
        let wishes = self.machine.handle(input, &guide, now, dice);
        drop(snapshot);
        let mut others = Vec::with_capacity(wishes.len());
        for wish in wishes {
            match wish {
                Wish::Store { peers, wants } => self.keep(peers, wants),
                other => others.push(other),
            }
        }
        others
    }

    fn keep(
        &mut self,
        peers: Vec<(Fingerprint, PeerRow)>,
        wants: Vec<(ResourceName, Option<Want>)>,
    ) {
        self.unkept.peers.extend(peers);
        self.unkept.wants.extend(wants);
        if self.store.keep(self.unkept.clone()).is_ok() {
            self.unkept = Changes::default();
        }
    }

    /// Keeps nothing for the observer: for worlds that are too large for one.
    pub(crate) fn unwatch(&mut self) {
        self.watched = false;
        self.admitted.clear();
    }

    /// One state of the store.
    #[must_use]
    pub fn snapshot(&self) -> Box<dyn Snapshot> {
        self.store.snapshot().expect("memory can be read")
    }

    /// What a peer that asks in a full session would be given (N18, N27).
    #[must_use]
    pub fn would_give(
        &self,
        peer: &Fingerprint,
        name: &ResourceName,
        now: Timestamp,
    ) -> Option<Given> {
        let snapshot = self.snapshot();
        let library = Shelf { snapshot: &*snapshot, addresses: &self.addresses };
        let (node, user) = (&self.fp, &self.user);
        let state = OneState { view: &*snapshot, library: &library, node, user, now };
        state.give(peer, Access::Full, name)
    }

    /// The process ends and begins again, with what was kept.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        let kept = self.store.kept().expect("memory can be read");
        self.unkept = Changes::default();
        self.machine = Machine::new(self.limits.clone(), kept.peers, kept.wants, now);
    }

    /// Goes back to a copy of the store, as a restored backup does, which no rule allows (N47).
    pub(crate) fn restore(&mut self, copy: &Memory) {
        self.store = copy.copy().with_faults(self.trouble.faults());
        let known = self.snapshot();
        self.admitted.retain(|id, _| known.meta(id).is_some());
    }

    /// Whether the text of a resource is here.
    #[must_use]
    pub fn has(&self, id: &Identifier) -> bool {
        self.snapshot().text(id).is_some()
    }
}
