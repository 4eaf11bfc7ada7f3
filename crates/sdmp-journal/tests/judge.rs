//! Judging: each step of N6 by its code, in the stated order.

use sdmp_container::{Container, IdentityType};
use sdmp_journal::judge::Shares;
use sdmp_journal::{
    Authorization, Candidate, Code, Grants, Judge, Resource, Timestamp, Verdict, WaitsFor,
};

use crate::common::{DAY, Key, Keyed, MINUTE, Node, at, code};

fn container(text: &str) -> Container {
    Container::parse(text).unwrap()
}

fn message(text: &str) -> Container {
    container(&format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{text}"}}"#
    ))
}

/// A user, a device of it, and a node that knows both.
struct House {
    user: Key,
    device: Key,
    trust: Resource,
    node: Node,
}

fn house() -> House {
    let (user, device) = (Key::user("U"), Key::node("X"));
    let trust = user.author().trust(&device.fp(), Grants::ALL, None, at(0)).unwrap();
    let mut node = Node::of(&user);
    node.learn(&[&user.identity(), &device.identity(), &trust], at(0));
    House { user, device, trust, node }
}

#[test]
fn n6_what_was_admitted_is_known() {
    let mut house = house();
    assert_eq!(house.node.offer(&house.trust, at(0)), Verdict::Known);
}

#[test]
fn n6_3_an_identity_is_signed_by_the_key_that_it_describes_as_itself() {
    let mut house = house();
    let stranger = Key::node("stranger");
    // Signed by another key, without and with a trust.
    let text = stranger.local.identity().text();
    for author in [house.user.author(), house.device.under(&house.trust)] {
        let resource = author.publish(&container(text), at(0)).unwrap();
        let verdict = house.node.offer(&resource, at(0));
        assert_eq!(verdict, Verdict::BadCopy(Code::ResourceIdentity));
        assert!(verdict.blames_giver());
    }
    // By itself, for another user.
    let trust = house.user.author().trust(&stranger.fp(), Grants::ALL, None, at(0)).unwrap();
    let resource = stranger.under(&trust).identity(at(0)).unwrap();
    assert_eq!(code(&house.node.offer(&resource, at(0))), "resource.identity");
    let right = stranger.identity();
    assert_eq!(house.node.offer(&right, at(0)), Verdict::Admit { revoked: false });
}

