//! Lines: how a journal grows.

use std::sync::atomic::{AtomicBool, Ordering};

use sdmp_journal::{Code, LineId, Resource, Verdict};

use super::Place;
use super::house::{House, append, verdicts};
use super::people::{DAY, Key, at};
use crate::{Error, Faults, Store};

/// Appends of 1, 255 and 256; 257 are refused; a head that moved; opened again.
pub fn head_grows_by_up_to_256_and_refuses_what_is_stale<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let before = store.snapshot().unwrap().head();
    assert_eq!(before.count(), 4);
    let mut count = 4;
    for range in [0..1, 1..256, 256..512] {
        let messages = house.messages(range);
        let appended = house.append(&store, &messages, at(1000)).unwrap();
        count += u64::try_from(messages.len()).unwrap();
        assert_eq!((appended.head.count(), appended.lines.len()), (count, messages.len()));
        let ids = |resources: &[Resource]| -> Vec<_> {
            resources.iter().map(|one| one.id().clone()).collect()
        };
        let lines: Vec<_> = appended.lines.iter().map(|line| line.id.clone()).collect();
        assert_eq!(lines, ids(&messages), "lines stand in the order of the call");
    }
    let many = house.append(&store, &house.messages(600..857), at(1000));
    assert_eq!(many.unwrap_err(), Error::TooMany(257));
    let head = store.snapshot().unwrap().head();
    let stale = append(house.user.fp(), &house.messages(600..601), at(1000)).with_expected(before);
    assert_eq!(store.append(stale).unwrap_err(), Error::Stale(Box::new(head.clone())));
    let fresh = append(house.user.fp(), &house.messages(600..601), at(1000)).with_expected(head);
    assert_eq!(store.append(fresh).unwrap().lines.len(), 1);
    let (head, lines) = all(&store, &house);
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert_eq!(all(&store, &house), (head, lines));
    assert_eq!(store.snapshot().unwrap().rows(4, 2).len(), 2);
    house.check(&store);
}

pub(super) fn all<S: Store + ?Sized>(
    store: &S,
    house: &House,
) -> (sdmp_journal::Head, Vec<sdmp_journal::Line>) {
    let snapshot = store.snapshot().unwrap();
    let lines = snapshot.lines(&LineId::first(&house.node.fp()), usize::MAX).unwrap();
    snapshot.check().unwrap();
    (snapshot.head(), lines)
}

/// What was admissible on a snapshot is refused after a revocation that came between.
pub fn is_judged_again_in_the_append<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let snapshot = store.snapshot().unwrap();
    let bar = house.user.author().revoke(house.trust.id(), false, at(20)).unwrap();
    house.append(&store, std::slice::from_ref(&bar), at(30)).unwrap();
    let appended = house.append(&store, &house.messages(0..1), at(30)).unwrap();
    assert_eq!(verdicts(&appended.judged), [&Verdict::Refused(Code::AuthorityEnded)]);
    assert!(appended.lines.is_empty());
    assert!(snapshot.revocation(bar.id()).is_none(), "the snapshot is of before");
    house.check(&store);
}

