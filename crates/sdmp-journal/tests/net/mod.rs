//! A small network of nodes in one process, with delays, losses and restarts from a seed.

pub(crate) mod dice;
pub(crate) mod node;
pub(crate) mod observer;
pub(crate) mod people;

use std::collections::{BTreeMap, BTreeSet};

use sdmp_container::Timestamp;
use sdmp_journal::exchange::{self, Body};
use sdmp_journal::sync::{CloseReason, Input, Next, SessionId, ToJudge, WaitsFor, Wish};
use sdmp_journal::{Code, Fingerprint, Line, Resource};

use crate::common::people::Keyed;
use dice::Dice;
use node::Node;

pub(crate) const START: i64 = 1_800_000_000_000;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(START + millis).unwrap()
}

#[derive(Debug)]
enum Event {
    Connect { from: usize, to: usize },
    Deliver { to: usize, session: SessionId, text: String },
    Written { at: usize, session: SessionId },
    Closed { at: usize, session: SessionId },
    DialFailed { at: usize, peer: Fingerprint },
    Judged { at: usize, ticket: u64, resources: Vec<ToJudge> },
    Appended { at: usize, lines: Vec<Line> },
}

/// What leaves a node, for tests that look on or change it; whether it arrives.
pub(crate) type Tamper = Box<dyn FnMut(&Node, &Fingerprint, &mut Body) -> bool>;

pub(crate) struct World {
    pub(crate) nodes: Vec<Node>,
    pub(crate) now: i64,
    pub(crate) dice: Dice,
    /// Nodes that are switched off.
    pub(crate) off: BTreeSet<usize>,
    /// Percent of objects that are lost with their session.
    pub(crate) loss: u64,
    pub(crate) sent: Vec<(i64, usize, usize, &'static str)>,
    pub(crate) told: Vec<(usize, Fingerprint, Code)>,
    pub(crate) closed: Vec<(usize, Fingerprint, CloseReason)>,
    pub(crate) tamper: Option<Tamper>,
    events: BTreeMap<(i64, u64), Event>,
    serial: u64,
    /// The two ends of each session.
    sessions: BTreeMap<SessionId, (usize, usize)>,
    open: BTreeSet<(usize, SessionId)>,
    judging: BTreeSet<(usize, u64)>,
}

impl World {
    pub(crate) fn new(nodes: Vec<Node>, seed: u64) -> Self {
        Self {
            nodes,
            now: 0,
            dice: Dice::new(seed),
            off: BTreeSet::new(),
            loss: 0,
            sent: vec![],
            told: vec![],
            closed: vec![],
            tamper: None,
            events: BTreeMap::new(),
            serial: 0,
            sessions: BTreeMap::new(),
            open: BTreeSet::new(),
            judging: BTreeSet::new(),
        }
    }

    fn later(&mut self, delay: i64, event: Event) {
        self.serial += 1;
        self.events.insert((self.now + delay, self.serial), event);
    }

    fn delay(&mut self) -> i64 {
        5 + i64::try_from(self.dice.below(60)).unwrap()
    }

    fn index(&self, fp: &Fingerprint) -> Option<usize> {
        self.nodes.iter().position(|node| node.fp == *fp)
    }

    /// Everyone knows everyone's address, except of those named.
    pub(crate) fn all_reachable_but(&mut self, hidden: &[usize]) {
        let all: Vec<Fingerprint> = self.nodes.iter().map(|node| node.fp.clone()).collect();
        for node in &mut self.nodes {
            for (index, fp) in all.iter().enumerate() {
                if !hidden.contains(&index) {
                    node.shelf.reachable.insert(fp.clone());
                }
            }
        }
    }

    /// Publishes at a node: judged there like anything else.
    pub(crate) fn publish(&mut self, at_node: usize, resource: Resource) {
        let now = at(self.now);
        let (lines, outcomes) = self.nodes[at_node].judge(vec![resource], now);
        assert_eq!(lines.len(), 1, "{outcomes:?}");
        if !self.off.contains(&at_node) {
            self.tell(at_node, Input::Appended { lines });
        }
    }

    /// Takes in a file of resources.
    pub(crate) fn introduce(&mut self, at_node: usize, resources: Vec<Resource>) {
        let (lines, _) = self.nodes[at_node].judge(resources, at(self.now));
        self.tell(at_node, Input::Appended { lines });
    }

    fn tell(&mut self, index: usize, input: Input) {
        let now = at(self.now);
        let wishes = self.nodes[index].handle(input, now, &mut self.dice);
        for wish in wishes {
            self.fulfil(index, wish);
        }
        self.check(index);
    }

