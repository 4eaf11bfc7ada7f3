//! A small world: nodes, a clock, and what happens between them in the order of its time.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use sdmp_container::Timestamp;
use sdmp_journal::exchange::Body;
use sdmp_journal::sync::{CloseReason, Input, SessionId, ToJudge, Wish};
use sdmp_journal::{Code, Fingerprint, Line, Resource};
use sdmp_store::suite::people::at;
use sdmp_store::{Error, Memory};

use crate::dice::Dice;
use crate::node::Node;

/// A minute in milliseconds.
const MINUTE: i64 = 60_000;

/// What is still to happen. Nodes are named by their place in [`World::nodes`].
#[derive(Debug)]
pub(crate) enum Event {
    Connect { from: usize, to: usize },
    Deliver { to: usize, session: SessionId, text: String },
    Written { at: usize, session: SessionId },
    Closed { at: usize, session: SessionId },
    DialFailed { at: usize, peer: Fingerprint },
    Judged { at: usize, ticket: u64, resources: Vec<ToJudge> },
    Appended { at: usize, lines: Vec<Line> },
    SwitchOn { at: usize },
}

/// What leaves a node, for tests that look on or change it; whether it arrives.
pub type Tamper = Box<dyn FnMut(&Node, &Fingerprint, &mut Body) -> bool>;

/// Nodes and all that happens between them. The same seed gives the same events.
pub struct World {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Milliseconds since the beginning.
    pub now: i64,
    /// All randomness.
    pub dice: Dice,
    /// Nodes that are switched off.
    pub off: BTreeSet<usize>,
    /// Pairs of nodes that do not reach each other, the lesser first.
    pub apart: BTreeSet<(usize, usize)>,
    /// Percent of objects that are lost with their session.
    pub loss: u64,
    /// What was sent: when, by whom, to whom, what.
    pub sent: Vec<(i64, usize, usize, &'static str)>,
    /// What nodes told their users.
    pub told: Vec<(usize, Fingerprint, Code)>,
    /// Sessions that nodes closed, and why.
    pub closed: Vec<(usize, Fingerprint, CloseReason)>,
    /// Nodes that have lied about their journals.
    pub liars: BTreeSet<usize>,
    /// Looks at all that leaves, and may change it.
    pub tamper: Option<Tamper>,
    /// Whether each event is followed by all checks. They cost more than all else.
    pub checked: bool,
    /// Whether `sent` and `closed` are written; in a large world they would fill the memory.
    pub logged: bool,
    pub(crate) events: BTreeMap<(i64, u64), Event>,
    pub(crate) serial: u64,
    /// The two ends of each session.
    pub(crate) sessions: BTreeMap<SessionId, (usize, usize)>,
    pub(crate) open: BTreeSet<(usize, SessionId)>,
    pub(crate) judging: BTreeSet<(usize, u64)>,
    places: BTreeMap<Fingerprint, usize>,
    wakes: BTreeSet<(i64, usize)>,
    wake_of: Vec<Option<i64>>,
    trace: DefaultHasher,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({} nodes, at {} ms)", self.nodes.len(), self.now)
    }
}

impl World {
    /// A world of these nodes, all of them switched on.
    #[must_use]
    pub fn new(nodes: Vec<Node>, seed: u64) -> Self {
        let places = nodes.iter().enumerate().map(|(at, node)| (node.fp.clone(), at)).collect();
        let mut world = Self {
            now: 0,
            dice: Dice::new(seed),
            off: BTreeSet::new(),
            apart: BTreeSet::new(),
            loss: 0,
            sent: vec![],
            told: vec![],
            closed: vec![],
            liars: BTreeSet::new(),
            tamper: None,
            checked: true,
            logged: true,
            events: BTreeMap::new(),
            serial: 0,
            sessions: BTreeMap::new(),
            open: BTreeSet::new(),
            judging: BTreeSet::new(),
            places,
            wakes: BTreeSet::new(),
            wake_of: vec![None; nodes.len()],
            trace: DefaultHasher::new(),
            nodes,
        };
        (0..world.nodes.len()).for_each(|index| world.set_wake(index, Some(0)));
        world
    }

