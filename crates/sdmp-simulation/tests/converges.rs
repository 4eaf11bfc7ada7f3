//! Several nodes find the same, whatever happens in between (N36).

use sdmp_simulation::World;
use sdmp_simulation::people::{Person, three_users};

/// Lets nodes publish while sessions break, objects are lost, and nodes end and begin again.
fn troubled(seed: u64) -> (World, [Person; 3], Vec<Vec<sdmp_journal::Identifier>>) {
    let (mut world, people) = three_users(seed);
    world.loss = 5;
    let by = [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3), (2, 0, 4)];
    let mut said = vec![vec![], vec![], vec![]];
    for round in 0..12 {
        let (person, index, node) = by[usize::try_from(world.dice.below(5)).unwrap()];
        if world.dice.chance(30) {
            let victim = usize::try_from(world.dice.below(5)).unwrap();
            if world.off.contains(&victim) {
                world.switch_on(victim);
            } else {
                world.switch_off(victim);
            }
        }
        let now = world.now;
        let text = people[person].says(index, &format!("message {round}"), now);
        said[person].push(text.id().clone());
        world.publish(node, text);
        let pause = i64::try_from(world.dice.below(60_000)).unwrap();
        world.run_for(pause);
    }
    world.loss = 0;
    for node in world.off.clone() {
        world.switch_on(node);
    }
    (world, people, said)
}

#[test]
fn n36_all_get_what_they_may_have_whatever_is_lost_on_the_way() {
    for seed in 0..4 {
        let (mut world, _, said) = troubled(seed);
        world.run_for(3 * 3_600_000);
        let readers = [vec![0, 1, 2, 3], vec![0, 1, 2, 3, 4], vec![2, 3, 4]];
        for (person, readers) in readers.iter().enumerate() {
            for node in 0..5 {
                for id in &said[person] {
                    let has = world.nodes[node].has(id);
                    let name = &world.nodes[node].name;
                    assert_eq!(has, readers.contains(&node), "seed {seed}: {name}, of {person}");
                }
            }
        }
        for node in &world.nodes {
            let open: Vec<_> = node.machine.wants().iter().collect();
            assert!(open.is_empty(), "seed {seed}: {} still wants {open:?}", node.name);
        }
    }
}

#[test]
fn n34_traffic_ends_when_all_is_told() {
    let (mut world, _, _) = troubled(3);
    world.run_for(3 * 3_600_000);
    let quiet_since = world.now;
    world.run_for(3_600_000);
    let busy = |kind: &str| kind == "resources?" || kind == "broadcast";
    let late: Vec<_> = world.sent.iter().filter(|(time, ..)| *time > quiet_since).collect();
    assert!(late.iter().all(|(.., kind)| !busy(kind)), "{late:?}");
    // What stays are own nodes' sessions, with a word every 300 seconds from each side, and a visit
    // of each pair now and then.
    assert!(late.len() < 2 * 2 * 2 * 13 + 4 * 2 * 8, "{}", late.len());
}
