//! What an adversary tries, and what comes of it (N54).

use std::cell::RefCell;
use std::rc::Rc;

use sdmp_container::ResourceName;
use sdmp_journal::exchange::{Answered, Body, Lines, RequestId, Response};
use sdmp_journal::sync::{CloseReason, Next};
use sdmp_journal::{Code, Identifier, LineId, Resource};

use sdmp_simulation::Node;
use sdmp_simulation::people::{Person, three_users};
use sdmp_simulation::{World, at};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const A1: usize = 0;
const A2: usize = 1;
const B1: usize = 2;
const B2: usize = 3;
const C1: usize = 4;

/// Three users whose nodes are up to date.
fn settled(seed: u64) -> (World, [Person; 3]) {
    let (mut world, people) = three_users(seed);
    world.run_for(10 * MINUTE);
    (world, people)
}

fn says(
    world: &mut World,
    people: &[Person; 3],
    (user, index, node): (usize, usize, usize),
) -> Resource {
    let text = format!("hello {}", world.dice.number());
    let said = people[user].says(index, &text, world.now);
    world.publish(node, said.clone());
    said
}

fn lines_of(body: &mut Body) -> Option<&mut Lines> {
    match body {
        Body::Broadcast(lines) => Some(lines),
        Body::Response(Response { answered: Answered::Lines(lines), .. }) => Some(lines),
        _ => None,
    }
}

fn given(body: &mut Body) -> impl Iterator<Item = &mut sdmp_journal::exchange::Given> {
    let found = match body {
        Body::Response(Response { answered: Answered::Resources(found), .. }) => Some(found),
        _ => None,
    };
    found.into_iter().flatten().flatten()
}

fn told(world: &World, node: usize, code: Code) -> bool {
    world.told.iter().any(|(at, _, told)| *at == node && *told == code)
}

#[test]
fn n54_a_withheld_journal_is_healed_by_other_holders() {
    let (mut world, people) = settled(1);
    let b1 = world.nodes[B1].fp.clone();
    // A2 tells B1 of nothing any more.
    world.tamper = Some(Box::new(move |from: &Node, to, body| {
        if from.name == "A2" && *to == b1 {
            if matches!(body, Body::Broadcast(_)) {
                return false;
            }
            if let Some(lines) = lines_of(body) {
                lines.entries.clear();
            }
        }
        true
    }));
    let said = says(&mut world, &people, (0, 1, A2));
    world.run_for(HOUR);
    assert!(world.nodes[B1].has(said.id()) && world.nodes[B2].has(said.id()));
}

#[test]
fn n54_a_forked_journal_is_told_and_what_is_in_it_comes_all_the_same() {
    let (mut world, people) = settled(2);
    let a1 = world.nodes[A1].fp.clone();
    let mut once = true;
    world.tamper = Some(Box::new(move |from: &Node, to, body| {
        if from.name == "A2"
            && *to == a1
            && let Some(lines) = lines_of(body)
            && let Some(first) = lines.entries.first_mut().filter(|_| once)
        {
            (first.lid, once) = (LineId::after("another past"), false);
        }
        true
    }));
    let said = says(&mut world, &people, (0, 1, A2));
    world.run_for(HOUR);
    assert!(told(&world, A1, Code::JournalFork));
    assert!(world.nodes[A1].has(said.id()));
}

#[test]
fn n54_a_chain_that_breaks_in_the_middle_ends_the_session_for_an_hour() {
    let (mut world, people) = settled(3);
    let (a1, b1) = (world.nodes[A1].fp.clone(), world.nodes[B1].fp.clone());
    world.tamper = Some(Box::new(move |from: &Node, to, body| {
        if from.name == "B1"
            && *to == a1
            && let Some(lines) = lines_of(body)
            && let [_, second, ..] = lines.entries.as_mut_slice()
        {
            second.lid = LineId::after("nothing");
        }
        true
    }));
    world.switch_off(A1);
    says(&mut world, &people, (1, 0, B1));
    says(&mut world, &people, (1, 0, B1));
    let begin = world.now;
    world.switch_on(A1);
    world.run_for(HOUR / 2);
    assert!(told(&world, A1, Code::JournalLine));
    let sent = |world: &World| {
        let between = |(time, from, to, _): &&(i64, usize, usize, &str)| {
            *time > begin + 2 * MINUTE && [(A1, B1), (B1, A1)].contains(&(*from, *to))
        };
        world.sent.iter().filter(between).count()
    };
    assert_eq!(sent(&world), 0, "no session for an hour");
    assert!(world.nodes[A1].machine.peer(&b1).is_some());
}