    fn fulfil(&mut self, index: usize, wish: Wish) {
        match wish {
            Wish::Send { session, body } => self.send(index, session, &body),
            Wish::Close { session, reason } => {
                let (a, b) = self.sessions[&session];
                let other = if a == index { b } else { a };
                self.closed.push((index, self.nodes[other].fp.clone(), reason));
                self.open.remove(&(index, session));
                let delay = self.delay();
                self.later(delay, Event::Closed { at: other, session });
            }
            Wish::Dial { peer } => {
                let delay = self.delay();
                match self.index(&peer) {
                    Some(to) if !self.off.contains(&to) => {
                        self.later(delay, Event::Connect { from: index, to });
                    }
                    _ => self.later(delay, Event::DialFailed { at: index, peer }),
                }
            }
            Wish::Judge { ticket, resources } => {
                self.judging.insert((index, ticket));
                let delay = 1 + i64::try_from(self.dice.below(20)).unwrap();
                self.later(delay, Event::Judged { at: index, ticket, resources });
            }
            Wish::Tell { peer, code } => self.told.push((index, peer, code)),
            Wish::Store { .. } => unreachable!("the node keeps these itself"),
        }
    }

    fn send(&mut self, index: usize, session: SessionId, body: &Body) {
        let (a, b) = self.sessions[&session];
        let to = if a == index { b } else { a };
        let mut body = body.clone();
        observer::look(&self.nodes[index], &self.nodes[to].fp, &body, at(self.now));
        let mut arrives = true;
        if let Some(tamper) = &mut self.tamper {
            arrives = tamper(&self.nodes[index], &self.nodes[to].fp, &mut body);
        }
        let kind = match &body {
            Body::Broadcast(_) => "broadcast",
            Body::RequestJournal { limit: 1, .. } => "keepalive",
            Body::RequestJournal { .. } => "lines?",
            Body::RequestResource { .. } => "resources?",
            Body::Response(_) => "response",
        };
        self.sent.push((self.now, index, to, kind));
        let object = exchange::seal(&self.nodes[index].sender, &body, at(self.now)).unwrap();
        let text = object.text().to_owned();
        let delay = self.delay();
        if self.dice.chance(self.loss) {
            self.break_session(session);
        }
        if arrives {
            self.later(delay, Event::Deliver { to, session, text });
        }
        self.later(2, Event::Written { at: index, session });
    }

    /// Lets a node send something that its machine did not wish for.
    pub(crate) fn inject(&mut self, from: usize, to: usize, body: &Body) {
        let both = |(a, b): (usize, usize)| (a, b) == (from, to) || (b, a) == (from, to);
        let session = self.open.iter().find(|(end, id)| *end == to && both(self.sessions[id]));
        let (_, session) = *session.expect("a session");
        let object = exchange::seal(&self.nodes[from].sender, body, at(self.now)).unwrap();
        let text = object.text().to_owned();
        self.later(1, Event::Deliver { to, session, text });
    }

    /// The carrier breaks: both ends notice, what was under way is lost.
    fn break_session(&mut self, session: SessionId) {
        let (a, b) = self.sessions[&session];
        for end in [a, b] {
            let delay = self.delay();
            self.later(delay, Event::Closed { at: end, session });
        }
        self.events.retain(
            |_, event| !matches!(event, Event::Deliver { session: other, .. } if *other == session),
        );
    }

    /// The process of a node ends at once, and may begin again later.
    pub(crate) fn switch_off(&mut self, index: usize) {
        self.off.insert(index);
        let open: Vec<SessionId> =
            self.open.iter().filter(|(end, _)| *end == index).map(|(_, id)| *id).collect();
        for session in open {
            self.break_session(session);
            self.open.remove(&(index, session));
        }
        self.judging.retain(|(end, _)| *end != index);
        self.events.retain(|_, event| {
            !matches!(event,
                Event::Judged { at, .. } | Event::Appended { at, .. } if *at == index)
        });
    }

    pub(crate) fn switch_on(&mut self, index: usize) {
        self.off.remove(&index);
        self.nodes[index].restart(at(self.now));
        self.tell(index, Input::Tick);
    }

    fn next_event(&self) -> Option<i64> {
        self.events.first_key_value().map(|((time, _), _)| *time)
    }

    fn next_wake(&self) -> Option<(i64, usize)> {
        let on = (0..self.nodes.len()).filter(|index| !self.off.contains(index));
        let wakes = on.map(|index| {
            let wake = self.nodes[index].machine.wake_at().unix_millis() - START;
            (wake.max(self.now), index)
        });
        wakes.min()
    }