#[test]
fn n6_4_a_resource_waits_for_its_author_and_a_wrong_signature_is_a_bad_copy() {
    let mut house = house();
    let stranger = Key::user("stranger");
    let resource = stranger.author().publish(&message("hello"), at(0)).unwrap();
    let waits = Verdict::Waits(Box::new(WaitsFor::Author(stranger.fp())));
    assert_eq!(house.node.offer(&resource, at(0)), waits);

    let good = house.user.author().publish(&message("hello"), at(0)).unwrap();
    let (text, signature) = (good.text(), r#""signature":""#);
    let start = text.rfind(signature).unwrap() + signature.len();
    let wrong = format!("{}AAAA{}", &text[..start], &text[start + 4..]);
    let verdict = house.node.offer(&Resource::parse(wrong).unwrap(), at(0));
    assert_eq!(verdict, Verdict::BadCopy(Code::SignatureBad));
    assert!(verdict.blames_giver());
    assert_eq!(house.node.offer(&good, at(0)), Verdict::Admit { revoked: false });
}

#[test]
fn n6_5_who_signs_without_a_trust_is_the_user_itself_of_type_user() {
    let mut house = house();
    // A node as itself: only its identity and the revocation of that.
    let resource = house.device.author().publish(&message("hello"), at(0)).unwrap();
    let verdict = house.node.offer(&resource, at(0));
    assert_eq!(verdict, Verdict::BadCopy(Code::ResourceSigner));
    assert!(!verdict.blames_giver());
    let trust = house.device.author().trust(&Key::node("Y").fp(), Grants::ALL, None, at(0));
    assert_eq!(code(&house.node.offer(&trust.unwrap(), at(0))), "resource.signer");
    let revocation = house.device.author().revoke(house.device.identity().id(), false, at(0));
    assert_eq!(house.node.offer(&revocation.unwrap(), at(0)), Verdict::Admit { revoked: false });
}

#[test]
fn n6_5_a_named_trust_is_waited_for_and_must_be_one_of_that_user_in_the_signer() {
    let mut house = house();
    let other = Key::user("B");
    house.node.learn(&[&other.identity()], at(0));
    let unknown = house.user.author().trust(&house.device.fp(), Grants::ALL, None, at(1)).unwrap();
    let early = house.device.under(&unknown).publish(&message("hello"), at(2)).unwrap();
    let waits = WaitsFor::Resource(house.user.fp(), unknown.id().clone());
    assert_eq!(house.node.offer(&early, at(2)), Verdict::Waits(Box::new(waits)));

    // A trust of another user in the signer.
    let foreign = other.author().trust(&house.device.fp(), Grants::ALL, None, at(0)).unwrap();
    house.node.learn(&[&foreign], at(0));
    let id = foreign.id().clone();
    let author = sdmp_journal::Author::of_node(&house.device.local, house.user.fp(), id);
    let resource = author.publish(&message("hello"), at(0)).unwrap();
    assert_eq!(code(&house.node.offer(&resource, at(0))), "resource.signer");
    // A resource that is no trust.
    let id = house.user.identity().id().clone();
    let author = sdmp_journal::Author::of_node(&house.device.local, house.user.fp(), id);
    let resource = author.publish(&message("hello"), at(0)).unwrap();
    assert_eq!(code(&house.node.offer(&resource, at(0))), "resource.signer");
    // A trust in a user: users do not sign for others.
    let friend = house.user.author().trust(&other.fp(), Grants::ALL, None, at(0)).unwrap();
    house.node.learn(&[&friend], at(0));
    let resource = other.under(&friend).publish(&message("hello"), at(0)).unwrap();
    assert_eq!(code(&house.node.offer(&resource, at(0))), "resource.signer");
}

#[test]
fn n10_a_trust_is_neither_in_its_signer_nor_in_its_user() {
    let mut house = house();
    let device = house.device.under(&house.trust);
    for trustee in [house.device.fp(), house.user.fp()] {
        let host = Grants::of(&[Authorization::ReadResource]);
        let trust = device.trust(&trustee, host, None, at(1)).unwrap();
        assert_eq!(house.node.offer(&trust, at(1)), Verdict::Refused(Code::TrustSelf));
    }
    let trust = house.user.author().trust(&house.user.fp(), Grants::ALL, None, at(1)).unwrap();
    assert_eq!(code(&house.node.offer(&trust, at(1))), "trust.self");
}

#[test]
fn n10_a_node_gives_no_more_than_the_users_key_let_it_give() {
    let mut house = house();
    let third = Key::node("third");
    let rest = Grants::from_bits(Grants::ALL.bits() & !8).unwrap();
    // With create_trust all but create_trust can be given.
    let device = house.device.under(&house.trust);
    let all = device.trust(&third.fp(), Grants::ALL, None, at(1)).unwrap();
    assert_eq!(code(&house.node.offer(&all, at(1))), "trust.exceeds");
    let given = device.trust(&third.fp(), rest, None, at(1)).unwrap();
    assert_eq!(house.node.offer(&given, at(1)), Verdict::Admit { revoked: false });

    // The third gives nothing: its trust is not by the user's key.
    house.node.learn(&[&third.identity()], at(1));
    let host = Grants::of(&[Authorization::ReadResource]);
    let deeper = third.under(&given).trust(&Key::node("fourth").fp(), host, None, at(2)).unwrap();
    assert_eq!(code(&house.node.offer(&deeper, at(2))), "trust.exceeds");

    // Nor does a device without create_trust, or more than it has.
    let few = Grants::of(&[Authorization::ReadResource, Authorization::CreateTrust]);
    for (own, gives, expected) in [
        (rest, host, "trust.exceeds"),
        (few, Grants::of(&[Authorization::Revoke]), "trust.exceeds"),
        (few, host, "admit"),
    ] {
        let device = Key::node(&format!("device {own:?} {gives:?}"));
        let trust = house.user.author().trust(&device.fp(), own, None, at(3)).unwrap();
        house.node.learn(&[&device.identity(), &trust], at(3));
        let given = device.under(&trust).trust(&third.fp(), gives, None, at(3)).unwrap();
        assert_eq!(code(&house.node.offer(&given, at(3))), expected, "{own:?} {gives:?}");
    }
}

#[test]
fn n13_the_authorization_of_a_revocation_is_its_own_trust_which_gives_revoke() {
    let mut house = house();
    let target = house.user.identity().id().clone();
    let without = Grants::from_bits(Grants::ALL.bits() & !16).unwrap();
    let second = house.user.author().trust(&house.device.fp(), without, None, at(1)).unwrap();
    house.node.learn(&[&second], at(1));
    let lacking = house.device.under(&second).revoke(&target, true, at(2)).unwrap();
    let verdict = house.node.offer(&lacking, at(2));
    assert_eq!(verdict, Verdict::Refused(Code::RevokeAuthorization));
    // Without the authorization it is admitted: it has an effect on what the node signed itself.
    let plain = house.device.under(&second).revoke(&target, false, at(2)).unwrap();
    assert_eq!(house.node.offer(&plain, at(2)), Verdict::Admit { revoked: false });
    let allowed = house.device.under(&house.trust).revoke(&target, true, at(2)).unwrap();
    assert_eq!(house.node.offer(&allowed, at(2)), Verdict::Admit { revoked: false });
    // Another trust than the one it is signed under.
    let text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["revoke"]}},"revoke":{{"resource":"{target}","authorization":"{}"}}}}"#,
        house.trust.id()
    );
    let crossed = house.device.under(&second).publish(&container(&text), at(3)).unwrap();
    assert_eq!(code(&house.node.offer(&crossed, at(3))), "revoke.authorization");
    let own = house.user.author().publish(&container(&text), at(3)).unwrap();
    assert_eq!(code(&house.node.offer(&own, at(3))), "revoke.authorization");
}