#[test]
fn n54_a_bad_copy_does_not_hide_a_resource() {
    let (mut world, people) = settled(4);
    world.tamper = Some(Box::new(|from: &Node, _, body| {
        if from.name == "B2" {
            for given in given(body) {
                let broken = given.data.replacen("\"signature\":\"", "\"signature\":\"AAAA", 1);
                given.data = broken.into();
            }
        }
        true
    }));
    let said = says(&mut world, &people, (1, 0, B1));
    world.run_for(HOUR);
    assert!([A1, A2, C1].iter().all(|node| world.nodes[*node].has(said.id())));
    for node in [A1, A2, C1] {
        assert!(world.nodes[node].machine.wants().is_empty());
    }
}

#[test]
fn n51_too_many_bad_copies_cut_the_giver_for_an_hour() {
    let (mut world, people) = settled(5);
    world.switch_off(B1);
    world.switch_off(A2);
    world.tamper = Some(Box::new(|from: &Node, _, body| {
        if from.name == "B2" {
            given(body).for_each(|given| {
                let broken = given.data.replacen("\"signature\":\"", "\"signature\":\"AAAA", 1);
                given.data = broken.into();
            });
        }
        true
    }));
    for _ in 0..20 {
        says(&mut world, &people, (1, 1, B2));
    }
    world.run_for(20 * MINUTE);
    assert!(told(&world, A1, Code::SignatureBad));
    // Every one of them has a reason, and is not asked of B2 again.
    let wants = world.nodes[A1].machine.wants();
    assert!(wants.len() >= 16);
    let closed = |next: &Next| matches!(next, Next::Closed(Code::SignatureBad) | Next::Due(_));
    assert!(wants.iter().all(|(_, want)| closed(&want.next)));
}

#[test]
fn n54_a_false_author_in_a_line_does_not_hide_a_resource() {
    let (mut world, people) = settled(6);
    let mallory = people[2].fp.clone();
    world.tamper = Some(Box::new(move |from: &Node, _, body| {
        if from.name == "B2"
            && let Some(lines) = lines_of(body)
            && let Some(last) = lines.entries.last_mut()
        {
            last.author = mallory.clone();
        }
        true
    }));
    let said = says(&mut world, &people, (1, 0, B1));
    world.run_for(HOUR);
    assert!([A1, A2, C1].iter().all(|node| world.nodes[*node].has(said.id())));
}

#[test]
fn n28_n54_a_false_revocation_does_not_hide_a_resource() {
    let (mut world, people) = settled(7);
    let said = people[1].says(0, "hello", world.now);
    // B2 signs a revocation of what B1 published. It is admitted, and has no effect.
    let false_one = people[1].by(1).revoke(said.id(), false, at(world.now)).unwrap();
    world.publish(B2, false_one.clone());
    let target = said.text().to_owned();
    world.tamper = Some(Box::new(move |from: &Node, _, body| {
        if from.name == "B2" {
            given(body).filter(|given| *given.data == *target).for_each(|given| {
                given.data = false_one.text().into();
            });
        }
        true
    }));
    world.publish(B1, said.clone());
    world.run_for(HOUR);
    assert!([A1, A2, C1].iter().all(|node| world.nodes[*node].has(said.id())));
}

#[test]
fn n28_a_revocation_by_the_users_key_settles_the_want() {
    let (mut world, people) = settled(8);
    world.switch_off(A1);
    world.switch_off(A2);
    let said = says(&mut world, &people, (1, 0, B1));
    world.run_for(MINUTE);
    let revoked = people[1].key.author().revoke(said.id(), false, at(world.now)).unwrap();
    world.publish(B1, revoked.clone());
    world.run_for(MINUTE);
    world.switch_on(A1);
    world.run_for(HOUR);
    assert!(world.nodes[A1].has(revoked.id()) && !world.nodes[A1].has(said.id()));
    let name = ResourceName { author: people[1].fp.clone(), resource: said.id().clone() };
    let want = world.nodes[A1].machine.wants().get(&name).expect("it keeps its reason");
    assert_eq!(want.next, Next::Closed(Code::ResourceRevoked));
}

#[test]
fn n32_n54_a_slow_holder_delays_a_resource_by_its_time_and_no_more() {
    let (mut world, people) = settled(9);
    world.tamper = Some(Box::new(|from: &Node, _, body| {
        let resources = |answered: &Answered| matches!(answered, Answered::Resources(_));
        !(from.name == "B2"
            && matches!(&*body, Body::Response(Response { answered, .. }) if resources(answered)))
    }));
    let said = says(&mut world, &people, (1, 0, B1));
    world.run_for(4 * MINUTE);
    assert!([A1, A2, C1].iter().all(|node| world.nodes[*node].has(said.id())));
}

