//! Many users with a node each, and eight friends each.

use std::collections::BTreeSet;

use sdmp_journal::Resource;

use crate::dice::Dice;
use crate::people::Person;
use crate::world::World;

const MINUTE: i64 = 60_000;

/// What a crowd came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Nodes.
    pub nodes: usize,
    /// Lines of all journals together.
    pub lines: u64,
    /// When all had found the same, in minutes of the world's time.
    pub minutes: i64,
}

/// Lets so many nodes publish so many resources, while a tenth of them is away at any time, and waits
/// until all have found what is for them.
///
/// # Panics
/// If they do not within a day.
#[must_use]
pub fn run(nodes: usize, resources: usize, seed: u64) -> Settled {
    let mut dice = Dice::new(seed);
    let friends = friends(nodes, 8, &mut dice);
    let people: Vec<Person> =
        (0..nodes).map(|number| Person::new(&format!("user{number}-"), 1)).collect();
    let mut world = meet(&people, &friends, seed);
    for number in 0..resources {
        let node = pick(&mut dice, nodes);
        if world.off.contains(&node) {
            world.switch_on(node);
        }
        let text = format!("message {number}");
        world.publish(node, people[node].says(0, &text, world.now));
        if dice.chance(20) {
            leave_and_return(&mut world, &mut dice, nodes / 10);
        }
        world.run_for(i64::try_from(dice.below(2_000)).unwrap());
    }
    for node in world.off.clone() {
        world.switch_on(node);
    }
    settle(&mut world, &friends)
}

fn pick(dice: &mut Dice, end: usize) -> usize {
    usize::try_from(dice.below(u64::try_from(end).unwrap())).unwrap()
}

/// A ring with chords: every node has about `degree` friends, and all are connected.
fn friends(nodes: usize, degree: usize, dice: &mut Dice) -> BTreeSet<(usize, usize)> {
    let mut pairs: BTreeSet<(usize, usize)> = (0..nodes)
        .map(|node| (node, (node + 1) % nodes))
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect();
    while pairs.len() < nodes * degree / 2 {
        let (a, b) = (pick(dice, nodes), pick(dice, nodes));
        if a != b {
            pairs.insert((a.min(b), a.max(b)));
        }
    }
    pairs
}

/// Friends exchange introductions (N44) before the world begins.
fn meet(people: &[Person], friends: &BTreeSet<(usize, usize)>, seed: u64) -> World {
    let nodes = people.iter().enumerate();
    let nodes = nodes.map(|(number, person)| person.node(0, format!("node {number}"))).collect();
    let mut world = World::new(nodes, seed);
    (world.checked, world.logged) = (false, false);
    for node in &mut world.nodes {
        node.unwatch();
    }
    for (a, b) in friends {
        let trusts = [people[*a].trusts(&people[*b], 1), people[*b].trusts(&people[*a], 2)];
        for (own, other) in [(*a, *b), (*b, *a)] {
            let mut file: Vec<Resource> = people[other].introduction();
            file.extend(trusts.clone());
            let addresses = [own, other].map(|node| world.nodes[node].fp.clone());
            world.nodes[own].addresses.extend(addresses);
            world.introduce(own, file);
        }
    }
    world
}

fn leave_and_return(world: &mut World, dice: &mut Dice, most: usize) {
    let node = pick(dice, world.nodes.len());
    if world.off.len() >= most {
        let back = *world.off.iter().next().unwrap();
        world.switch_on(back);
    }
    world.switch_off(node);
}

fn settle(world: &mut World, friends: &BTreeSet<(usize, usize)>) -> Settled {
    let mut lacking = Vec::new();
    for minutes in (0..24 * 60).step_by(20) {
        world.run_for(20 * MINUTE);
        lacking.clear();
        for (a, b) in friends {
            world.lacks(*a, *b, &mut lacking);
            world.lacks(*b, *a, &mut lacking);
        }
        if lacking.is_empty() {
            let lines = world.nodes.iter().map(|node| node.snapshot().head().count()).sum();
            return Settled { nodes: world.nodes.len(), lines, minutes: minutes + 20 };
        }
    }
    panic!("a day was not enough: {} are lacking, as {:?}", lacking.len(), lacking.first());
}
