//! Devices and people come to know each other (N43 to N46, N50).

use std::sync::Arc;

use sdmp_journal::authority::Authority;
use sdmp_journal::introduction::{
    Introduction, LocalState, MAX_TEXTS, Means, Term, Trustee, first_lines, grants, plan_loss,
    renewals, words,
};
use sdmp_journal::{Authorization, Fingerprint, Grants, IdentityType, Resource, Timestamp};

use crate::common::{DAY, Key, Node, at};

const READ: &[Authorization] = &[Authorization::ReadResource];

fn code<T>(result: Result<T, sdmp_journal::Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

/// A user with a first device, which gave a trust in a second one.
struct Family {
    user: Key,
    first: Key,
    second: Key,
    own: Resource,
    given: Resource,
}

fn family() -> Family {
    let (user, first, second) = (Key::user("u"), Key::node("x"), Key::node("y"));
    let end = Some(Term::Trust.end(at(0)));
    let own = user.author().trust(&first.fp(), Grants::ALL, end, at(1)).unwrap();
    let device = grants(Trustee::FurtherDevice);
    let given = first.under(&own).trust(&second.fp(), device, end, at(2)).unwrap();
    Family { user, first, second, own, given }
}

impl Family {
    fn all(&self) -> Vec<Resource> {
        let identities = [&self.user, &self.first, &self.second].map(Key::identity);
        identities.into_iter().chain([self.own.clone(), self.given.clone()]).collect()
    }

    fn known(&self) -> Node {
        let mut node = Node::of(&self.user);
        let all = self.all();
        node.learn(&all.iter().collect::<Vec<_>>(), at(10));
        node
    }
}

#[test]
fn n43_words_are_the_first_132_bits() {
    let zeros = words(&Fingerprint::from_octets([0; 64]));
    assert_eq!(zeros, ["abandon"; 12]);
    let ones = words(&Fingerprint::from_octets([255; 64]));
    assert_eq!(ones, ["zoo"; 12]);
    // Bit 131 is the last one that shows.
    let mut octets = [0; 64];
    octets[16] = 0b0001_0000;
    assert_eq!(words(&Fingerprint::from_octets(octets))[11], "ability");
    octets[16] = 0b0000_1111;
    assert_eq!(words(&Fingerprint::from_octets(octets)), zeros);
}

#[test]
fn n43_story_2_and_3_a_journal_begins_with_user_trust_chain_and_node() {
    let family = family();
    let all = family.all();
    let first = first_lines(&family.first.fp(), &family.user.fp(), &all).unwrap();
    let ids = |lines: &[Resource]| lines.iter().map(|one| one.id().clone()).collect::<Vec<_>>();
    let expected = [all[0].clone(), family.own.clone(), all[1].clone()];
    assert_eq!(ids(&first.resources), ids(&expected));
    let second = first_lines(&family.second.fp(), &family.user.fp(), &all).unwrap();
    let chain = [&all[0], &family.given, &family.own, &all[1], &all[2]].map(Clone::clone);
    assert_eq!(ids(&second.resources), ids(&chain));
    let without = |skip: usize| {
        let mut less = all.clone();
        less.remove(skip);
        code(first_lines(&family.second.fp(), &family.user.fp(), &less))
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(without),
        ["identity.unknown", "identity.unknown", "identity.unknown", "trust.lacks", "trust.lacks"]
    );
}

#[test]
fn n44_story_1_a_file_holds_what_another_needs_and_nothing_else() {
    let family = family();
    let friend = Key::user("friend");
    let trust = family.user.author().trust(&friend.fp(), Grants::of(READ), None, at(3)).unwrap();
    let mut node = family.known();
    node.learn(&[&friend.identity(), &trust], at(10));
    let texts: Vec<Resource> = family.all().into_iter().chain([trust, friend.identity()]).collect();
    let text = |id: &sdmp_journal::Identifier| {
        texts.iter().find(|one| one.id() == id).map(|one| Arc::from(one.text()))
    };
    let authority = Authority::new(&node.known, at(20));
    let receiver = friend.fp();
    let file = Introduction::gather(&authority, &family.user.fp(), Some(&receiver), text, |_| None)
        .unwrap();
    assert_eq!(file.user(), &family.user.fp());
    assert_eq!(file.resources().len(), 6, "user, trust, node, trust, node, trust in the friend");
    let read = Introduction::parse(file.to_text().as_bytes()).unwrap();
    assert_eq!(read.resources(), file.resources());
    // A friend that knows nothing admits all of it.
    let mut other = Node::of(&friend);
    other.learn(&read.resources().iter().collect::<Vec<_>>(), at(20));
    let connects = Authority::new(&other.known, at(20));
    assert!(connects.trusts(&family.user.fp(), &family.second.fp()));
}

#[test]
fn n44_a_file_with_bars_takes_them_along() {
    let family = family();
    let mut node = family.known();
    let bar = family.user.author().revoke(family.given.id(), false, at(30)).unwrap();
    node.learn(&[&bar], at(30));
    let texts: Vec<Resource> = family.all().into_iter().chain([bar.clone()]).collect();
    let text = |id: &sdmp_journal::Identifier| {
        texts.iter().find(|one| one.id() == id).map(|one| Arc::from(one.text()))
    };
    let authority = Authority::new(&node.known, at(40));
    let file = Introduction::gather(&authority, &family.user.fp(), None, text, |_| None).unwrap();
    assert!(file.resources().contains(&bar));
    let mut other = Node::of(&Key::user("friend"));
    other.learn(&file.resources().iter().collect::<Vec<_>>(), at(40));
    let authority = Authority::new(&other.known, at(40));
    assert!(authority.bar(&family.user.fp(), &family.second.fp()).is_some());
}

#[test]
fn n44_what_does_not_belong_into_a_file_is_refused() {
    let family = family();
    let all = family.all();
    let text = |resources: &[Resource]| {
        resources.iter().flat_map(|one| [one.text(), "\n"]).collect::<String>()
    };
    let parse = |text: &str| code(Introduction::parse(text.as_bytes()));
    let good = text(&all);
    assert_eq!(parse(&good), "ok");
    assert_eq!(parse(good.trim_end()), "resource.form", "without its last LF");
    assert_eq!(parse(&good.replacen('\n', "\n\n", 1)), "resource.form");
    assert_eq!(parse(""), "resource.form");
    assert_eq!(parse(&text(&all[1..])), "identity.unknown");
    let other = Key::user("other");
    let with = |more: Resource| parse(&(good.clone() + &text(&[more])));
    assert_eq!(with(other.identity()), "identity.unknown", "two users");
    let trust = other.author().trust(&family.first.fp(), Grants::of(READ), None, at(5)).unwrap();
    assert_eq!(with(trust), "resource.kind", "a trust of another user");
    let message = sdmp_container::Message::new("x").into();
    let message = family.user.author().publish(&message, at(5)).unwrap();
    assert_eq!(with(message), "resource.kind", "content");
    assert_eq!(parse(&text(&vec![all[0].clone(); MAX_TEXTS])), "ok");
    assert_eq!(parse(&text(&vec![all[0].clone(); MAX_TEXTS + 1])), "resource.size");
    assert_eq!(parse(&(good + &" ".repeat(256 << 10))), "resource.size");
}

#[test]
fn n45_defaults_give_each_trustee_what_it_needs() {
    use Authorization::{CreateTrust, PublishResource, ReadEncrypted, ReadResource, Revoke};
    let has = |trustee| Authorization::ALL.map(|one| grants(trustee).has(one));
    assert_eq!(
        Authorization::ALL,
        [ReadEncrypted, ReadResource, PublishResource, CreateTrust, Revoke]
    );
    assert_eq!(has(Trustee::FirstDevice), [true, true, true, true, false]);
    assert_eq!(has(Trustee::FurtherDevice), [true, true, true, false, false]);
    assert_eq!(has(Trustee::Host), [false, true, false, false, false]);
    assert_eq!(has(Trustee::Person), [false, true, false, false, false]);
    assert_eq!(Term::Trust.end(at(0)), at(730 * DAY));
    assert_eq!(Term::Identity.end(at(0)), at(3650 * DAY));
}

#[test]
fn n45_a_trust_is_renewed_after_two_thirds_and_what_stands_on_it_after_that() {
    let family = family();
    let mut node = family.known();
    let (user, first) = (family.user.fp(), family.first.fp());
    let due = |node: &Node, signer: &Fingerprint, now: Timestamp| {
        let found = renewals(&Authority::new(&node.known, now), &user, signer);
        found.iter().map(|one| (one.of.trustee.clone(), one.due)).collect::<Vec<_>>()
    };
    let thirds = at(730 * DAY / 3 * 2);
    let found = due(&node, &user, at(DAY));
    assert_eq!(found.len(), 1);
    assert!(found[0].1.unix_millis() - thirds.unix_millis() < 1_000, "{found:?}");
    // The device can give nothing that lasts longer than what it was given.
    assert_eq!(due(&node, &first, at(DAY)), []);
    let later = at(500 * DAY);
    let end = Some(Term::Trust.end(later));
    let again = family.user.author().trust(&first, Grants::ALL, end, later).unwrap();
    node.learn(&[&again], later);
    assert_eq!(due(&node, &user, later).len(), 1, "only the newer one counts");
    assert!(due(&node, &user, later)[0].1 > at(900 * DAY));
    assert_eq!(due(&node, &first, later), [(family.second.fp(), later)], "at once");
    let device = grants(Trustee::FurtherDevice);
    let moved = family.first.under(&again).trust(&family.second.fp(), device, end, later).unwrap();
    node.learn(&[&moved], later);
    assert_eq!(due(&node, &first, later), []);
}

#[test]
fn n46_story_5_with_the_users_key_one_revocation_bars_and_what_stands_is_given_anew() {
    let family = family();
    let node = family.known();
    let authority = Authority::new(&node.known, at(20));
    let (user, first) = (family.user.fp(), family.first.fp());
    let plan = plan_loss(&authority, &user, &first, &Means::UsersKey, u64::MAX);
    assert_eq!(plan.revoke, [family.own.id().clone()]);
    let anew: Vec<_> = plan.anew.give_anew.iter().map(|one| one.trustee.clone()).collect();
    assert_eq!(anew, [family.second.fp()]);
    assert_eq!(plan.cut_off.iter().collect::<Vec<_>>(), [&family.second.fp()]);
    assert_eq!(plan.nodes_cut_off(&authority), [family.second.fp()]);
}

#[test]
fn n46_without_the_users_key_a_device_revokes_what_it_gave_or_all_if_it_may() {
    let family = family();
    let node = family.known();
    let authority = Authority::new(&node.known, at(20));
    let (user, first, second) = (family.user.fp(), family.first.fp(), family.second.fp());
    let by = |lost: &Fingerprint, device: &Fingerprint| {
        plan_loss(&authority, &user, lost, &Means::Device(device.clone()), u64::MAX)
    };
    let giver = by(&second, &first);
    assert_eq!(giver.revoke, [family.given.id().clone()]);
    assert!(giver.stays.is_empty() && giver.anew.revoke_anew.is_empty());
    // The second device holds no `revoke` and did not give the first its trust.
    let powerless = by(&first, &second);
    assert!(powerless.revoke.is_empty() && powerless.cut_off.is_empty());
    assert_eq!(powerless.stays.len(), 1);
}

#[test]
fn n50_local_states_have_numbers_of_their_own() {
    let states =
        [LocalState::Revoked, LocalState::Evicted, LocalState::Forgotten, LocalState::Blocked];
    for state in states {
        assert_eq!(LocalState::of_number(state.number()), Some(state));
        assert_eq!(state.may_be_asked_again(), state != LocalState::Revoked);
    }
    assert_eq!([0, 1, 6].map(LocalState::of_number), [None; 3]);
    assert_eq!(IdentityType::Node.name(), "node");
}
