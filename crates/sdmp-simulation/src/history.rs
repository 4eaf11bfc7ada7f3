//! A history of five nodes of three users, in which everything that may go wrong goes wrong.

use std::collections::BTreeMap;

use sdmp_container::ResourceName;
use sdmp_journal::exchange::{Answered, Body, Response};
use sdmp_journal::{Identifier, Resource};
use sdmp_store::Memory;
use sdmp_store::suite::people::at;

use crate::people::{Person, three_users};
use crate::world::World;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// User, number of the node among the user's, and place in the world.
const BY: [(usize, usize, usize); 5] = [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3), (2, 0, 4)];
/// The node that a thief may have: the second one of the user in the middle.
const STOLEN: (usize, usize, usize) = BY[3];
/// The node at which that user's key is.
const WITH_KEY: usize = 2;

/// What a history came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// A number that stands for all that happened: the same for the same seed.
    pub trace: u64,
    /// Messages that were published.
    pub published: u64,
    /// How long it took until all had found the same, in days of the world's time.
    pub days: i64,
}

struct History {
    world: World,
    people: [Person; 3],
    /// What nodes said, by place in [`BY`], and whether it was revoked by who said it.
    said: Vec<(usize, Resource, bool)>,
    copies: BTreeMap<usize, Memory>,
    barred: bool,
}

/// Lets a history happen.
///
/// # Panics
/// If anything is wrong that is checked after each event, or at the end.
#[must_use]
pub fn run(seed: u64) -> Ended {
    let mut history = History::new(seed);
    for _ in 0..24 {
        history.act();
        let longest = if history.world.dice.chance(10) { 7 * HOUR } else { MINUTE };
        let pause = history.below(longest.unsigned_abs());
        history.world.run_for(i64::try_from(pause).unwrap());
    }
    history.heal();
    let days = history.converge();
    history.check_end();
    Ended {
        trace: history.world.trace(),
        published: u64::try_from(history.said.len()).unwrap(),
        days,
    }
}

impl History {
    fn new(seed: u64) -> Self {
        let (mut world, people) = three_users(seed);
        world.loss = world.dice.below(8);
        if seed % 2 == 1 {
            for index in 0..world.nodes.len() {
                let skew = i64::try_from(world.dice.below(30 * 60_000)).unwrap();
                world.nodes[index].skew = skew - 15 * MINUTE;
            }
        }
        Self { world, people, said: vec![], copies: BTreeMap::new(), barred: false }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.world.dice.below(end)
    }

    fn place(&mut self) -> usize {
        usize::try_from(self.below(5)).unwrap()
    }

    /// One thing that people, disks, networks or adversaries do.
    fn act(&mut self) {
        let place = self.place();
        match self.below(100) {
            0..40 => self.say(place),
            40..50 => self.switch(place),
            50..58 => self.part_or_join(place),
            58..65 => self.fill_or_empty(place),
            65..72 => {
                let steps = u32::try_from(self.below(8)).unwrap() + 1;
                self.world.nodes[place].trouble.end_in(steps);
            }
            72..78 => self.take_back(),
            78..83 => drop(self.copies.insert(place, self.world.nodes[place].store.copy())),
            83..87 => self.go_back(place),
            87..91 => self.renew(place),
            91..94 => self.steal(),
            94..96 => self.bar(),
            96..99 => self.lie(place),
            _ => self.world.run_for(3 * DAY),
        }
    }

    /// The clock of a node, in milliseconds since the beginning.
    fn clock(&self, place: usize) -> i64 {
        self.world.now + self.world.nodes[place].skew
    }

    fn say(&mut self, place: usize) {
        let (person, index, node) = BY[place];
        if self.world.off.contains(&node) {
            return;
        }
        let text = format!("message {}", self.said.len());
        let said = self.people[person].says(index, &text, self.clock(place));
        if self.world.try_publish(node, said.clone()) == Ok(1) {
            self.said.push((place, said, false));
        }
    }

    fn switch(&mut self, place: usize) {
        if self.world.off.contains(&place) {
            self.world.switch_on(place);
        } else {
            self.world.switch_off(place);
        }
    }

    fn part_or_join(&mut self, place: usize) {
        let other = self.place();
        if self.world.apart.remove(&(place.min(other), place.max(other))) || place == other {
            return;
        }
        self.world.part(place, other);
    }

    fn fill_or_empty(&mut self, place: usize) {
        let full = self.world.dice.chance(50);
        self.world.nodes[place].trouble.set_full(full);
    }

    /// A node takes back something that it said.
    fn take_back(&mut self) {
        if self.said.is_empty() {
            return;
        }
        let which = usize::try_from(self.below(u64::try_from(self.said.len()).unwrap())).unwrap();
        let (place, said, _) = &self.said[which];
        let (place, id) = (*place, said.id().clone());
        let (person, index, node) = BY[place];
        if self.world.off.contains(&node) {
            return;
        }
        let now = at(self.clock(place));
        let revocation = self.people[person].by(index).revoke(&id, false, now).unwrap();
        if self.world.try_publish(node, revocation) == Ok(1) {
            self.said[which].2 = true;
        }
    }

    /// A backup is restored, which no rule allows (N24, N47).
    fn go_back(&mut self, place: usize) {
        if let Some(copy) = self.copies.remove(&place) {
            self.world.restore(place, &copy);
            // What was said since is lost, unless another node has it.
            self.said.retain(|(by, ..)| *by != place);
        }
    }

