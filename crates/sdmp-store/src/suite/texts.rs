//! Texts: given up, back again, opened; and what is told of them.

use std::sync::Arc;

use sdmp_crypto::random::SystemRandom;
use sdmp_envelope::encrypted::{self, Form};
use sdmp_journal::{Code, Identifier, Resource, Verify};

use super::Place;
use super::house::{House, message};
use super::journal::all;
use super::people::{Key, Keyed, at};
use crate::{Event, Faults, Gone, Opening, Store, What};

fn ids(resources: &[Resource]) -> Vec<Identifier> {
    resources.iter().map(|one| one.id().clone()).collect()
}

/// Lines and rows stay, with the reason; control is left alone (N50).
pub fn content_is_given_up_and_control_never<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..5);
    house.append(&store, &messages, at(100)).unwrap();
    let before = all(&store, &house);
    let mut named = ids(&messages[..2]);
    named.push(house.trust.id().clone());
    named.push(Identifier::from_octets([9; 64]));
    assert_eq!(store.give_up(&named, Gone::Evicted).unwrap(), 2);
    assert_eq!(store.give_up(&ids(&messages[1..3]), Gone::Forgotten).unwrap(), 1);
    assert_eq!(store.give_up(&ids(&messages[3..4]), Gone::Revoked).unwrap(), 1);
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    let snapshot = store.snapshot().unwrap();
    let reasons = [Gone::Evicted, Gone::Evicted, Gone::Forgotten, Gone::Revoked, Gone::Here];
    for (resource, reason) in messages.iter().zip(reasons) {
        assert_eq!(snapshot.gone(resource.id()), Some(reason));
        assert_eq!(snapshot.text(resource.id()).is_some(), reason == Gone::Here);
        assert!(snapshot.meta(resource.id()).is_some());
    }
    assert_eq!(snapshot.text(house.trust.id()).as_deref(), Some(house.trust.text()));
    assert_eq!(snapshot.gone(house.trust.id()), Some(Gone::Here));
    assert_eq!(all(&store, &house), before, "lines stay");
    // The same resource again makes no line, and no text.
    assert_eq!(house.append(&store, &messages, at(100)).unwrap().lines.len(), 0);
    assert!(store.snapshot().unwrap().text(messages[0].id()).is_none());
    house.check(&store);
}

/// What comes later of a blocked author is admitted without its text; control is not touched (N50).
pub fn a_blocked_author_has_lines_without_texts<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..4);
    house.append(&store, &messages[..2], at(100)).unwrap();
    assert_eq!(store.block(&house.user.fp(), true).unwrap(), 2);
    assert_eq!(store.block(&house.user.fp(), true).unwrap(), 0);
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    let trust = [house.other.identity(), house.other_trust.clone()];
    house.append(&store, &[&messages[2..3], &trust].concat(), at(100)).unwrap();
    assert_eq!(store.block(&house.user.fp(), false).unwrap(), 0);
    assert_eq!(store.block(&Key::user("unknown").fp(), false).unwrap(), 0);
    house.append(&store, &messages[3..], at(100)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let gone: Vec<_> = messages.iter().map(|one| snapshot.gone(one.id()).unwrap()).collect();
    assert_eq!(gone, [Gone::Blocked, Gone::Blocked, Gone::Blocked, Gone::Here]);
    assert_eq!(snapshot.gone(house.other_trust.id()), Some(Gone::Here));
    house.check(&store);
}

/// A text that a person asked for again (N50).
pub fn a_text_comes_back_only_as_its_signer_wrote_it<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..2);
    house.append(&store, &messages[..1], at(100)).unwrap();
    assert!(!store.restore_text(&messages[0]).unwrap(), "it is here");
    store.give_up(&ids(&messages), Gone::Forgotten).unwrap();
    assert!(!store.restore_text(&messages[1]).unwrap(), "it was never here");
    // The same payload, signed by another key.
    let foreign = sdmp_journal::Author::of_node(
        &house.other.local,
        house.user.fp(),
        house.trust.id().clone(),
    );
    let foreign = foreign.publish(&message(0), at(0)).unwrap();
    assert_eq!(foreign.id(), messages[0].id());
    assert!(!store.restore_text(&foreign).unwrap());
    assert!(store.restore_text(&messages[0]).unwrap());
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.text(messages[0].id()).as_deref(), Some(messages[0].text()));
    house.check(&store);
}

fn sealed(house: &House, n: i64) -> Resource {
    let to = [house.user.local.identity().public_key()];
    let container =
        encrypted::seal(&message(n), &to, Form::Hardened, &mut SystemRandom::new()).unwrap();
    house.node.under(&house.trust).publish(&container, at(n)).unwrap()
}

/// Each sealed text is tried once, and each inner identifier shown once (N40).
pub fn sealed_texts_are_opened_once<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let all: Vec<Resource> = (0..4).map(|n| sealed(&house, n)).collect();
    house.append(&store, &all, at(100)).unwrap();
    let newest: Vec<_> = ids(&all).into_iter().rev().collect();
    assert_eq!(store.unopened(9).unwrap(), newest);
    let inner = Identifier::from_octets([5; 64]);
    assert!(store.opened(all[0].id(), Opening::Shown(inner.clone())).unwrap());
    assert!(!store.opened(all[1].id(), Opening::Shown(inner.clone())).unwrap(), "shown before");
    assert!(store.opened(all[0].id(), Opening::Shown(inner)).unwrap(), "the same one again");
    assert!(store.opened(all[2].id(), Opening::Failed(Code::SealedUser)).unwrap());
    assert!(
        store.opened(&Identifier::from_octets([6; 64]), Opening::Failed(Code::SealedUser)).is_err()
    );
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert_eq!(store.unopened(9).unwrap(), [all[3].id().clone()]);
    store.give_up(&[all[3].id().clone()], Gone::Evicted).unwrap();
    assert_eq!(store.unopened(9).unwrap(), []);
    house.check(&store);
}

