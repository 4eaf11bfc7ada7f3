//! Histories of control in many orders: authority is a function of what is known and of the time
//! (N36), a thief gets no more than it was given, and a bar ends what it did (N14, N54).

use std::collections::BTreeSet;

use proptest::prelude::*;
use sdmp_container::IdentityType;
use sdmp_journal::judge::check_content;
use sdmp_journal::{
    Authority, Authorization, Body, Code, Connect, Fingerprint, Grants, Kind, Resource, Strength,
    Timestamp, View, connect,
};

use crate::common::{DAY, Key, Node, at};

/// The keys of a history: two users, nodes of theirs, a thief's inventions.
fn keys() -> Vec<Key> {
    let end = |name, kind, days| Key::new(name, kind, at(days * DAY));
    vec![
        Key::user("U"),
        Key::user("B"),
        Key::node("X1"),
        Key::node("X2"),
        Key::node("Y"),
        end("short", IdentityType::Node, 20),
        Key::node("puppet"),
        end("puppet user", IdentityType::User, 30),
    ]
}

/// One step of a history; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Trust { signer: usize, under: usize, trustee: usize, bits: u8, days: Option<i64> },
    Revoke { signer: usize, under: usize, target: usize, authorized: bool },
    Message { signer: usize, under: usize },
    SecondIdentity { key: usize, is_user: bool, days: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let days = prop_oneof![2 => Just(None), 3 => (1_i64..500).prop_map(Some)];
    // X1 acts most, and the first trusts are what most is aimed at, so that much depends on it.
    let signer = || prop_oneof![3 => 0..8_usize, 2 => Just(2_usize)];
    let target = prop_oneof![2 => any::<usize>(), 3 => 8..12_usize];
    prop_oneof![
        5 => (signer(), any::<usize>(), 0..8_usize, 1..32_u8, days).prop_map(
            |(signer, under, trustee, bits, days)| Step::Trust { signer, under, trustee, bits, days }),
        5 => (signer(), any::<usize>(), target, any::<bool>()).prop_map(
            |(signer, under, target, authorized)| Step::Revoke { signer, under, target, authorized }),
        2 => (signer(), any::<usize>()).prop_map(|(signer, under)| Step::Message { signer, under }),
        1 => (0..8_usize, any::<bool>(), 1..60_i64)
            .prop_map(|(key, is_user, days)| Step::SecondIdentity { key, is_user, days }),
    ]
}

/// The resources of a history, in the order of its steps.
fn resources(keys: &[Key], steps: &[Step]) -> Vec<Resource> {
    let mut all: Vec<Resource> = keys.iter().map(Key::identity).collect();
    for (trustee, grants) in [(2, Grants::ALL), (3, Grants::ALL)] {
        all.push(keys[0].author().trust(&keys[trustee].fp(), grants, None, at(0)).unwrap());
    }
    all.push(keys[1].author().trust(&keys[4].fp(), Grants::ALL, None, at(0)).unwrap());
    for (n, step) in steps.iter().enumerate() {
        let created = at(i64::try_from(n).unwrap() + 1);
        let author = |all: &[Resource], signer: usize, under: usize| {
            let fp = keys[signer].fp();
            let trusts: Vec<Resource> = all
                .iter()
                .filter(|one| matches!(one.body(), Body::Trust { trustee, .. } if *trustee == fp))
                .cloned()
                .collect();
            (!trusts.is_empty()).then(|| trusts[under % trusts.len()].clone())
        };
        let signed = |signer: usize, trust: &Option<Resource>| match trust {
            Some(trust) if keys[signer].local.identity().kind() == IdentityType::Node => {
                keys[signer].under(trust)
            }
            _ => keys[signer].author(),
        };
        let resource = match step {
            Step::Trust { signer, under, trustee, bits, days } => {
                let trust = author(&all, *signer, *under);
                let grants = Grants::from_bits(*bits).unwrap();
                let expires = days.map(|days| at(days * DAY));
                signed(*signer, &trust).trust(&keys[*trustee].fp(), grants, expires, created)
            }
            Step::Revoke { signer, under, target, authorized } => {
                let trust = author(&all, *signer, *under);
                let target = all[target % all.len()].id().clone();
                signed(*signer, &trust).revoke(&target, *authorized, created)
            }
            Step::Message { signer, under } => {
                let trust = author(&all, *signer, *under);
                let text = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"m"}"#;
                let text = sdmp_container::Container::parse(text).unwrap();
                signed(*signer, &trust).publish(&text, created)
            }
            Step::SecondIdentity { key, is_user, days } => {
                let kind = if *is_user { IdentityType::User } else { IdentityType::Node };
                let names = ["U", "B", "X1", "X2", "Y", "short", "puppet", "puppet user"];
                Key::new(names[*key], kind, at(days * DAY)).author().identity(created)
            }
        };
        all.push(resource.unwrap());
    }
    all
}