fn request(number: u64, names: Vec<ResourceName>) -> Body {
    let identifier: RequestId = format!("flood {number}").parse().unwrap();
    Body::RequestResource { identifier, names }
}

fn unknown(author: &Person) -> ResourceName {
    let resource = Identifier::from_octets([9; 64]);
    ResourceName { author: author.fp.clone(), resource }
}

#[test]
fn n51_n54_a_flood_of_requests_ends_the_session() {
    let (mut world, people) = settled(10);
    says(&mut world, &people, (0, 0, A1));
    world.run_for(10_000);
    for number in 0..40 {
        world.inject(B1, A1, &request(number, vec![unknown(&people[0])]));
    }
    let before = world.closed.len();
    world.run_for(MINUTE);
    let code = CloseReason::Code(Code::ExchangeUnexpected);
    assert!(world.closed[before..].iter().any(|(at, _, why)| *at == A1 && *why == code));
}

#[test]
fn n26_an_identifier_that_is_open_is_unexpected() {
    let (mut world, people) = settled(11);
    says(&mut world, &people, (0, 0, A1));
    world.run_for(10_000);
    for _ in 0..2 {
        world.inject(B1, A1, &request(1, vec![unknown(&people[0])]));
    }
    world.run_for(MINUTE);
    assert!(told(&world, A1, Code::ExchangeUnexpected));
}

#[test]
fn n29_an_answer_that_nobody_asked_for_ends_the_session() {
    let (mut world, people) = settled(12);
    says(&mut world, &people, (0, 0, A1));
    world.run_for(10_000);
    let identifier = "unasked".parse().unwrap();
    let answer = Body::Response(Response { identifier, answered: Answered::not_found() });
    world.inject(B1, A1, &answer);
    world.run_for(MINUTE);
    assert!(told(&world, A1, Code::ExchangeUnexpected));
}

#[test]
fn n27_what_may_not_be_had_and_what_is_not_there_are_answered_alike() {
    let (mut world, people) = settled(13);
    // B1 has it from A; C is nobody to A.
    let secret = says(&mut world, &people, (0, 0, A1));
    world.run_for(10 * MINUTE);
    says(&mut world, &people, (1, 0, B1));
    world.run_for(40_000);
    assert!(world.nodes[B1].has(secret.id()) && !world.nodes[C1].has(secret.id()));
    let answers: Rc<RefCell<Vec<Answered>>> = Rc::default();
    let seen = Rc::clone(&answers);
    world.tamper = Some(Box::new(move |from: &Node, _, body| {
        if let Body::Response(Response { identifier, answered }) = &*body
            && from.name == "B1"
            && identifier.as_str().starts_with("flood")
        {
            seen.borrow_mut().push(answered.clone());
        }
        true
    }));
    let name = |author: &Person, id: &Identifier| ResourceName {
        author: author.fp.clone(),
        resource: id.clone(),
    };
    let asked = [
        name(&people[0], secret.id()),
        unknown(&people[0]),
        name(&people[2], secret.id()),
        unknown(&people[1]),
    ];
    for (number, name) in (0..).zip(asked) {
        world.inject(C1, B1, &request(number, vec![name]));
    }
    world.run_for(10_000);
    assert_eq!(*answers.borrow(), vec![Answered::not_found(); 4]);
}

#[test]
fn n16_sessions_that_rest_on_a_revoked_trust_close_at_once() {
    let (mut world, people) = settled(15);
    says(&mut world, &people, (1, 0, B1));
    world.run_for(40_000);
    let trust = people[1].trusts(&people[2], 3);
    let end = people[1].key.author().revoke(trust.id(), false, at(world.now)).unwrap();
    let before = world.closed.len();
    world.publish(B1, end);
    world.run_for(1_000);
    let c1 = world.nodes[C1].fp.clone();
    let why = CloseReason::Code(Code::PeerNotConnectable);
    assert!(
        world.closed[before..]
            .iter()
            .any(|(at, peer, reason)| { *at == B1 && *peer == c1 && *reason == why })
    );
    let said = says(&mut world, &people, (1, 0, B1));
    world.run_for(HOUR);
    assert!(!world.nodes[C1].has(said.id()));
}

#[test]
fn n34_a_peer_that_accepts_and_says_nothing_is_dialled_less_and_less() {
    let (mut world, people) = settled(16);
    world.tamper = Some(Box::new(|from: &Node, _, _| from.name != "C1"));
    says(&mut world, &people, (1, 0, B1));
    let begin = world.now;
    world.run_for(12 * HOUR);
    let tries =
        world.sent.iter().filter(|(time, from, to, _)| *time > begin && (*from, *to) == (B1, C1));
    // An answer is waited for a minute; the pauses double to an hour.
    assert!((1..40).contains(&tries.clone().count()), "{}", tries.count());
}