    /// A number that stands for all that has happened.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    pub(crate) fn later(&mut self, delay: i64, event: Event) {
        self.serial += 1;
        self.events.insert((self.now + delay, self.serial), event);
    }

    pub(crate) fn delay(&mut self) -> i64 {
        5 + i64::try_from(self.dice.below(60)).unwrap()
    }

    pub(crate) fn index(&self, fp: &Fingerprint) -> Option<usize> {
        self.places.get(fp).copied()
    }

    /// What the clock of a node says.
    #[must_use]
    pub fn time_of(&self, index: usize) -> Timestamp {
        at(self.now + self.nodes[index].skew)
    }

    fn set_wake(&mut self, index: usize, wake: Option<i64>) {
        if let Some(before) = self.wake_of[index].take() {
            self.wakes.remove(&(before, index));
        }
        self.wake_of[index] = wake;
        self.wakes.extend(wake.map(|wake| (wake, index)));
    }

    /// All nodes have addresses that all know, except those named.
    pub fn all_reachable_but(&mut self, hidden: &[usize]) {
        let all = self.nodes.iter().enumerate().filter(|(index, _)| !hidden.contains(index));
        let all: BTreeSet<Fingerprint> = all.map(|(_, node)| node.fp.clone()).collect();
        for node in &mut self.nodes {
            node.addresses.clone_from(&all);
        }
    }

    /// Publishes at a node: judged there like anything else.
    pub fn publish(&mut self, index: usize, resource: Resource) {
        let lines = self.try_publish(index, resource).expect("the store takes it");
        assert_eq!(lines, 1, "it is admitted");
    }

    /// Publishes at a node, whose store may fail; the number of lines.
    ///
    /// # Errors
    /// As [`Node::judge`].
    pub fn try_publish(&mut self, index: usize, resource: Resource) -> Result<usize, Error> {
        self.try_introduce(index, vec![resource])
    }

    /// Takes in a file of resources.
    pub fn introduce(&mut self, index: usize, resources: Vec<Resource>) {
        let lines = self.try_introduce(index, resources).expect("the store takes it");
        assert!(lines > 0, "an introduction is admitted");
    }

    fn try_introduce(&mut self, index: usize, resources: Vec<Resource>) -> Result<usize, Error> {
        let now = self.time_of(index);
        let judged = self.nodes[index].judge(resources, now);
        self.note_end(index);
        let (lines, _) = judged?;
        let count = lines.len();
        if !self.off.contains(&index) {
            self.tell(index, Input::Appended { lines });
        }
        Ok(count)
    }

    pub(crate) fn tell(&mut self, index: usize, input: Input) {
        if self.off.contains(&index) {
            return;
        }
        let now = self.time_of(index);
        let wishes = self.nodes[index].handle(input, now, &mut self.dice);
        if self.note_end(index) {
            return;
        }
        for wish in wishes {
            self.fulfil(index, wish);
        }
        let wake = self.nodes[index].machine.wake_at().unix_millis();
        let wake = wake.saturating_sub(at(0).unix_millis() + self.nodes[index].skew);
        self.set_wake(index, Some(wake));
        if self.checked {
            self.check(index);
        }
    }

    /// Whether the process of a node ended at a step of its store. It begins again some time later.
    fn note_end(&mut self, index: usize) -> bool {
        let ended = self.nodes[index].trouble.take_end();
        if ended {
            self.switch_off(index);
            let delay = i64::try_from(self.dice.below(10 * 60_000)).unwrap();
            self.later(delay, Event::SwitchOn { at: index });
        }
        ended
    }

    fn fulfil(&mut self, index: usize, wish: Wish) {
        match wish {
            Wish::Send { session, body } => self.send(index, session, &body),
            Wish::Close { session, reason } => self.close(index, session, reason),
            Wish::Dial { peer } => self.dial(index, peer),
            Wish::Judge { ticket, resources } => {
                self.judging.insert((index, ticket));
                let delay = 1 + i64::try_from(self.dice.below(20)).unwrap();
                self.later(delay, Event::Judged { at: index, ticket, resources });
            }
            Wish::Tell { peer, code } => self.told.push((index, peer, code)),
            Wish::Store { .. } => unreachable!("the node keeps these itself"),
        }
    }

    /// The process of a node ends at once, and may begin again later.
    pub fn switch_off(&mut self, index: usize) {
        self.off.insert(index);
        self.set_wake(index, None);
        let mine = |(end, _): &&(usize, SessionId)| *end == index;
        let open: Vec<SessionId> = self.open.iter().filter(mine).map(|(_, id)| *id).collect();
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

    /// The process of a node begins again, with what its store holds.
    pub fn switch_on(&mut self, index: usize) {
        if self.off.remove(&index) {
            let now = self.time_of(index);
            self.nodes[index].restart(now);
            self.tell(index, Input::Tick);
        }
    }

    /// A node ends, and begins again with a copy of its store (N24, N47).
    pub fn restore(&mut self, index: usize, copy: &Memory) {
        self.switch_off(index);
        self.nodes[index].restore(copy);
        self.switch_on(index);
    }

    /// Lets everything happen until a time.
    pub fn run_until(&mut self, end: i64) {
        let (mut steps, mut still) = (0_u64, (self.now, 0_u64));
        loop {
            steps += 1;
            still = if still.0 == self.now { (self.now, still.1 + 1) } else { (self.now, 0) };
            assert!(
                still.1 < 20_000 * u64::try_from(self.nodes.len()).unwrap(),
                "time stands still at {}",
                self.now
            );
            assert!(steps < 500_000_000, "the run does not end");
            let event = self.events.first_key_value().map(|((time, _), _)| *time);
            let wake = self.wakes.first().map(|(time, index)| ((*time).max(self.now), *index));
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

    /// Lets everything happen for so many milliseconds.
    pub fn run_for(&mut self, millis: i64) {
        self.run_until(self.now + millis);
    }

    fn happen(&mut self, event: Event) {
        self.note(&event);
        match event {
            Event::Connect { from, to } => self.connect(from, to),
            Event::Deliver { to, session, text } => self.deliver(to, session, text),
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
            Event::DialFailed { at, peer } => self.tell(at, Input::DialFailed { peer }),
            Event::Judged { at, ticket, resources } => self.judged(at, ticket, resources),
            Event::Appended { at, lines } => self.tell(at, Input::Appended { lines }),
            Event::SwitchOn { at } => self.switch_on(at),
        }
    }

    fn note(&mut self, event: &Event) {
        self.now.hash(&mut self.trace);
        match event {
            Event::Connect { from, to } => (0, from, to).hash(&mut self.trace),
            Event::Deliver { to, session, text } => {
                (1, to, session.0, text).hash(&mut self.trace);
            }
            Event::Written { at, session } => (2, at, session.0).hash(&mut self.trace),
            Event::Closed { at, session } => (3, at, session.0).hash(&mut self.trace),
            Event::DialFailed { at, .. } => (4, at).hash(&mut self.trace),
            Event::Judged { at, ticket, .. } => (5, at, ticket).hash(&mut self.trace),
            Event::Appended { at, lines } => (6, at, lines.len()).hash(&mut self.trace),
            Event::SwitchOn { at } => (7, at).hash(&mut self.trace),
        }
    }

    fn judged(&mut self, index: usize, ticket: u64, resources: Vec<ToJudge>) {
        let now = self.time_of(index);
        let judged = self.nodes[index].judge_wish(&resources, now);
        if self.note_end(index) {
            return;
        }
        let Ok((lines, outcomes)) = judged else {
            // N49: each minute a new try.
            return self.later(MINUTE, Event::Judged { at: index, ticket, resources });
        };
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
}