/// Everything that authority says at some times, and which content can be given.
fn authority(node: &Node, keys: &[Key], all: &[Resource]) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for now in [at(DAY), at(25 * DAY), at(400 * DAY)] {
        for strength in [Strength::Live, Strength::Weak] {
            let authority = Authority::new(&node.known, now).with_strength(strength);
            let mut say = |what: String| {
                said.insert(format!("{now} {strength:?} {what}"));
            };
            for (a, user) in keys.iter().enumerate() {
                for (b, key) in keys.iter().enumerate() {
                    let (user, key) = (&user.fp(), &key.fp());
                    if authority.trusts(user, key) {
                        say(format!("{a} trusts {b}"));
                    }
                    for what in Authorization::ALL {
                        if authority.holds(user, key, what) {
                            say(format!("{b} holds {what} for {a}"));
                        }
                    }
                    say(format!("{a} collects of {b}: {:?}", authority.wanted(user, key)));
                    if strength == Strength::Live {
                        for x in [2, 3, 4] {
                            let answer = connect(&node.known, now, (user, &keys[x].fp()), key);
                            say(format!("{a} {x} connects {b}: {answer:?}"));
                        }
                    }
                }
            }
            for resource in all {
                let Some(meta) = node.known.meta(resource.id()) else { continue };
                let is_content = !meta.kind.is_control();
                // Content is given over full sessions only (N17, N27).
                let may_pass =
                    strength == Strength::Live && check_content(&authority, &meta).is_ok();
                let is_given = authority.revoked(&meta).is_none() && (!is_content || may_pass);
                for (b, key) in
                    keys.iter().enumerate().filter(|_| is_given && meta.kind != Kind::Revoke)
                {
                    if authority.may_be_given(&key.fp(), &meta) {
                        say(format!("{b} may be given {:?}", meta.id));
                    }
                }
            }
        }
    }
    said
}

/// A node that took in all of it in this order, and whatever waited or was refused again after.
fn node_after(keys: &[Key], all: &[Resource], order: &[usize], now: Timestamp) -> Node {
    let mut node = Node::of(&keys[0]);
    node.offer_until_done(order.iter().map(|n| &all[*n]), now);
    node
}

fn shuffled(len: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let mut state = seed | 1;
    for n in (1..len).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(n, usize::try_from(state >> 33).unwrap() % (n + 1));
    }
    order
}

/// What only one of the two says: all of what they say would fill pages.
fn differences<'a>(said: &'a BTreeSet<String>, expected: &'a BTreeSet<String>) -> Vec<&'a String> {
    said.symmetric_difference(expected).collect()
}

