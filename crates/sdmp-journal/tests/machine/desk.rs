//! A machine on a desk: a guide of constants, and short words for what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, Identifier, ResourceName, Timestamp};
use sdmp_journal::exchange::{Answered, Body, Given, Lines, Opened, RequestId, Response};
use sdmp_journal::sync::{
    Access, Collected, Guide, Input, Limits, Machine, Next, SessionId, Standing, Wish,
};
use sdmp_journal::view::Known;
use sdmp_journal::{Cursor, Head, Kind, Line, LineId, Read};

use crate::common::at;

pub(super) const SESSION: SessionId = SessionId(1);

/// The same random octets each time would make the same identifiers: so it counts.
struct Counter(u8);

impl sdmp_crypto::random::Random for Counter {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        self.0 = self.0.wrapping_add(1);
        octets.fill(self.0);
        Ok(())
    }
}

pub(super) fn fp(tag: u8) -> Fingerprint {
    Fingerprint::from_octets([tag; 64])
}

pub(super) fn id(n: u32) -> Identifier {
    let mut octets = [0xee; 64];
    octets[..4].copy_from_slice(&n.to_be_bytes());
    Identifier::from_octets(octets)
}

/// What the machine is told of the node around it.
pub(super) struct Constants {
    pub(super) head: Head,
    pub(super) lines: Vec<Line>,
    pub(super) kinds: BTreeMap<Identifier, Kind>,
    pub(super) collected: Collected,
    pub(super) access: Access,
    pub(super) own: bool,
    now: Timestamp,
}

impl Guide for Constants {
    fn node(&self) -> &Fingerprint {
        static NODE: std::sync::LazyLock<Fingerprint> = std::sync::LazyLock::new(|| fp(1));
        &NODE
    }

    fn is_reachable(&self) -> bool {
        true
    }

    fn head(&self) -> Head {
        self.head.clone()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        let places = std::iter::once(LineId::first(&fp(1))).chain(self.lines.iter().map(|l| l.lid));
        let skip = places.into_iter().position(|lid| lid == *since)?;
        Some(self.lines.iter().skip(skip).take(limit).cloned().collect())
    }

    fn kind(&self, id: &Identifier) -> Option<Kind> {
        self.kinds.get(id).copied()
    }

    fn has_identity(&self, _: &Fingerprint) -> bool {
        true
    }

    fn read(&self, cursor: &mut Cursor, own: bool, lines: &Lines) -> Read {
        cursor.read(&Known::new(), (lines.since, &lines.entries), own, self.now)
    }

    fn unknown_since(&self, cursor: &mut Cursor, own: bool) -> Read {
        cursor.fork(own, self.now)
    }

    fn standing(&self, _: &Fingerprint) -> Standing {
        Standing { access: self.access, own: self.own, users: BTreeSet::new(), until: None }
    }

    fn peers(&self) -> Vec<(Fingerprint, bool)> {
        vec![(fp(2), true), (fp(3), true)]
    }

    fn collected(&self) -> Collected {
        self.collected.clone()
    }

    fn give(&self, _: &Fingerprint, _: Access, _: &ResourceName) -> Option<Given> {
        None
    }
}

/// The node of fingerprint 1, its peers 2 and 3, and the authors 10 (everything is collected) and
/// 11 (its identity only).
pub(super) struct Desk {
    pub(super) guide: Constants,
    pub(super) machine: Machine,
    pub(super) now: i64,
    random: Counter,
    journals: BTreeMap<u8, Head>,
    ticket: u64,
}

pub(super) const ALL: u8 = 10;
pub(super) const NAME_ONLY: u8 = 11;

impl Desk {
    pub(super) fn new(limits: Limits) -> Self {
        let collected =
            Collected { users: BTreeSet::from([fp(ALL)]), keys: BTreeSet::from([fp(NAME_ONLY)]) };
        let (head, access) = (Head::new(&fp(1)), Access::Full);
        let (lines, kinds, now) = (vec![], BTreeMap::new(), at(0));
        let guide = Constants { head, lines, kinds, collected, access, own: false, now };
        let machine = Machine::new(limits, vec![], vec![], now);
        let journals = BTreeMap::from([(2, Head::new(&fp(2))), (3, Head::new(&fp(3)))]);
        Self { guide, machine, now: 0, random: Counter(0), journals, ticket: 0 }
    }

    pub(super) fn tell(&mut self, input: Input) -> Vec<Wish> {
        self.guide.now = at(self.now);
        let wishes = self.machine.handle(input, &self.guide, at(self.now), &mut self.random);
        for wish in &wishes {
            if let Wish::Judge { ticket, .. } = wish {
                self.ticket = *ticket;
            }
        }
        wishes
    }

