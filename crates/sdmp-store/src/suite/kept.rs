//! Cursors and wants.

use std::collections::BTreeSet;

use sdmp_container::ResourceName;
use sdmp_journal::sync::{Access, Doubt, Holder, Next, PeerRow, WaitsFor, Want};
use sdmp_journal::{Code, Cursor, Fingerprint, Head, Identifier};

use super::Place;
use super::house::House;
use super::people::at;
use crate::{Changes, Faults, Kept, Store};

pub(super) fn name(n: u8) -> ResourceName {
    let author = Fingerprint::from_octets([n / 4; 64]);
    ResourceName { author, resource: Identifier::from_octets([n; 64]) }
}

pub(super) fn want(n: u8, next: Next, doubt: Option<Doubt>) -> (ResourceName, Want) {
    let holder = |key| Fingerprint::from_octets([key; 64]);
    let doubted = Holder { due: at(7), misses: 3, doubt };
    let free = Holder { due: at(9), misses: 0, doubt: None };
    let holders = [(holder(200), doubted), (holder(201), free)].into_iter().collect();
    let (order, urgent) = (u64::from(n) + 1, n.is_multiple_of(2));
    (name(n), Want { order, urgent, reporter: holder(200), next, holders })
}

fn wants() -> Vec<(ResourceName, Want)> {
    vec![
        want(0, Next::Due(at(5)), None),
        want(1, Next::Waits(WaitsFor::Resource(name(9))), Some(Doubt::UnknownSigner(name(8)))),
        want(2, Next::Waits(WaitsFor::Room), Some(Doubt::Claimed(name(7).resource))),
        want(3, Next::Closed(Code::ResourceRevoked), Some(Doubt::BadCopy(Code::SignatureBad))),
        want(4, Next::Aside(Code::ResourceKind), None),
        want(5, Next::GivenUp, None),
    ]
}

fn peers(house: &House) -> Vec<(Fingerprint, PeerRow)> {
    let (peer, node) = (Fingerprint::from_octets([4; 64]), house.node.fp());
    let mut head = Head::new(&peer);
    head.append(house.user.fp(), name(1).resource);
    let new = PeerRow::new(&house.other.fp(), &node, at(1));
    let mut peers = vec![
        (
            peer.clone(),
            PeerRow {
                cursor: Cursor::restore(peer, head, Some(at(3)), true),
                reread: Some(at(4)),
                fails: 5,
                failing: Some(at(6)),
                due: at(7),
                access: Access::ControlOnly,
                news: true,
                ..new.clone()
            },
        ),
        (house.other.fp(), new),
    ];
    peers.sort_by(|a, b| a.0.cmp(&b.0));
    peers
}

fn changes(wants: &[(ResourceName, Want)]) -> Vec<(ResourceName, Option<Want>)> {
    wants.iter().cloned().map(|(name, want)| (name, Some(want))).collect()
}

/// What was kept comes back as it was, every reason included; a want that goes is gone.
pub fn cursors_and_wants_come_back_with_their_reasons<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let (peers, mut wants) = (peers(&house), wants());
    let first = Changes { peers: peers.clone(), wants: changes(&wants) };
    store.keep(first).unwrap();
    assert_eq!(store.kept().unwrap(), Kept { peers: peers.clone(), wants: wants.clone() });
    // One goes, one changes.
    wants.remove(0);
    wants[0].1.next = Next::Due(at(8));
    wants[0].1.holders.pop_first();
    let mut second = changes(&wants[..1]);
    second.push((name(0), None));
    store.keep(Changes { peers: vec![], wants: second }).unwrap();
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert_eq!(store.kept().unwrap(), Kept { peers, wants });
    house.check(&store);
}

/// A want that is asked for or judged is kept as due (N31).
pub fn what_was_asked_is_due_again<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let asked = Next::Asked(BTreeSet::from([house.other.fp()]));
    let wants = [want(0, asked, None), want(1, Next::Judging, None)];
    store.keep(Changes { peers: vec![], wants: changes(&wants) }).unwrap();
    drop(store);
    let kept = place.open(Faults::none()).unwrap().kept().unwrap();
    assert_eq!(kept.wants.len(), 2);
    let is_due = |want: &Want| matches!(want.next, Next::Due(due) if due <= at(0));
    assert!(kept.wants.iter().all(|(_, want)| is_due(want)), "{kept:?}");
}
