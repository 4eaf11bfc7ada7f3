//! A node in memory: what is known, a journal, a store of rows, and the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sdmp_container::{ResourceName, Timestamp};
use sdmp_envelope::LocalIdentity;
use sdmp_journal::exchange::Sender;
use sdmp_journal::fact::Fact;
use sdmp_journal::judge::{Batch, Candidate, Judge, Verdict};
use sdmp_journal::sync::{
    Input, Library, Limits, Machine, Outcome, PeerRow, Snapshot, ToJudge, Want, Wish,
};
use sdmp_journal::view::Known;
use sdmp_journal::{Admit, Fingerprint, Head, Identifier, Line, LineId, Resource};

use super::dice::Dice;
use crate::common::people::Keyed;

/// Journal, texts and addresses.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) head: Head,
    pub(crate) lines: Vec<Line>,
    places: BTreeMap<LineId, usize>,
    pub(crate) texts: BTreeMap<Identifier, Arc<str>>,
    pub(crate) reachable: BTreeSet<Fingerprint>,
}

impl Library for Shelf {
    fn head(&self) -> Head {
        self.head.clone()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        let skip = *self.places.get(since)?;
        Some(self.lines.iter().skip(skip).take(limit).cloned().collect())
    }

    fn text(&self, id: &Identifier) -> Option<Arc<str>> {
        self.texts.get(id).cloned()
    }

    fn has_address(&self, node: &Fingerprint) -> bool {
        self.reachable.contains(node)
    }
}

/// What a store would keep of the machine.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) peers: BTreeMap<Fingerprint, PeerRow>,
    pub(crate) wants: BTreeMap<ResourceName, Want>,
}

pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) me: LocalIdentity,
    pub(crate) fp: Fingerprint,
    pub(crate) user: Fingerprint,
    pub(crate) sender: Sender,
    pub(crate) known: Known,
    pub(crate) shelf: Shelf,
    pub(crate) rows: Rows,
    pub(crate) machine: Machine,
}

impl Node {
    /// A node whose journal begins with these resources (N21).
    pub(crate) fn new(
        name: &'static str,
        me: &LocalIdentity,
        user: &Fingerprint,
        first: &[Resource],
        now: Timestamp,
    ) -> Self {
        let id = me.identity().fingerprint().clone();
        let sender = Sender { node: me.clone(), user: user.clone(), trust: first[1].id().clone() };
        let places = BTreeMap::from([(LineId::first(&id), 0)]);
        let mut node = Self {
            name,
            me: me.clone(),
            fp: id.clone(),
            user: user.clone(),
            sender,
            known: Known::new(),
            shelf: Shelf {
                head: Head::new(&id),
                lines: vec![],
                places,
                texts: BTreeMap::new(),
                reachable: BTreeSet::new(),
            },
            rows: Rows::default(),
            machine: Machine::new(Limits::default(), vec![], vec![], now),
        };
        for resource in first {
            node.append(resource);
        }
        node
    }

    fn append(&mut self, resource: &Resource) -> Line {
        let line = self.shelf.head.append(resource.user().clone(), resource.id().clone());
        self.shelf.lines.push(line.clone());
        self.shelf.places.insert(line.lid, self.shelf.lines.len());
        self.shelf.texts.insert(resource.id().clone(), resource.text().into());
        self.known.admit(Fact::of(resource, self.shelf.head.count()));
        line
    }

    /// Judges these together, and appends what is admitted.
    pub(crate) fn judge(
        &mut self,
        resources: Vec<Resource>,
        now: Timestamp,
    ) -> (Vec<Line>, Vec<Outcome>) {
        let order: Vec<Identifier> = resources.iter().map(|one| one.id().clone()).collect();
        let judge = Judge::new(&self.user, now);
        let batch = Batch::new(&judge, &self.known, self.shelf.head.count() + 1);
        let candidates = resources.into_iter().map(Candidate::new).collect();
        let judged = batch.judge(candidates, &Keyed);
        let (mut lines, mut outcomes) = (vec![], BTreeMap::new());
        for one in judged {
            let id = one.candidate.resource().id().clone();
            if matches!(one.verdict, Verdict::Admit { .. }) {
                lines.push(self.append(one.candidate.resource()));
            }
            outcomes.insert(id, Outcome::from(one.verdict));
        }
        let outcomes = order.iter().map(|id| outcomes[id].clone()).collect();
        (lines, outcomes)
    }

    pub(crate) fn judge_wish(
        &mut self,
        wish: &[ToJudge],
        now: Timestamp,
    ) -> (Vec<Line>, Vec<Outcome>) {
        self.judge(wish.iter().map(|one| (*one.resource).clone()).collect(), now)
    }

    /// Tells the machine, and keeps what it wishes to be kept.
    pub(crate) fn handle(&mut self, input: Input, now: Timestamp, dice: &mut Dice) -> Vec<Wish> {
        let guide = Snapshot {
            view: &self.known,
            library: &self.shelf,
            node: &self.fp,
            user: &self.user,
            now,
        };
        let mut wishes = self.machine.handle(input, &guide, now, dice);
        wishes.retain(|wish| {
            let Wish::Store { peers, wants } = wish else { return true };
            for (peer, row) in peers {
                self.rows.peers.insert(peer.clone(), row.clone());
            }
            for (name, want) in wants {
                match want {
                    Some(want) => drop(self.rows.wants.insert(name.clone(), want.clone())),
                    None => drop(self.rows.wants.remove(name)),
                }
            }
            false
        });
        wishes
    }

    /// The process ends and begins again, with what was stored.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        let peers = self.rows.peers.clone().into_iter().collect();
        let wants = self.rows.wants.clone().into_iter().collect();
        self.machine = Machine::new(Limits::default(), peers, wants, now);
    }

    pub(crate) fn has(&self, id: &Identifier) -> bool {
        self.shelf.texts.contains_key(id)
    }
}
