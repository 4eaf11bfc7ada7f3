//! The machine under any script of inputs (N29 to N34).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sdmp_container::{Fingerprint, Identifier, ResourceName, Timestamp};
use sdmp_crypto::random::Random;
use sdmp_journal::exchange::{Answered, Body, Given, Lines, Opened, RequestId, Response};
use sdmp_journal::sync::{
    Input, Limits, Machine, Next, Outcome, SessionId, ToJudge, WaitsFor, Wish,
};
use sdmp_journal::{Code, Head, Line, LineId};

use super::guide::{Node, PEERS, key};

/// Counts up: identifiers of requests differ.
struct Count(u64);

impl Random for Count {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        self.0 += 1;
        let count = self.0.to_le_bytes();
        octets.iter_mut().zip(count.iter().cycle()).for_each(|(octet, count)| *octet = *count);
        Ok(())
    }
}

/// The world of the script.
struct World {
    node: Node,
    machine: Machine,
    random: Count,
    open: BTreeMap<SessionId, Fingerprint>,
    next: u64,
    judging: BTreeMap<u64, Vec<ToJudge>>,
    asked: BTreeMap<SessionId, Vec<Body>>,
    heads: BTreeMap<Fingerprint, Head>,
}

/// Whatever happens in whatever order, every want has exactly one next action that can come about,
/// one object at most is being written in each session, and nothing is sent where no session is.
pub fn keeps_its_promises(octets: &[u8]) {
    let now = Timestamp::from_unix_millis(1_800_000_000_000).expect("a moment");
    let me = key(0);
    let head = Head::new(&me);
    let node = Node { me, head, lines: vec![], refused: BTreeSet::new(), now };
    let mut world = World {
        node,
        machine: Machine::new(Limits::default(), vec![], vec![], now),
        random: Count(0),
        open: BTreeMap::new(),
        next: 0,
        judging: BTreeMap::new(),
        asked: BTreeMap::new(),
        heads: BTreeMap::new(),
    };
    for pair in octets.chunks_exact(2).take(512) {
        if let [what, number] = pair {
            world.step(*what, *number);
        }
    }
}

impl World {
    fn step(&mut self, what: u8, number: u8) {
        let peer = key(1 + number % PEERS);
        let session = self.pick(number);
        let resource = Identifier::from_octets([number; 64]);
        match what % 12 {
            0 => self.connect(peer, what & 16 != 0),
            1 => self.tell_in(session, |session| Input::Closed { session }),
            2 => self.tell_in(session, |session| Input::Written { session }),
            3 => self.broadcast(session, &resource),
            4 => self.answer(session, number),
            5 => self.request(session, number),
            6 => self.judged(number),
            7 => self.append(peer, resource),
            8 => self.pass(u64::from(number) * u64::from(number) * u64::from(number) * 10),
            9 => self.tell(Input::DialFailed { peer }),
            10 => self.tell_in(session, |session| Input::Unexpected {
                session,
                code: Code::ExchangeUnexpected,
            }),
            _ => self.refuse(peer, what & 16 != 0),
        }
    }

    fn pick(&self, number: u8) -> Option<SessionId> {
        let index = usize::from(number) % self.open.len().max(1);
        self.open.keys().nth(index).copied()
    }

    fn tell_in(&mut self, session: Option<SessionId>, input: impl FnOnce(SessionId) -> Input) {
        let Some(session) = session else { return };
        let input = input(session);
        if matches!(input, Input::Closed { .. }) {
            self.open.remove(&session);
        }
        self.tell(input);
    }

    fn connect(&mut self, peer: Fingerprint, dialled: bool) {
        self.next += 1;
        let session = SessionId(self.next);
        self.open.insert(session, peer.clone());
        self.tell(Input::Connected { session, peer, dialled });
    }

    fn broadcast(&mut self, session: Option<SessionId>, resource: &Identifier) {
        let Some(peer) = session.and_then(|session| self.open.get(&session)).cloned() else {
            return;
        };
        let head = self.heads.entry(peer.clone()).or_insert_with(|| Head::new(&peer));
        let since = head.last();
        let entries = vec![head.append(peer, resource.clone())];
        let body = Body::Broadcast(Lines { since, entries });
        self.tell_in(session, |session| received(session, body));
    }