    /// What is sent is written at once, and so on, until nothing more is sent.
    pub(super) fn settle(&mut self, input: Input) -> Vec<Wish> {
        let (mut todo, mut all) = (vec![input], vec![]);
        while let Some(input) = todo.pop() {
            let wishes = self.tell(input);
            for wish in &wishes {
                if let Wish::Send { session, .. } = wish {
                    todo.push(Input::Written { session: *session });
                }
            }
            all.extend(wishes);
        }
        all
    }

    pub(super) fn connect(&mut self, peer: u8) -> Vec<Wish> {
        let session = SessionId(u64::from(peer) - 1);
        self.settle(Input::Connected { session, peer: fp(peer), dialled: true })
    }

    pub(super) fn wait(&mut self, time: Duration) -> Vec<Wish> {
        self.now += i64::try_from(time.as_millis()).unwrap();
        self.settle(Input::Tick)
    }

    /// A session with a peer whose journal has nothing new.
    pub(super) fn meet(&mut self, peer: u8) -> Vec<Wish> {
        let all = self.connect(peer);
        self.answer_lines(&all);
        // After a start it is read once more, when nothing else is to be done.
        let again = self.settle(Input::Tick);
        self.answer_lines(&again);
        all
    }

    /// All requests for lines are answered with the end of a journal.
    fn answer_lines(&mut self, wishes: &[Wish]) {
        for (session, body) in bodies(wishes) {
            if let Body::RequestJournal { identifier, since, .. } = &*body {
                let lines = Answered::Lines(Lines { since: *since, entries: vec![] });
                let more = self.answer(session, identifier.clone(), lines);
                self.answer_lines(&more);
            }
        }
    }

    pub(super) fn receive(&mut self, session: SessionId, body: Body) -> Vec<Wish> {
        let object = Opened { created: None, body: Ok(body) };
        self.settle(Input::Received { session, object })
    }

    pub(super) fn answer(
        &mut self,
        session: SessionId,
        identifier: RequestId,
        answered: Answered,
    ) -> Vec<Wish> {
        self.receive(session, Body::Response(Response { identifier, answered }))
    }

    /// A peer broadcasts lines of its journal.
    pub(super) fn hear(&mut self, peer: u8, names: &[ResourceName]) -> Vec<Wish> {
        let head = self.journals.get_mut(&peer).unwrap();
        let since = head.last();
        let lines =
            names.iter().map(|name| head.append(name.author.clone(), name.resource.clone()));
        let entries = lines.collect();
        let session = SessionId(u64::from(peer) - 1);
        self.receive(session, Body::Broadcast(Lines { since, entries }))
    }

    /// This node's journal grows by one resource of author 10.
    pub(super) fn append(&mut self, n: u32, kind: Kind) -> Vec<Wish> {
        let line = self.guide.head.append(fp(ALL), id(n));
        self.guide.lines.push(line.clone());
        self.guide.kinds.insert(id(n), kind);
        self.settle(Input::Appended { lines: vec![line] })
    }

    /// The verdict on what was to be judged last.
    pub(super) fn judged(&mut self, outcome: sdmp_journal::sync::Outcome) -> Vec<Wish> {
        self.settle(Input::Judged { ticket: self.ticket, outcomes: vec![outcome] })
    }

    pub(super) fn next(&self, name: &ResourceName) -> Option<Next> {
        self.machine.wants().get(name).map(|want| want.next.clone())
    }
}

pub(super) fn name(author: u8, n: u32) -> ResourceName {
    ResourceName { author: fp(author), resource: id(n) }
}

pub(super) fn bodies(wishes: &[Wish]) -> Vec<(SessionId, Arc<Body>)> {
    let sent = wishes.iter().filter_map(|wish| match wish {
        Wish::Send { session, body } => Some((*session, Arc::clone(body))),
        _ => None,
    });
    sent.collect()
}

/// The identifiers of requests for lines.
pub(super) fn requests(wishes: &[Wish]) -> Vec<RequestId> {
    let each = bodies(wishes).into_iter().filter_map(|(_, body)| match &*body {
        Body::RequestJournal { identifier, .. } => Some(identifier.clone()),
        _ => None,
    });
    each.collect()
}

/// What is asked for, by session.
pub(super) fn asked(wishes: &[Wish]) -> Vec<(SessionId, RequestId, Vec<ResourceName>)> {
    let each = bodies(wishes).into_iter().filter_map(|(session, body)| match &*body {
        Body::RequestResource { identifier, names } => {
            Some((session, identifier.clone(), names.clone()))
        }
        _ => None,
    });
    each.collect()
}

pub(super) fn broadcasts(wishes: &[Wish]) -> Vec<Arc<Body>> {
    let all = bodies(wishes).into_iter().map(|(_, body)| body);
    all.filter(|body| matches!(**body, Body::Broadcast(_))).collect()
}