    /// Lets everything happen until a time.
    pub(crate) fn run_until(&mut self, end: i64) {
        let (mut steps, mut still) = (0_u64, (self.now, 0_u64));
        loop {
            steps += 1;
            still = if still.0 == self.now { (self.now, still.1 + 1) } else { (self.now, 0) };
            assert!(still.1 < 20_000, "time stands still at {}", self.now);
            assert!(steps < 5_000_000, "the run does not end");
            let (event, wake) = (self.next_event(), self.next_wake());
            match (event, wake) {
                (Some(time), wake) if time <= end && wake.is_none_or(|(at, _)| time <= at) => {
                    self.now = time;
                    let (_, event) = self.events.pop_first().unwrap();
                    self.happen(event);
                }
                (_, Some((time, index))) if time <= end => {
                    self.now = time;
                    self.tell(index, Input::Tick);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    pub(crate) fn run_for(&mut self, millis: i64) {
        self.run_until(self.now + millis);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Connect { from, to } => self.connect(from, to),
            Event::Deliver { to, session, text } => self.deliver(to, session, &text),
            Event::Written { at, session } => {
                if self.open.contains(&(at, session)) {
                    self.tell(at, Input::Written { session });
                }
            }
            Event::Closed { at, session } => {
                if self.open.remove(&(at, session)) {
                    self.tell(at, Input::Closed { session });
                }
            }
            Event::DialFailed { at, peer } => {
                if !self.off.contains(&at) {
                    self.tell(at, Input::DialFailed { peer });
                }
            }
            Event::Judged { at, ticket, resources } => self.judged(at, ticket, &resources),
            Event::Appended { at, lines } => self.tell(at, Input::Appended { lines }),
        }
    }

    fn connect(&mut self, from: usize, to: usize) {
        if self.off.contains(&from) {
            return;
        }
        let peer = self.nodes[to].fp.clone();
        if self.off.contains(&to) {
            return self.tell(from, Input::DialFailed { peer });
        }
        self.serial += 1;
        let session = SessionId(self.serial);
        self.sessions.insert(session, (from, to));
        self.open.extend([(from, session), (to, session)]);
        self.tell(from, Input::Connected { session, peer, dialled: true });
        let dialler = self.nodes[from].fp.clone();
        self.tell(to, Input::Connected { session, peer: dialler, dialled: false });
    }

    fn deliver(&mut self, to: usize, session: SessionId, text: &str) {
        if !self.open.contains(&(to, session)) {
            return;
        }
        if !self.nodes[to].machine.reads(session) {
            // Reading waits for judging.
            return self.later(3, Event::Deliver { to, session, text: text.to_owned() });
        }
        let (a, b) = self.sessions[&session];
        let from = if a == to { b } else { a };
        let peer = self.nodes[from].me.identity().clone();
        let input = match exchange::open(text, &peer, &Keyed) {
            Ok(object) => Input::Received { session, object },
            Err(error) => {
                let code = error.rule().unwrap_or(Code::ExchangeUnexpected);
                Input::Unexpected { session, code }
            }
        };
        self.tell(to, input);
    }

    fn judged(&mut self, index: usize, ticket: u64, resources: &[ToJudge]) {
        let (lines, outcomes) = self.nodes[index].judge_wish(resources, at(self.now));
        let judged = Input::Judged { ticket, outcomes };
        // Whichever is told first.
        let first = self.dice.chance(50);
        if first && !lines.is_empty() {
            self.tell(index, Input::Appended { lines: lines.clone() });
        }
        self.judging.remove(&(index, ticket));
        self.tell(index, judged);
        if !first && !lines.is_empty() {
            self.later(1, Event::Appended { at: index, lines });
        }
    }

    /// N31: every want has exactly one next action, and that action can come about.
    fn check(&self, index: usize) {
        let node = &self.nodes[index];
        for (name, want) in node.machine.wants().iter() {
            match &want.next {
                Next::Due(_) => assert!(!want.holders.is_empty(), "{name:?}: due of nobody"),
                Next::Asked(asked) => {
                    for peer in asked {
                        let other = self.index(peer).unwrap();
                        let open = self.open.iter().any(|(end, session)| {
                            let (a, b) = self.sessions[session];
                            *end == index && (a == other || b == other)
                        });
                        assert!(open, "{}: {name:?} asked of a peer without session", node.name);
                    }
                }
                Next::Judging => assert!(
                    self.judging.iter().any(|(end, _)| *end == index),
                    "{}: {name:?} is judged by nobody",
                    node.name
                ),
                Next::Waits(WaitsFor::Resource(missing)) => assert!(
                    node.machine.wants().get(missing).is_some(),
                    "{}: waits for what nobody asks for",
                    node.name
                ),
                Next::Waits(WaitsFor::Room) | Next::Closed(_) | Next::Aside(_) | Next::GivenUp => {}
            }
        }
    }
}
