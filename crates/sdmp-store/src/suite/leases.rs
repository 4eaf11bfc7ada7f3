//! Leases of peers and wants.

use sdmp_journal::sync::{Next, PeerRow};

use super::Place;
use super::house::House;
use super::kept::{name, want};
use super::people::at;
use crate::{Changes, Error, Faults, Lease, Store};

fn lease(process: &str, now: i64) -> Lease {
    Lease { process: process.to_owned(), now: at(now), until: at(now + 30) }
}

/// Each session has a fence of its own, and with an older one nothing is kept: neither cursor nor wants.
pub fn a_session_that_lost_its_peer_keeps_nothing<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let peer = house.other.fp();
    let mut row = PeerRow::new(&peer, &house.node.fp(), at(1));
    let keep = |row: &PeerRow, held: &[(_, u64)]| {
        let wants = vec![want(row.fails.try_into().unwrap(), Next::GivenUp, None)];
        let wants = wants.into_iter().map(|(name, want)| (name, Some(want))).collect();
        store.keep_held(Changes { peers: vec![(peer.clone(), row.clone())], wants }, held)
    };
    assert_eq!(keep(&row, &[(peer.clone(), 1)]).unwrap_err(), Error::Fenced, "no lease");
    let take = |process, now, fence| store.lease_peer(&peer, &lease(process, now), fence).unwrap();
    assert_eq!(take("one", 0, None), Some(1));
    assert_eq!(take("two", 29, None), None);
    keep(&row, &[(peer.clone(), 1)]).unwrap();
    // Renewed, so it lasts longer; then it ends.
    assert_eq!(take("one", 20, Some(1)), Some(1));
    assert_eq!(take("two", 49, None), None);
    assert_eq!(take("two", 49, Some(1)), None, "it is another's");
    assert_eq!(take("two", 50, None), Some(2));
    assert_eq!(take("one", 51, Some(1)), None, "it was lost");
    row.fails = 1;
    assert_eq!(keep(&row, &[(peer.clone(), 1)]).unwrap_err(), Error::Fenced);
    assert_eq!(keep(&row, &[]).unwrap_err(), Error::Fenced);
    let kept = store.kept().unwrap();
    assert_eq!((kept.peers[0].1.fails, kept.wants.len()), (0, 1), "nothing of it was kept");
    keep(&row, &[(peer.clone(), 2)]).unwrap();
    // A new session of the same process.
    assert_eq!(take("two", 52, None), Some(3));
    assert_eq!(keep(&row, &[(peer.clone(), 2)]).unwrap_err(), Error::Fenced);
    let reopened = {
        drop(store);
        place.open(Faults::none()).unwrap()
    };
    assert_eq!(reopened.lease_peer(&peer, &lease("one", 53), None).unwrap(), None);
    assert_eq!(reopened.lease_peer(&peer, &lease("one", 82), None).unwrap(), Some(4));
    house.check(&reopened);
}

/// Due wants are taken once, urgent ones first; when the lease ends, or they are kept, they are due again.
pub fn a_want_is_taken_by_one_process_until_the_lease_ends<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    // Even numbers are urgent; the last one is not due yet, and one waits for nothing.
    let mut wants: Vec<_> = (0..5).map(|n| want(n, Next::Due(at(i64::from(n))), None)).collect();
    wants.push(want(5, Next::GivenUp, None));
    wants.push(want(6, Next::Due(at(500)), None));
    let some = |wants: &[_]| Changes {
        peers: vec![],
        wants: wants.iter().cloned().map(|(name, want)| (name, Some(want))).collect(),
    };
    store.keep(some(&wants)).unwrap();
    let take = |process, now, limit| store.take_wants(&lease(process, now), limit).unwrap();
    assert_eq!(take("one", 10, 2), [name(0), name(2)]);
    assert_eq!(take("two", 11, 9), [name(4), name(1), name(3)]);
    assert!(take("two", 39, 9).is_empty(), "all are taken");
    assert_eq!(take("two", 40, 9), [name(0), name(2)], "that lease has ended");
    store.keep(some(&wants[3..4])).unwrap();
    assert_eq!(take("one", 40, 9), [name(3)], "what is kept is free");
    assert_eq!(store.kept().unwrap().wants, wants, "leases change no want");
}