#[test]
fn n6_6_content_from_the_future_waits() {
    let mut house = house();
    let late = house.user.author().publish(&message("late"), at(11 * MINUTE)).unwrap();
    let waits = Verdict::Waits(Box::new(WaitsFor::Time(at(MINUTE))));
    assert_eq!(house.node.offer(&late, at(0)), waits);
    assert_eq!(house.node.offer(&late, at(MINUTE - 1)), waits);
    assert_eq!(house.node.offer(&late, at(MINUTE)), Verdict::Admit { revoked: false });
    // Control does not wait.
    let trust =
        house.user.author().trust(&Key::node("Y").fp(), Grants::ALL, None, at(DAY)).unwrap();
    assert_eq!(house.node.offer(&trust, at(0)), Verdict::Admit { revoked: false });
}

#[test]
fn n5_n6_6_content_needs_what_its_kind_needs_and_the_signer_must_hold_it_now() {
    let mut house = house();
    let host = Grants::of(&[Authorization::ReadResource]);
    let hosting = Key::node("host");
    let trust = house.user.author().trust(&hosting.fp(), host, Some(at(DAY)), at(0)).unwrap();
    house.node.learn(&[&hosting.identity(), &trust], at(0));
    let author = hosting.under(&trust);
    let post = author.publish(&message("no"), at(1)).unwrap();
    assert_eq!(house.node.offer(&post, at(1)), Verdict::Refused(Code::AuthorityMissing));
    // A node about itself: anything will do.
    let about = author.node(None, vec![], at(1)).unwrap();
    assert_eq!(house.node.offer(&about, at(1)), Verdict::Admit { revoked: false });
    let late = author.node(Some("late".to_owned()), vec![], at(2)).unwrap();
    assert_eq!(house.node.offer(&late, at(DAY)), Verdict::Refused(Code::AuthorityEnded));

    // The trust that is named need not be the one that lives: any that gives it will do.
    let publish = Grants::of(&[Authorization::PublishResource]);
    let device = Key::node("short");
    let old = house.user.author().trust(&device.fp(), publish, Some(at(DAY)), at(0)).unwrap();
    house.node.learn(&[&device.identity(), &old], at(0));
    let post = device.under(&old).publish(&message("old"), at(3)).unwrap();
    assert_eq!(code(&house.node.offer(&post, at(DAY))), "authority.ended");
    let renewed = house.user.author().trust(&device.fp(), publish, None, at(DAY)).unwrap();
    house.node.learn(&[&renewed], at(DAY));
    assert_eq!(house.node.offer(&post, at(DAY)), Verdict::Admit { revoked: false });
}

#[test]
fn n6_6_content_by_a_users_key_ends_with_the_key() {
    let user = Key::new("mortal", IdentityType::User, at(DAY));
    let mut node = Node::of(&user);
    node.learn(&[&user.identity()], at(0));
    let post = user.author().publish(&message("hello"), at(0)).unwrap();
    assert_eq!(node.clone().offer(&post, at(DAY)), Verdict::Refused(Code::AuthorityEnded));
    let revocation = user.author().revoke(user.identity().id(), false, at(1)).unwrap();
    let mut revoked = node.clone();
    revoked.learn(&[&revocation], at(1));
    assert_eq!(code(&revoked.offer(&post, at(1))), "authority.ended");
    assert_eq!(node.offer(&post, at(DAY - 1)), Verdict::Admit { revoked: false });
}

