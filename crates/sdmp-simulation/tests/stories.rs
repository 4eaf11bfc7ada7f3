//! What people do with their devices, from the first day to the last (N30 to N36).

use sdmp_journal::sync::CloseReason;
use sdmp_journal::{Code, Resource};

use sdmp_simulation::Node;
use sdmp_simulation::people::Person;
use sdmp_simulation::{World, at};

const HOUR: i64 = 3_600_000;

/// A's trust in its node ends while B publishes, and is given again.
fn away_for_a_year(seed: u64) {
    let (a, b) = (Person::new("a", 1), Person::new("b", 1));
    // A's trust in its node ends in an hour.
    let (key, _, identity) = &a.nodes[0];
    let short = a.renews(0, -700_000, HOUR);
    let first = [a.identity.clone(), short.clone(), identity.clone()];
    let a1 = Node::new("A1", &key.local, &a.fp, &first, at(0));
    let mut world = World::new(vec![a1, b.node(0, "B1")], seed);
    world.all_reachable_but(&[]);
    let trusts = [a.trusts(&b, 1), b.trusts(&a, 2)];
    let to = |file: Vec<Resource>| file.into_iter().chain(trusts.clone()).collect::<Vec<_>>();
    world.introduce(0, to(b.introduction()));
    world.introduce(1, to(first.to_vec()));
    let before = b.says(0, "before", 0);
    world.publish(1, before.clone());
    world.run_for(HOUR / 2);
    assert!(world.nodes[0].has(before.id()));
    world.run_for(HOUR);
    // Control goes over the weak session, content does not.
    let (after, news) = (b.says(0, "after", world.now), b.renews(0, world.now, 9 * HOUR));
    world.publish(1, after.clone());
    world.publish(1, news.clone());
    world.run_for(12 * HOUR);
    assert!(world.nodes[0].has(news.id()) && !world.nodes[0].has(after.id()));
    // The trust is given again at A: all comes.
    let renewed = a.renews(0, world.now, 900 * HOUR);
    world.publish(0, renewed.clone());
    world.run_for(24 * HOUR);
    assert!(world.nodes[1].has(renewed.id()), "seed {seed}: B learns it");
    assert!(world.nodes[0].has(after.id()), "seed {seed}: A gets what came meanwhile");
}

#[test]
fn n17_n32_story_6_over_an_expired_trust_control_comes_and_content_once_it_is_given_again() {
    for seed in 0..12 {
        away_for_a_year(seed);
    }
}

/// How often A's node refuses one of so many nodes of B because of their number.
fn refused_of(nodes: i64) -> usize {
    let (a, b) = (Person::new("a", 1), Person::new("b", nodes));
    let mut all = vec![a.node(0, "A1")];
    all.extend((0..b.nodes.len()).map(|index| b.node(index, "B")));
    let mut world = World::new(all, 3);
    world.all_reachable_but(&[]);
    let trusts = [a.trusts(&b, 1), b.trusts(&a, 2)];
    for node in 0..world.nodes.len() {
        let mut file = if node == 0 { b.introduction() } else { a.introduction() };
        file.extend(trusts.clone());
        world.introduce(node, file);
    }
    world.run_for(30_000);
    let full = CloseReason::Code(Code::QuotaAuthor);
    world.closed.iter().filter(|(at, _, reason)| *at == 0 && *reason == full).count()
}

#[test]
fn n51_8_nodes_of_another_user_are_connected_and_a_ninth_is_refused() {
    assert_eq!(refused_of(8), 0);
    assert!(refused_of(9) > 0);
}