/// Histories tried by one run of each test: few in the ordinary run, `SDMP_HISTORIES` for more.
fn cases() -> u32 {
    std::env::var("SDMP_HISTORIES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Control that is admitted differs by order only in what a bar refused, which has no effect.
    #[test]
    fn n36_the_same_control_gives_the_same_authority_in_any_order(
        steps in prop::collection::vec(step(), 0..14),
        seeds in prop::collection::vec(any::<u64>(), 3),
    ) {
        let keys = keys();
        let all = resources(&keys, &steps);
        let first = node_after(&keys, &all, &shuffled(all.len(), 0), at(DAY));
        let expected = authority(&first, &keys, &all);
        for seed in seeds {
            let node = node_after(&keys, &all, &shuffled(all.len(), seed), at(DAY));
            let said = authority(&node, &keys, &all);
            prop_assert_eq!(differences(&said, &expected), Vec::<&String>::new());
        }
    }

    /// N54: whatever a thief of X1 signs and invents, its inventions hold no more than X1's trust
    /// could give, and others gain nothing.
    #[test]
    fn n54_a_thief_gets_no_more_than_its_trust_gave(
        bits in 1..32_u8,
        steps in prop::collection::vec(step(), 0..14),
        seed in any::<u64>(),
    ) {
        let keys = keys();
        let names = [5_usize, 6, 7];
        let given = Grants::from_bits(bits).unwrap();
        // X1 has this one trust; all steps are the thief's: signed by X1 or by its inventions.
        let mut all: Vec<Resource> = keys.iter().map(Key::identity).collect();
        let trust = keys[0].author().trust(&keys[2].fp(), given, None, at(0)).unwrap();
        all.push(trust);
        let own = keys[0].author().trust(&keys[3].fp(), Grants::ALL, None, at(0)).unwrap();
        all.push(own);
        let start = all.len();
        let thief: Vec<Step> = steps.into_iter().map(|step| of_thief(step, &names)).collect();
        let made = resources(&keys, &thief);
        // Of what the helper made only what the thief signed.
        let fps: BTreeSet<Fingerprint> = [2, 5, 6, 7].iter().map(|n| keys[*n].fp()).collect();
        all.extend(made.into_iter().skip(keys.len() + 3).filter(|one| fps.contains(one.signer())));
        // The helper let X1 sign under another trust of its own: take it as given by U too.
        let full = keys[0].author().trust(&keys[2].fp(), Grants::ALL, None, at(0)).unwrap();
        let usable: Vec<Resource> = all
            .iter()
            .enumerate()
            .filter(|(n, one)| *n < start || one.trust() != Some(full.id()) || given == Grants::ALL)
            .map(|(_, one)| one.clone())
            .collect();
        let node = node_after(&keys, &usable, &shuffled(usable.len(), seed), at(DAY));
        let authority = Authority::new(&node.known, at(DAY));
        let user = keys[0].fp();
        for what in Authorization::ALL {
            for n in [2, 5, 6, 7] {
                let holds = authority.holds(&user, &keys[n].fp(), what);
                prop_assert!(!holds || given.has(what), "{n} holds {what}");
                if n != 2 {
                    prop_assert!(!holds || what != Authorization::CreateTrust);
                }
            }
            for n in [1, 4] {
                prop_assert!(!authority.holds(&user, &keys[n].fp(), what) || given.has(what));
                prop_assert!(!authority.holds(&keys[1].fp(), &keys[n].fp(), what) || n == 1);
            }
        }
    }

    /// N14: after a bar of X1 authority is what it would be had X1, and what rests on it, never
    /// signed anything for U.
    #[test]
    fn n14_what_a_barred_key_did_ends_everywhere(
        steps in prop::collection::vec(step(), 0..14),
        seed in any::<u64>(),
    ) {
        prop_assert_eq!(left_by_a_barred_key(&steps, seed), Vec::<String>::new());
    }
}

/// Of X1's deeds for U what still shows after a bar of X1, in a history and one order of arrival.
///
/// One trace is allowed. Nodes of a user whom X1 trusted for U "have known a trust of U" (N17), so
/// they no longer meet U's nodes on hope alone, until U trusts their user anew.
fn left_by_a_barred_key(steps: &[Step], seed: u64) -> Vec<String> {
    let keys = keys();
    let mut all = resources(&keys, steps);
    let (user, thief) = (keys[0].fp(), keys[2].fp());
    all.push(keys[0].author().revoke(all[keys.len()].id(), false, at(1_000)).unwrap());
    let is_thiefs = |one: &Resource| *one.user() == user && *one.signer() == thief;
    // N15: U's key does not revoke what a barred node gave, since that bars who was trusted.
    let given: Vec<_> =
        all.iter().filter(|one| is_thiefs(one)).map(|one| one.id().clone()).collect();
    all.retain(|one| {
        let names_gift =
            matches!(one.body(), Body::Revoke { resource, .. } if given.contains(resource));
        !(*one.signer() == user && names_gift)
    });
    let by_thief: Vec<&Resource> = all.iter().filter(|one| is_thiefs(one)).collect();
    let rests = |one: &Resource| {
        *one.user() == user && one.trust().is_some_and(|id| by_thief.iter().any(|by| by.id() == id))
    };
    // Nothing that is left may hang on a trust that is gone.
    let without: Vec<Resource> =
        all.iter().filter(|one| !is_thiefs(one) && !rests(one)).cloned().collect();
    let with = node_after(&keys, &all, &shuffled(all.len(), seed), at(DAY));
    let clean = node_after(&keys, &without, &shuffled(without.len(), seed), at(DAY));
    // What the thief published is not looked at: of the rest each says the same.
    let said = authority(&with, &keys, &without);
    let expected = authority(&clean, &keys, &without);
    let is_trusted_by_thief = |key: &Key| {
        by_thief
            .iter()
            .any(|by| matches!(by.body(), Body::Trust { trustee, .. } if *trustee == key.fp()))
    };
    let dials: Vec<String> = (0..keys.len())
        .filter(|n| is_trusted_by_thief(&keys[*n]))
        .flat_map(|a| [2, 3, 4].map(|x| format!(" {a} {x} connects ")))
        .collect();
    let is_lost_hope = |line: &&String| {
        dials.iter().any(|dial| line.contains(dial))
            && (expected.contains(*line) || !line.ends_with("Full"))
    };
    let left = differences(&said, &expected).into_iter().filter(|line| !is_lost_hope(line));
    left.cloned().collect()
}

/// N17: U's trust in B was the thief's alone, so after the bar B's nodes wait for another one;
/// whatever else that trust gave is gone. Found by a random history.
#[test]
fn n17_a_barred_trust_was_known_all_the_same() {
    let trust = |signer, trustee| Step::Trust { signer, under: 0, trustee, bits: 1, days: None };
    let steps = [trust(4, 0), trust(2, 1)];
    assert_eq!(left_by_a_barred_key(&steps, 0), Vec::<String>::new());
    let keys = keys();
    let mut all = resources(&keys, &steps);
    let meets = |all: &[Resource]| {
        let node = node_after(&keys, all, &shuffled(all.len(), 0), at(DAY));
        connect(&node.known, at(DAY), (&keys[1].fp(), &keys[4].fp()), &keys[3].fp())
    };
    assert_eq!(meets(&all), Connect::Full);
    all.push(keys[0].author().revoke(all[keys.len()].id(), false, at(1_000)).unwrap());
    assert_eq!(meets(&all), Connect::No(Code::PeerNotConnectable));
    all.push(keys[0].author().trust(&keys[1].fp(), Grants::ALL, None, at(2_000)).unwrap());
    assert_eq!(meets(&all), Connect::Full);
}

/// The same step, done by the thief's device or its inventions.
fn of_thief(step: Step, inventions: &[usize]) -> Step {
    let signer = |n: usize| if n.is_multiple_of(2) { 2 } else { inventions[n % inventions.len()] };
    match step {
        Step::Trust { signer: n, under, trustee, bits, days } => {
            Step::Trust { signer: signer(n), under, trustee, bits, days }
        }
        Step::Revoke { signer: n, under, target, authorized } => {
            Step::Revoke { signer: signer(n), under, target, authorized }
        }
        Step::Message { signer: n, under } => Step::Message { signer: signer(n), under },
        Step::SecondIdentity { key, is_user, days } => {
            Step::SecondIdentity { key: inventions[key % inventions.len()], is_user, days }
        }
    }
}

/// Every order of six control resources, for histories in which each depends on others.
#[test]
fn n36_every_order_of_six_control_resources_gives_the_same_authority() {
    let keys = keys();
    let (u, x1, x2, puppet) = (&keys[0], &keys[2], &keys[3], &keys[6]);
    let identities: Vec<Resource> = keys.iter().map(Key::identity).collect();
    let u_x1 = u.author().trust(&x1.fp(), Grants::ALL, None, at(1)).unwrap();
    let u_x2 = u.author().trust(&x2.fp(), Grants::ALL, Some(at(10 * DAY)), at(2)).unwrap();
    let revoke = Grants::of(&[Authorization::Revoke, Authorization::ReadResource]);
    let x1_puppet = x1.under(&u_x1).trust(&puppet.fp(), revoke, None, at(3)).unwrap();
    let puppet_ends_x2 = puppet.under(&x1_puppet).revoke(u_x2.id(), true, at(4)).unwrap();
    let x2_ends_puppet = x2.under(&u_x2).revoke(x1_puppet.id(), true, at(4)).unwrap();
    let bar_x1 = u.author().revoke(u_x1.id(), false, at(5)).unwrap();
    let x1_ends_x2 = x1.under(&u_x1).revoke(u_x2.id(), true, at(5)).unwrap();
    let x2_ends_x1 = x2.under(&u_x2).revoke(u_x1.id(), true, at(5)).unwrap();
    let x1_itself = x1.author().revoke(identities[2].id(), false, at(6)).unwrap();
    let histories: [[&Resource; 6]; 5] = [
        [&identities[6], &u_x1, &u_x2, &x1_puppet, &puppet_ends_x2, &bar_x1],
        [&identities[2], &u_x1, &u_x2, &x1_ends_x2, &x2_ends_x1, &bar_x1],
        [&u_x1, &u_x2, &x1_puppet, &puppet_ends_x2, &x2_ends_puppet, &bar_x1],
        [&u_x1, &u_x2, &x1_puppet, &x2_ends_puppet, &x1_itself, &x1_ends_x2],
        [&identities[0], &u_x1, &u_x2, &x1_ends_x2, &x2_ends_x1, &x1_itself],
    ];
    for (number, history) in histories.iter().enumerate() {
        let mut before = Node::of(u);
        let later: Vec<_> = history.iter().map(|one| one.id()).collect();
        let first: Vec<_> = identities.iter().filter(|one| !later.contains(&one.id())).collect();
        before.learn(&first, at(DAY));
        let all: Vec<Resource> = history.iter().map(|one| (*one).clone()).collect();
        let mut expected = None;
        for order in orders(6) {
            let mut node = before.clone();
            node.offer_until_done(order.iter().map(|n| &all[*n]), at(DAY));
            let said = short_authority(&node, &keys);
            let expected = expected.get_or_insert_with(|| said.clone());
            assert_eq!(&said, expected, "history {number}, order {order:?}");
        }
    }
}

/// What is said of U's keys: little enough for 720 orders.
fn short_authority(node: &Node, keys: &[Key]) -> Vec<bool> {
    let mut said = Vec::new();
    for now in [at(DAY), at(20 * DAY)] {
        for strength in [Strength::Live, Strength::Weak] {
            let authority = Authority::new(&node.known, now).with_strength(strength);
            for n in [2, 3, 6] {
                said.push(authority.trusts(&keys[0].fp(), &keys[n].fp()));
                said.push(authority.holds(&keys[0].fp(), &keys[n].fp(), Authorization::Revoke));
            }
        }
    }
    said
}

/// All orders of so many.
fn orders(len: usize) -> Vec<Vec<usize>> {
    match len {
        0 => vec![vec![]],
        _ => orders(len - 1)
            .into_iter()
            .flat_map(|order| {
                (0..len).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, len - 1);
                    order
                })
            })
            .collect(),
    }
}