#[test]
fn n6_7_revoked_content_is_refused_and_revoked_control_is_admitted_as_revoked() {
    let mut house = house();
    let post = house.device.under(&house.trust).publish(&message("oops"), at(0)).unwrap();
    let guest = Key::user("guest");
    let trust = house.user.author().trust(&guest.fp(), Grants::ALL, None, at(0)).unwrap();
    for (author, target) in [
        (house.device.under(&house.trust), post.id()),
        (house.user.author(), trust.id()),
        (guest.author(), guest.identity().id()),
    ] {
        let mut node = house.node.clone();
        let revocation = author.revoke(target, false, at(1)).unwrap();
        if *target == *guest.identity().id() {
            // The identity has to be known before its own revocation can be verified.
            node.learn(&[&guest.identity(), &revocation], at(1));
            let mut other = house.node.clone();
            let again = Key::new("guest", IdentityType::User, at(100 * DAY));
            let second = again.identity();
            let revoke_second = guest.author().revoke(second.id(), false, at(1)).unwrap();
            other.learn(&[&guest.identity(), &revoke_second], at(1));
            assert_eq!(other.offer(&second, at(1)), Verdict::Admit { revoked: true });
            continue;
        }
        node.learn(&[&revocation], at(1));
        let resource = if target == post.id() { &post } else { &trust };
        let expected = if target == post.id() {
            Verdict::Refused(Code::ResourceRevoked)
        } else {
            Verdict::Admit { revoked: true }
        };
        assert_eq!(node.offer(resource, at(1)), expected);
    }
    house.node.learn(&[&post], at(0));
}

#[test]
fn n51_a_full_share_makes_control_wait_but_not_the_users_key() {
    let house = house();
    let shares = Shares::DEFAULT.with_counts(2, 2, 2);
    let judge = |node: &mut Node, resource: &Resource, now: Timestamp| {
        let verdict = Judge::new(&node.own, now).with_shares(shares).judge(
            &node.known,
            &mut Candidate::new(resource.clone()),
            &Keyed,
        );
        if matches!(verdict, Verdict::Admit { .. }) {
            node.learn(&[resource], now);
        }
        code(&verdict)
    };
    let mut node = house.node.clone();
    let host = Grants::of(&[Authorization::ReadResource]);
    let expiring = |n: i64| {
        let trust = house.device.under(&house.trust);
        trust.trust(&Key::node(&format!("n{n}")).fp(), host, Some(at(n * DAY)), at(n)).unwrap()
    };
    assert_eq!(judge(&mut node, &expiring(1), at(0)), "admit");
    assert_eq!(judge(&mut node, &expiring(2), at(0)), "admit");
    assert_eq!(judge(&mut node, &expiring(3), at(0)), "quota.control");
    assert_eq!(judge(&mut node, &expiring(3), at(DAY)), "admit"); // one has expired
    for n in 0..3 {
        let target = Key::node(&format!("t{n}")).identity();
        let expected = if n < 2 { "admit" } else { "quota.control" };
        let by_device = house.device.under(&house.trust).revoke(target.id(), false, at(n)).unwrap();
        assert_eq!(judge(&mut node, &by_device, at(0)), expected);
        let by_user = house.user.author().revoke(target.id(), false, at(n)).unwrap();
        assert_eq!(judge(&mut node, &by_user, at(0)), "admit");
    }
    let identities = (1..=3).map(|n| Key::new("many", IdentityType::User, at(n * 1000 * DAY)));
    let verdicts: Vec<_> = identities.map(|key| judge(&mut node, &key.identity(), at(0))).collect();
    assert_eq!(verdicts, ["admit", "admit", "quota.control"]);
}

#[test]
fn n51_keys_that_only_one_node_trusts_share_what_they_may_revoke() {
    let house = house();
    let mut node = house.node.clone();
    let shares = Shares::DEFAULT.with_counts(100, 2, 16);
    let revoke = Grants::of(&[Authorization::Revoke]);
    let mut verdicts = Vec::new();
    for n in 0..3 {
        let puppet = Key::node(&format!("puppet{n}"));
        let trust =
            house.device.under(&house.trust).trust(&puppet.fp(), revoke, None, at(n)).unwrap();
        node.learn(&[&puppet.identity(), &trust], at(0));
        let revocation = puppet.under(&trust).revoke(house.trust.id(), true, at(n)).unwrap();
        let verdict = Judge::new(&node.own, at(0)).with_shares(shares).judge(
            &node.known,
            &mut Candidate::new(revocation.clone()),
            &Keyed,
        );
        if verdict.name() == "admit" {
            node.learn(&[&revocation], at(0));
        }
        verdicts.push(code(&verdict));
    }
    assert_eq!(verdicts, ["admit", "admit", "quota.control"]);
}

#[test]
fn n51_another_users_nodes_fill_no_more_than_their_octets() {
    let house = house();
    let other = Key::user("other");
    let shares = Shares::DEFAULT.with_octets(1_000);
    let host = Grants::of(&[Authorization::ReadResource]);
    let trust = house.device.under(&house.trust).trust(&other.fp(), host, None, at(1)).unwrap();
    let judge = |own: &Key| {
        let own = own.fp();
        let judge = Judge::new(&own, at(0)).with_shares(shares);
        code(&judge.judge(&house.node.known, &mut Candidate::new(trust.clone()), &Keyed))
    };
    assert_eq!(judge(&other), "quota.author");
    assert_eq!(judge(&house.user), "admit");
}