/// A growing number for each thing that happened.
pub fn events_tell_what_happened<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..2);
    house.append(&store, &messages, at(100)).unwrap();
    store.give_up(&ids(&messages[..1]), Gone::Evicted).unwrap();
    store.restore_text(&messages[0]).unwrap();
    store.block(&house.user.fp(), true).unwrap();
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    let event =
        |number, resource: &Resource, what| Event { number, id: resource.id().clone(), what };
    let blocked = What::Gone(Gone::Blocked);
    let expected = [
        event(4, &messages[0], What::Admitted),
        event(5, &messages[1], What::Admitted),
        event(6, &messages[0], What::Gone(Gone::Evicted)),
        event(7, &messages[0], What::Back),
        event(8, &messages[0], blocked),
        event(9, &messages[1], blocked),
    ];
    assert_eq!(store.events(3, 99).unwrap(), expected);
    assert_eq!(store.events(4, 2).unwrap(), expected[1..3]);
    assert_eq!(store.events(9, 2).unwrap(), []);
}

/// What is shown is found from the latest back, and what goes first begins with what does not open (N50).
pub fn what_is_shown_and_what_goes_first<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..2);
    let all: Vec<Resource> = (4..7).map(|n| sealed(&house, n)).collect();
    let node = house.node.under(&house.trust).node(None, vec![], at(9)).unwrap();
    house.append(&store, &[&messages[..], &all, &[node]].concat(), at(100)).unwrap();
    assert_eq!(store.last_event().unwrap(), 9);
    assert_eq!(store.shown(None, 9).unwrap(), []);
    let inner = |n| Opening::Shown(Identifier::from_octets([n; 64]));
    store.opened(all[0].id(), inner(1)).unwrap();
    store.opened(all[1].id(), Opening::Failed(Code::SealedNotForUs)).unwrap();
    store.opened(all[2].id(), inner(2)).unwrap();
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert_eq!(store.last_event().unwrap(), 12);
    let (old, new) = ((7, all[0].id().clone()), (9, all[2].id().clone()));
    assert_eq!(store.shown(None, 9).unwrap(), [new.clone(), old.clone()]);
    assert_eq!(store.shown(None, 1).unwrap(), [new]);
    assert_eq!(store.shown(Some(9), 9).unwrap(), [old]);
    let order = [&all[1], &messages[0], &messages[1], &all[0], &all[2]];
    let named = |one: &&Resource| (one.id().clone(), one.text().len() as u64);
    let order: Vec<_> = order.iter().map(named).collect();
    let user = house.user.fp();
    assert_eq!(store.first_to_go(&user, 9).unwrap(), order);
    assert_eq!(store.first_to_go(&user, 2).unwrap(), order[..2]);
    assert_eq!(store.first_to_go(&house.other.fp(), 9).unwrap(), []);
    let sum = |store: &P::Store| {
        let octets = store.octets().unwrap();
        assert!(octets.iter().all(|(author, _)| *author == user));
        octets.iter().map(|(_, octets)| octets).sum::<u64>()
    };
    let before = sum(&store);
    store.give_up(&[order[0].0.clone()], Gone::Evicted).unwrap();
    assert_eq!(store.first_to_go(&user, 9).unwrap(), order[1..]);
    assert_eq!(before - sum(&store), order[0].1);
}

/// Of the `node` resources of a signer whose text is here the newest counts (N5, N35).
pub fn the_newest_node_resource_says_whether_there_is_an_address<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let has = |store: &P::Store| store.snapshot().unwrap().has_address(&house.node.fp());
    let author = house.node.under(&house.trust);
    let with = author.node(None, vec!["192.0.2.1:1".to_owned()], at(10)).unwrap();
    let without = author.node(None, vec![], at(20)).unwrap();
    let old = author.node(None, vec!["192.0.2.2:1".to_owned()], at(5)).unwrap();
    assert!(!has(&store));
    for (resource, expected) in [(&with, true), (&without, false), (&old, false)] {
        let appended = house.append(&store, std::slice::from_ref(resource), at(100)).unwrap();
        assert_eq!(appended.lines.len(), 1);
        assert_eq!(has(&store), expected);
    }
    store.give_up(&[without.id().clone()], Gone::Forgotten).unwrap();
    assert!(has(&store));
}

/// What is exported and imported again makes the same journal; rubbish in between is counted.
pub fn export_and_import_make_the_same_journal<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let from = house.begin(place.open(Faults::none()).unwrap());
    house.append(&from, &house.messages(0..256), at(1000)).unwrap();
    house.append(&from, &house.messages(256..300), at(1000)).unwrap();
    let mut octets = Vec::new();
    assert_eq!(crate::export(&from, &house.node.fp(), &mut octets).unwrap(), 303);
    octets.extend(b"rubbish\n");
    let second = P::new(&house.node.fp());
    let to = second.open(Faults::none()).unwrap();
    let verifier: Arc<dyn Verify> = Arc::new(Keyed);
    let run = || {
        crate::import(&to, &house.user.fp(), at(1000), &verifier, &mut octets.as_slice()).unwrap()
    };
    let first = run();
    assert_eq!((first.admitted, first.known, first.left), (303, 0, 1));
    assert_eq!(all(&to, &house), all(&from, &house));
    assert_eq!(run().known, 303);
    house.check(&to);
}
