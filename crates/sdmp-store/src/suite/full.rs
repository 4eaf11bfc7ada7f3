//! A full disk, in whatever call it is found.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sdmp_journal::sync::{Next, PeerRow};
use sdmp_journal::{Identifier, Resource};

use super::Place;
use super::house::House;
use super::journal::all;
use super::kept::want;
use super::people::at;
use crate::{Changes, Error, Faults, Gone, Lease, Opening, Store};

type Call = fn(&dyn Store, &House, &[Resource]) -> Result<String, Error>;

fn lease() -> Lease {
    Lease { process: "one".to_owned(), now: at(20), until: at(50) }
}

fn changes(house: &House) -> Changes {
    let mut row = PeerRow::new(&house.other.fp(), &house.node.fp(), at(1));
    row.fails = 3;
    let (name, want) = want(9, Next::Due(at(2)), None);
    Changes { peers: vec![(house.other.fp(), row)], wants: vec![(name, Some(want))] }
}

/// Each call that writes, but an append; and what it answers where there is room.
const CALLS: [(&str, Call, &str); 8] = [
    ("keep", |store, house, _| said(store.keep(changes(house))), "()"),
    (
        "keep_held",
        |store, house, _| {
            let fence = store.lease_peer(&house.other.fp(), &lease(), None)?.unwrap();
            said(store.keep_held(changes(house), &[(house.other.fp(), fence)]))
        },
        "()",
    ),
    (
        "lease_peer",
        |store, house, _| said(store.lease_peer(&house.other.fp(), &lease(), None)),
        "Some(1)",
    ),
    ("take_wants", |store, _, _| said(store.take_wants(&lease(), 9).map(|taken| taken.len())), "1"),
    ("give_up", |store, _, some| said(store.give_up(&[some[0].id().clone()], Gone::Evicted)), "1"),
    ("block", |store, house, _| said(store.block(&house.user.fp(), true)), "2"),
    ("restore_text", |store, _, some| said(store.restore_text(&some[2])), "true"),
    (
        "opened",
        |store, _, some| {
            let inner = Identifier::from_octets([7; 64]);
            said(store.opened(some[0].id(), Opening::Shown(inner)))
        },
        "true",
    ),
];

fn said<T: std::fmt::Debug>(answer: Result<T, Error>) -> Result<String, Error> {
    answer.map(|answer| format!("{answer:?}"))
}

/// At each step of each call that writes: nothing of it remains, and the same call goes through when there is room.
pub fn a_full_disk_in_any_call_leaves_nothing_and_it_goes_on<P: Place>() {
    let house = House::new();
    let messages = house.messages(0..3);
    for step in ["begin", "commit"] {
        for (name, call, expected) in CALLS {
            let place = P::new(&house.node.fp());
            let store = house.begin(place.open(Faults::none()).unwrap());
            house.append(&store, &messages, at(20)).unwrap();
            store.give_up(&[messages[2].id().clone()], Gone::Forgotten).unwrap();
            let (wanted, due) = want(1, Next::Due(at(3)), None);
            store.keep(Changes { peers: vec![], wants: vec![(wanted, Some(due))] }).unwrap();
            drop(store);
            let full = Arc::new(AtomicBool::new(false));
            let is_full = Arc::clone(&full);
            let fault = move |at: &str| match at == step && is_full.load(Ordering::SeqCst) {
                true => Err(Error::Full),
                false => Ok(()),
            };
            let store = place.open(Faults::new(fault)).unwrap();
            let state = || {
                let snapshot = store.snapshot().unwrap();
                let gone: Vec<_> = messages.iter().map(|one| snapshot.gone(one.id())).collect();
                (all(&store, &house), gone, store.kept().unwrap(), store.events(0, 99).unwrap())
            };
            let before = state();
            full.store(true, Ordering::SeqCst);
            for _ in 0..2 {
                assert_eq!(call(&store, &house, &messages), Err(Error::Full), "{name} at {step}");
            }
            assert_eq!(state(), before, "{name} at {step}");
            full.store(false, Ordering::SeqCst);
            let answer = call(&store, &house, &messages);
            assert_eq!(answer.as_deref(), Ok(expected), "{name} at {step}");
            house.check(&store);
        }
    }
}