    /// A user's key trusts one of its nodes anew, at the node where the key is.
    fn renew(&mut self, place: usize) {
        let (person, index, _) = BY[place];
        let home = BY.iter().position(|(other, ..)| *other == person).unwrap();
        if !self.world.off.contains(&home) {
            let (created, end) = (self.clock(home), self.clock(home) + 700 * DAY);
            let renewed = self.people[person].renews(index, created, end);
            drop(self.world.try_publish(home, renewed));
        }
    }

    /// A thief has a node: it revokes what it can, and says things with false times.
    fn steal(&mut self) {
        let (person, index, node) = STOLEN;
        if self.world.off.contains(&node) {
            return;
        }
        let now = self.clock(node);
        let user = &self.people[person];
        let mine = self.said.iter().filter(|(place, ..)| BY[*place].0 == person);
        let targets: Vec<Identifier> = mine.map(|(_, said, _)| said.id().clone()).collect();
        let mut harm: Vec<Resource> =
            targets.iter().map(|id| user.by(index).revoke(id, true, at(now)).unwrap()).collect();
        harm.push(user.says(index, "long ago", now - 300 * DAY));
        harm.push(user.says(index, "in a year", now + 300 * DAY));
        for one in harm {
            drop(self.world.try_publish(node, one));
        }
    }

    /// The user's key bars the stolen node (N14).
    fn bar(&mut self) {
        let (person, index, _) = STOLEN;
        if self.world.off.contains(&WITH_KEY) {
            return;
        }
        let user = &self.people[person];
        let trust = user.nodes[index].1.id();
        let bar = user.key.author().revoke(trust, false, at(self.clock(WITH_KEY))).unwrap();
        self.barred |= self.world.try_publish(WITH_KEY, bar) == Ok(1);
    }

    /// A node lies, until another one does.
    fn lie(&mut self, place: usize) {
        let (liar, kind) = (self.world.nodes[place].fp.clone(), self.below(6));
        self.world.liars.insert(place);
        let author = self.people[usize::try_from(self.below(3)).unwrap()].fp.clone();
        self.world.tamper =
            Some(Box::new(move |from, _, body| from.fp != liar || lie_about(body, kind, &author)));
    }

    /// Ends all that was wrong.
    fn heal(&mut self) {
        self.world.loss = 0;
        self.world.tamper = None;
        self.world.apart.clear();
        for node in &self.world.nodes {
            node.trouble.set_full(false);
            node.trouble.end_in(0);
        }
        for place in self.world.off.clone() {
            self.world.switch_on(place);
        }
    }

    /// Waits until all have found the same: hours where nothing was wrong, a day for a fork among
    /// own nodes, a week for others (N24), 32 days for what was not found again and again (N32).
    fn converge(&mut self) -> i64 {
        let begin = self.world.now;
        for days in [1, 2, 6, 10, 30, 40] {
            self.world.run_for(days * DAY);
            if self.world.lacking().is_empty() {
                break;
            }
        }
        let lacking = self.world.lacking();
        assert!(lacking.is_empty(), "after all healed: {lacking:#?}");
        (self.world.now - begin) / DAY
    }

    fn check_end(&mut self) {
        // One bar undoes what a thief has revoked (N14).
        for (place, said, taken_back) in &self.said {
            let (person, index, node) = BY[*place];
            if *taken_back
                || (!self.barred && person == STOLEN.0)
                || (person, index, node) == STOLEN
            {
                continue;
            }
            let name = ResourceName { author: said.user().clone(), resource: said.id().clone() };
            let own = self.world.nodes[BY[if person == 1 { WITH_KEY } else { node }].2].fp.clone();
            let given = self.world.nodes[node].would_give(&own, &name, self.world.time_of(node));
            let given = given.unwrap_or_else(|| panic!("{said:?} is not given any more"));
            assert_eq!(&*given.data, said.text(), "it stands");
        }
        // Traffic has ended (N34): what stays are own nodes' words every 300 s, and visits.
        let quiet_since = self.world.now;
        self.world.run_for(HOUR);
        let late = self.world.sent.iter().filter(|(time, ..)| *time > quiet_since);
        let broadcasts = late.clone().filter(|(.., kind)| *kind == "broadcast").count();
        assert_eq!(broadcasts, 0, "there is nothing new");
        assert!(late.clone().count() < 250, "{} objects in a quiet hour", late.count());
    }
}

/// Changes what a liar sends; whether it is sent at all.
fn lie_about(body: &mut Body, kind: u64, author: &sdmp_journal::Fingerprint) -> bool {
    let lines = match body {
        Body::Broadcast(lines) if kind == 0 => {
            lines.entries.clear();
            return false;
        }
        Body::Broadcast(lines)
        | Body::Response(Response { answered: Answered::Lines(lines), .. }) => Some(lines),
        _ => None,
    };
    if let Some(lines) = lines {
        match kind {
            1 => lines.entries.truncate(lines.entries.len() / 2),
            2 => lines.entries.last_mut().into_iter().for_each(|line| line.author = author.clone()),
            _ => {}
        }
        return true;
    }
    if let Body::Response(Response { answered: Answered::Resources(found), .. }) = body {
        match kind {
            3 => found.iter_mut().flatten().for_each(|given| {
                given.data =
                    given.data.replacen("\"signature\":\"", "\"signature\":\"AAAA", 1).into();
            }),
            4 => return false,
            5 => found.reverse(),
            _ => {}
        }
    }
    true
}