    /// Answers the oldest request of the session, in one of the ways that there are.
    fn answer(&mut self, session: Option<SessionId>, how: u8) {
        let Some(open) = session.and_then(|session| self.asked.get_mut(&session)) else { return };
        if open.is_empty() {
            return;
        }
        let (identifier, answered) = match open.remove(0) {
            Body::RequestJournal { identifier, since, .. } => match how % 3 {
                0 => (identifier, Answered::Lines(Lines { since, entries: vec![] })),
                1 => (identifier, Answered::not_found()),
                _ => (identifier, Answered::BadRequest),
            },
            Body::RequestResource { identifier, names } => match how % 3 {
                0 => (identifier, Answered::not_found()),
                1 => (identifier, Answered::Resources(vec![None; names.len()])),
                _ => (identifier, Answered::Resources(vec![Some(nonsense())])),
            },
            Body::Broadcast(_) | Body::Response(_) => return,
        };
        let body = Body::Response(Response { identifier, answered });
        self.tell_in(session, |session| received(session, body));
    }

    fn request(&mut self, session: Option<SessionId>, number: u8) {
        let identifier: RequestId = format!("r{number}").parse().expect("printable");
        let name = ResourceName {
            author: key(number % 5),
            resource: Identifier::from_octets([number; 64]),
        };
        let body = match number % 3 {
            0 => Body::RequestJournal { identifier, since: self.node.head.last(), limit: 5 },
            1 => Body::RequestJournal { identifier, since: LineId::after("?"), limit: 5 },
            _ => Body::RequestResource { identifier, names: vec![name] },
        };
        self.tell_in(session, |session| received(session, body));
    }

    fn judged(&mut self, number: u8) {
        let Some((ticket, resources)) = self.judging.pop_first() else { return };
        let missing = ResourceName {
            author: key(1 + number % PEERS),
            resource: Identifier::from_octets([number; 64]),
        };
        let outcome = |_| match number % 7 {
            0 => Outcome::Known,
            1 => Outcome::Waits(missing.clone()),
            2 => Outcome::UnknownSigner(missing.clone()),
            3 => Outcome::NoRoom,
            4 => Outcome::BadCopy(Code::SignatureBad),
            5 => Outcome::Aside(Code::ResourcePayload),
            _ => Outcome::Refused(Code::AuthorityEnded),
        };
        let outcomes = resources.iter().map(outcome).collect();
        self.tell(Input::Judged { ticket, outcomes });
    }

    fn append(&mut self, author: Fingerprint, id: Identifier) {
        if self.node.lines.iter().any(|line| line.id == id) {
            return;
        }
        let line: Line = self.node.head.append(author, id);
        self.node.lines.push(line.clone());
        self.tell(Input::Appended { lines: vec![line] });
    }

    fn pass(&mut self, millis: u64) {
        let later = self.node.now.unix_millis() + i64::try_from(millis).unwrap_or(0);
        self.node.now = Timestamp::from_unix_millis(later).unwrap_or(Timestamp::MAX);
        self.tell(Input::Tick);
    }

    fn refuse(&mut self, peer: Fingerprint, refused: bool) {
        if refused {
            self.node.refused.insert(peer);
        } else {
            self.node.refused.remove(&peer);
        }
        self.tell(Input::Tick);
    }

    fn tell(&mut self, input: Input) {
        let wishes = self.machine.handle(input, &self.node, self.node.now, &mut self.random);
        let mut writing = BTreeSet::new();
        for wish in wishes {
            match wish {
                Wish::Send { session, body } => {
                    assert!(self.open.contains_key(&session), "sent where no session is");
                    assert!(writing.insert(session), "two objects at a time");
                    self.asked.entry(session).or_default().push((*body).clone());
                }
                Wish::Close { session, .. } => drop(self.open.remove(&session)),
                Wish::Judge { ticket, resources } => {
                    self.judging.insert(ticket, resources);
                }
                Wish::Dial { .. } | Wish::Store { .. } | Wish::Tell { .. } => {}
            }
        }
        self.check();
    }

    fn check(&self) {
        for (name, want) in self.machine.wants().iter() {
            match &want.next {
                Next::Due(_) => assert!(!want.holders.is_empty(), "{name:?} is due of nobody"),
                Next::Asked(asked) => {
                    let open: Vec<&Fingerprint> = self.open.values().collect();
                    assert!(!asked.is_empty() && asked.iter().all(|peer| open.contains(&peer)));
                }
                Next::Judging => assert!(!self.judging.is_empty(), "{name:?} is judged by nobody"),
                Next::Waits(WaitsFor::Resource(missing)) => {
                    assert!(
                        self.machine.wants().get(missing).is_some(),
                        "{missing:?} is forgotten"
                    );
                }
                Next::Waits(WaitsFor::Room) | Next::Closed(_) | Next::Aside(_) | Next::GivenUp => {}
            }
        }
    }
}

fn received(session: SessionId, body: Body) -> Input {
    Input::Received { session, object: Opened { created: None, body: Ok(body) } }
}

fn nonsense() -> Given {
    Given { data: Arc::from("{\"signature\":{\"payload\":\"AA\"}}"), revoked: None }
}