/// One line for an item that comes twice: in one call, in two, from two threads.
pub fn the_same_item_makes_one_line<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let one = house.messages(0..1);
    let appended = house.append(&store, &[one[0].clone(), one[0].clone()], at(100)).unwrap();
    assert_eq!(verdicts(&appended.judged), [&Verdict::Admit { revoked: false }, &Verdict::Known]);
    assert_eq!(house.append(&store, &one, at(100)).unwrap().lines.len(), 0);
    let many = house.messages(1..41);
    let lines: usize = std::thread::scope(|scope| {
        let append = || -> usize {
            let each = many.chunks(4).map(|few| house.append(&store, few, at(100)).unwrap());
            each.map(|appended| appended.lines.len()).sum()
        };
        let threads = [scope.spawn(append), scope.spawn(append)];
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(lines, 40);
    house.check(&store);
}

/// A chain, its content and its revocation in one call, in all orders.
pub fn any_order_in_one_call_ends_alike<P: Place>() {
    let house = House::new();
    let content = house.other.under(&house.other_trust).publish(&super::house::message(0), at(2));
    let content = content.unwrap();
    let revocation = house.user.author().revoke(content.id(), false, at(3)).unwrap();
    let items = [house.other.identity(), house.other_trust.clone(), content, revocation];
    for order in orders(4) {
        let place = P::new(&house.node.fp());
        let store = house.begin(place.open(Faults::none()).unwrap());
        let call: Vec<Resource> = order.iter().map(|n| items[*n].clone()).collect();
        let appended = house.append(&store, &call, at(50)).unwrap();
        assert_eq!(appended.lines.len(), 3, "{order:?}: {:?}", verdicts(&appended.judged));
        let refused =
            appended.judged.iter().find(|one| one.candidate.resource().id() == items[2].id());
        assert_eq!(refused.unwrap().verdict, Verdict::Refused(Code::ResourceRevoked));
        house.check(&store);
    }
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let shorter = orders(count - 1);
    let insert = |order: &Vec<usize>, place| {
        let mut order = order.clone();
        order.insert(place, count - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..count).map(move |place| insert(order, place))).collect()
}

/// A journal begins with the user's identity and a trust in the node (N21), or not at all.
pub fn first_lines_are_those_of_n21<P: Place>() {
    let house = House::new();
    // The store of the other device, whose trust the first device signed.
    let place = P::new(&house.other.fp());
    let store = place.open(Faults::none()).unwrap();
    let (identity, trust) = (house.user.identity(), house.trust.clone());
    for few in [vec![identity.clone()], vec![identity.clone(), trust.clone()]] {
        assert_eq!(house.append(&store, &few, at(10)).unwrap_err(), Error::FirstLines);
    }
    let waits = house.append(&store, std::slice::from_ref(&trust), at(10)).unwrap();
    assert!(waits.lines.is_empty(), "nothing was admitted, so nothing is wrong");
    let signer = house.node.identity();
    let more = house.other.identity();
    let call = [&more, &house.other_trust, &signer, &trust, &identity].map(Clone::clone);
    let appended = house.append(&store, &call, at(10)).unwrap();
    let lines: Vec<_> = appended.lines.iter().map(|line| &line.id).collect();
    let expected = [&identity, &house.other_trust, &trust, &signer, &more].map(Resource::id);
    assert_eq!(lines, expected);
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    let kept = store.snapshot().unwrap().trust(house.other_trust.id()).unwrap();
    assert_eq!(kept.meta.trust.as_ref(), Some(trust.id()), "it names the line after it");
    let report = crate::fsck(&store, &house.other.fp(), &super::people::Keyed).unwrap();
    assert_eq!(report.faults, []);
}

/// A snapshot neither changes nor stops appends.
pub fn a_snapshot_is_one_state_while_appends_pass<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    house.append(&store, &house.messages(0..8), at(100)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let (head, lines) = all(&store, &house);
    let messages = house.messages(8..208);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for few in messages.chunks(5) {
                house.append(&store, few, at(300)).unwrap();
            }
            is_done.store(true, Ordering::SeqCst);
        });
        let first = LineId::first(&house.node.fp());
        let mut is_last = false;
        while !is_last {
            is_last = is_done.load(Ordering::SeqCst);
            assert_eq!(snapshot.head(), head);
            assert_eq!(snapshot.lines(&first, usize::MAX).as_ref(), Some(&lines));
            assert_eq!(snapshot.rows(1, usize::MAX).len(), lines.len());
        }
    });
    let new = messages[0].id();
    assert!(snapshot.meta(new).is_none() && snapshot.text(new).is_none());
    assert!(snapshot.gone(new).is_none());
    snapshot.check().unwrap();
    assert_eq!(store.snapshot().unwrap().head().count(), head.count() + 200);
}

/// N2: more than a day back is refused; less does not move the clock back.
pub fn the_clock_never_goes_back<P: Place>() {
    let house = House::new();
    let place = P::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    house.append(&store, &house.messages(0..1), at(3 * DAY)).unwrap();
    let back = house.append(&store, &house.messages(1..2), at(2 * DAY - 1));
    assert_eq!(back.unwrap_err(), Error::Clock(Code::ClockBack));
    house.append(&store, &house.messages(1..2), at(2 * DAY)).unwrap();
    assert_eq!(store.snapshot().unwrap().clock(), Some(at(3 * DAY)));
    // Judged at the stored time, not at the one before it.
    let end = Some(at(2 * DAY + 1));
    let guest = Key::user("guest");
    let short = house.user.author().trust(&guest.fp(), sdmp_journal::Grants::ALL, end, at(0));
    house.append(&store, &[short.unwrap()], at(2 * DAY)).unwrap();
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert_eq!(store.snapshot().unwrap().clock(), Some(at(3 * DAY)));
}

/// At each step of an append: nothing remains, and the same call goes through when there is room.
pub fn a_full_disk_leaves_nothing_and_it_goes_on<P: Place>() {
    let house = House::new();
    for step in ["begin", "row", "head", "commit"] {
        let place = P::new(&house.node.fp());
        let store = house.begin(place.open(Faults::none()).unwrap());
        let before = all(&store, &house);
        drop(store);
        let full = AtomicBool::new(true);
        let fault = move |at: &str| match at == step && full.swap(false, Ordering::SeqCst) {
            true => Err(Error::Full),
            false => Ok(()),
        };
        let store = place.open(Faults::new(fault)).unwrap();
        let messages = house.messages(0..3);
        assert_eq!(house.append(&store, &messages, at(100)).unwrap_err(), Error::Full, "{step}");
        assert_eq!(all(&store, &house), before, "{step}");
        assert!(store.events(3, 10).unwrap().is_empty(), "{step}");
        assert_eq!(house.append(&store, &messages, at(100)).unwrap().lines.len(), 3, "{step}");
        house.check(&store);
    }
}
