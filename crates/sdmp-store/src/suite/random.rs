//! The same random history on two engines.

use sdmp_container::ResourceName;
use sdmp_journal::sync::{Doubt, Next, PeerRow, WaitsFor, Want};
use sdmp_journal::{Code, Grants, Resource, Verdict};

use super::Place;
use super::house::{House, message};
use super::journal::all;
use super::kept;
use super::people::at;
use crate::{Changes, Faults, Gone, Lease, Memory, Store};

/// Numbers that repeat for a seed.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// For this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Resources of all kinds, some of which depend on each other.
#[must_use]
pub fn resources(house: &House, dice: &mut Dice) -> Vec<Resource> {
    let mut all = vec![house.other.identity(), house.other_trust.clone()];
    for n in 0..40 {
        let created = at(n);
        let author = match dice.below(3) {
            0 => house.user.author(),
            1 => house.node.under(&house.trust),
            _ => house.other.under(&house.other_trust),
        };
        let target = all[dice.below(all.len())].id().clone();
        all.push(match dice.below(6) {
            0 => author.revoke(&target, dice.below(2) == 0, created).unwrap(),
            1 => author
                .trust(&house.other.fp(), Grants::from_bits(3).unwrap(), None, created)
                .unwrap(),
            2 => author.node(None, vec![], created).unwrap_or_else(|_| house.trust.clone()),
            _ => author.publish(&message(n), created).unwrap(),
        });
    }
    all
}

/// A want in any state.
fn some_want(dice: &mut Dice) -> (ResourceName, Want) {
    let name = |dice: &mut Dice| kept::name(u8::try_from(dice.below(24)).unwrap());
    let next = match dice.below(6) {
        0 => Next::Waits(WaitsFor::Resource(name(dice))),
        1 => Next::Waits(WaitsFor::Room),
        2 => Next::Closed(Code::ResourceRevoked),
        3 => Next::GivenUp,
        _ => Next::Due(at(i64::try_from(dice.below(500)).unwrap())),
    };
    let doubt = (dice.below(3) == 0).then(|| Doubt::UnknownSigner(name(dice)));
    kept::want(u8::try_from(dice.below(24)).unwrap(), next, doubt)
}

/// One step, and what it answered, as text.
pub fn step(house: &House, store: &dyn Store, all: &[Resource], dice: &mut Dice) -> String {
    let some = |dice: &mut Dice| -> Vec<Resource> {
        (0..=dice.below(9)).map(|_| all[dice.below(all.len())].clone()).collect()
    };
    match dice.below(9) {
        0 => {
            let ids: Vec<_> = some(dice).iter().map(|one| one.id().clone()).collect();
            format!("{:?}", store.give_up(&ids, Gone::Evicted))
        }
        1 => format!("{:?}", store.block(&house.user.fp(), dice.below(4) == 0)),
        2 => format!("{:?}", store.restore_text(&all[dice.below(all.len())])),
        3 => {
            let head = store.snapshot().unwrap().head();
            let mut row = PeerRow::new(&house.other.fp(), &house.node.fp(), at(1));
            row.sent = head.last();
            let id = all[dice.below(all.len())].id().clone();
            let gone = (ResourceName { author: house.user.fp(), resource: id }, None);
            let peers = vec![(house.other.fp(), row)];
            let mut wants = vec![gone];
            for _ in 0..dice.below(4) {
                let (name, want) = some_want(dice);
                wants.push((name, Some(want).filter(|_| dice.below(4) > 0)));
            }
            format!("{:?}", store.keep(Changes { peers, wants }))
        }
        4 => {
            let now = i64::try_from(dice.below(500)).unwrap();
            let lease = Lease { process: "one".to_owned(), now: at(now), until: at(now + 100) };
            format!("{:?}", store.take_wants(&lease, dice.below(6)))
        }
        _ => {
            let now = at(1000 + i64::try_from(dice.below(1000)).unwrap());
            match house.append(store, &some(dice), now) {
                Ok(appended) => {
                    let verdicts: Vec<&Verdict> =
                        appended.judged.iter().map(|one| &one.verdict).collect();
                    format!("{:?} {verdicts:?}", appended.head)
                }
                Err(error) => format!("{error:?}"),
            }
        }
    }
}

/// Verdicts, lines, texts, events, cursors and lookups are the same as those of the store in memory.
pub fn the_same_history_ends_alike_on_two_engines<P: Place>() {
    let house = House::new();
    for seed in 0..8 {
        let place = P::new(&house.node.fp());
        let mut store = house.begin(place.open(Faults::none()).unwrap());
        let memory = house.begin(Memory::new(house.node.fp()));
        let resources = resources(&house, &mut Dice::new(seed));
        let (mut one, mut two) = (Dice::new(seed + 99), Dice::new(seed + 99));
        for number in 0..40 {
            let left = step(&house, &store, &resources, &mut one);
            assert_eq!(left, step(&house, &memory, &resources, &mut two), "{seed}, step {number}");
            if number % 10 == 9 {
                drop(store);
                store = place.open(Faults::none()).unwrap();
            }
        }
        assert_eq!(all(&store, &house), all(&memory, &house));
        assert_eq!(store.events(0, 9999).unwrap(), memory.events(0, 9999).unwrap());
        assert_eq!(store.kept().unwrap(), memory.kept().unwrap());
        let (left, right) = (store.snapshot().unwrap(), memory.snapshot().unwrap());
        for resource in &resources {
            let id = resource.id();
            assert_eq!(left.meta(id), right.meta(id));
            assert_eq!((left.text(id), left.gone(id)), (right.text(id), right.gone(id)));
            let user = &house.user.fp();
            assert_eq!(known(left.revocations(user, id)), known(right.revocations(user, id)));
        }
        assert_eq!(left.clock(), right.clock());
        assert_eq!(
            known(left.bars(&house.user.fp(), &house.other.fp())),
            known(right.bars(&house.user.fp(), &house.other.fp()))
        );
        house.check(&store);
    }
}

fn known<T: Clone>(facts: sdmp_journal::view::Facts<T>) -> Vec<T> {
    facts.iter().map(|fact| T::clone(fact)).collect()
}
