//! An adversary's test for each row of N54 that judging, authority and journals answer.

use sdmp_container::IdentityType;
use sdmp_journal::{
    Authority, Authorization, Connect, Cursor, Grants, Head, Line, Read, Resource, Verdict, View,
    connect,
};

use crate::common::{DAY, Key, Node, at, code};

fn message(author: &sdmp_journal::Author<'_>, millis: i64) -> Resource {
    let text = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"m"}"#;
    author.publish(&sdmp_container::Container::parse(text).unwrap(), at(millis)).unwrap()
}

/// U with two devices and a friend; the first device is stolen.
struct Theft {
    u: Key,
    b: Key,
    stolen: Key,
    second: Key,
    u_stolen: Resource,
    u_second: Resource,
    u_b: Resource,
    node: Node,
}

fn theft() -> Theft {
    let (u, b) = (Key::user("U"), Key::user("B"));
    let (stolen, second) = (Key::node("stolen"), Key::node("second"));
    let trust = |key: &Key, n| u.author().trust(&key.fp(), Grants::ALL, None, at(n)).unwrap();
    let (u_stolen, u_second, u_b) = (trust(&stolen, 0), trust(&second, 1), trust(&b, 2));
    let mut node = Node::of(&u);
    for key in [&u, &b, &stolen, &second] {
        node.learn(&[&key.identity()], at(0));
    }
    node.learn(&[&u_stolen, &u_second, &u_b], at(0));
    Theft { u, b, stolen, second, u_stolen, u_second, u_b, node }
}

#[test]
fn n54_a_stolen_node_revokes_all_enlists_helpers_and_back_dates_until_one_bar() {
    let mut theft = theft();
    let (u, now) = (theft.u.fp(), at(DAY));
    let mine = message(&theft.second.under(&theft.u_second), 5);
    theft.node.learn(&[&mine], at(10));

    // It enlists helpers, and all of them revoke all they can, with claimed times of long ago.
    let rest = Grants::from_bits(Grants::ALL.bits() & !8).unwrap();
    let thief = theft.stolen.under(&theft.u_stolen);
    let mut attack = Vec::new();
    for n in 0..3 {
        let helper = Key::node(&format!("helper{n}"));
        let enlisted = thief.trust(&helper.fp(), rest, None, at(-300 * DAY)).unwrap();
        attack.extend([helper.identity(), enlisted.clone()]);
        for target in [theft.u_second.id(), theft.u_b.id(), mine.id()] {
            attack.push(helper.under(&enlisted).revoke(target, true, at(-200 * DAY)).unwrap());
        }
        attack.push(message(&helper.under(&enlisted), -100 * DAY));
    }
    for target in [theft.u_second.id(), theft.u_b.id(), mine.id()] {
        attack.push(thief.revoke(target, true, at(-200 * DAY)).unwrap());
    }
    theft.node.offer_until_done(&attack, now);
    let said = |node: &Node| {
        let authority = Authority::new(&node.known, now);
        let meta = node.known.meta(mine.id()).unwrap();
        let pair = (&u, &theft.second.fp());
        let stolen = connect(&node.known, now, pair, &theft.stolen.fp());
        (authority.trusts(&u, &theft.b.fp()), authority.revoked(&meta).is_none(), stolen)
    };
    assert!(!said(&theft.node).0 && !said(&theft.node).1, "the attack has an effect at first");
    // The second device was cut off; the bar reaches it control-only.
    let pair = (&u, &theft.second.fp());
    let rescuer = Key::node("rescuer");
    let u_rescuer = theft.u.author().trust(&rescuer.fp(), rest, None, at(3)).unwrap();
    theft.node.learn(&[&rescuer.identity(), &u_rescuer], now);
    let answer = connect(&theft.node.known, now, pair, &rescuer.fp());
    assert_eq!(answer, Connect::ControlOnly);

    let bar = theft.u.author().revoke(theft.u_stolen.id(), false, now).unwrap();
    theft.node.learn(&[&bar], now);
    let (trusts_friend, message_stands, stolen) = said(&theft.node);
    assert!(trusts_friend && message_stands);
    assert!(matches!(stolen, Connect::No(_)));
    assert_eq!(connect(&theft.node.known, now, pair, &rescuer.fp()), Connect::Full);
    // Back-dated content after the bar is refused, however old it says it is.
    let late = message(&theft.stolen.under(&theft.u_stolen), -300 * DAY);
    assert_eq!(code(&theft.node.offer(&late, now)), "authority.ended");
    let count = theft.node.known.len();
    theft.node.offer_until_done(&attack, now);
    assert_eq!(theft.node.known.len(), count, "nothing more of it is admitted");
}

#[test]
fn n54_a_second_identity_of_a_stolen_key_does_not_escape_the_bar() {
    let mut theft = theft();
    let bar = theft.u.author().revoke(theft.u_stolen.id(), false, at(1)).unwrap();
    theft.node.learn(&[&bar], at(1));
    // As a user it would not be barred; with both types it counts as revoked, and stays barred.
    let disguise = Key::new("stolen", IdentityType::User, at(9000 * DAY));
    theft.node.learn(&[&disguise.identity()], at(2));
    let again = theft.u.author().trust(&disguise.fp(), Grants::ALL, None, at(3)).unwrap();
    theft.node.learn(&[&again], at(3));
    let authority = Authority::new(&theft.node.known, at(3));
    assert!(!authority.trusts(&theft.u.fp(), &disguise.fp()));
    for what in Authorization::ALL {
        assert!(!authority.holds(&theft.u.fp(), &disguise.fp(), what));
    }
}

#[test]
fn n54_a_journal_that_is_forked_rolled_back_or_copied_is_told() {
    let peer = Key::node("peer");
    let user = Key::user("U");
    let known = Node::of(&user).known;
    let lines = |names: &[&str]| {
        let mut head = Head::new(&peer.fp());
        let each = names.iter().map(|name| Key::user(name).identity());
        each.map(|one| head.append(user.fp(), one.id().clone())).collect::<Vec<Line>>()
    };
    let (long, other) = (lines(&["a", "b", "c", "d"]), lines(&["a", "b", "x", "y"]));
    let read = |cursor: &mut Cursor, entries: &[Line], now| {
        let since = cursor.last();
        cursor.read(&known, (since, entries), true, at(now))
    };
    let mut cursor = Cursor::new(peer.fp());
    assert_eq!(read(&mut cursor, &long[..3], 0), Read::Lines(long[..3].to_vec()));
    // Forked: after the line that we had last comes another one.
    let mut forked = cursor.clone();
    assert_eq!(read(&mut forked, &other[3..], 0).code().unwrap().as_str(), "journal.fork");
    // The hidden line is read from the start.
    assert_eq!(read(&mut forked, &other, 0), Read::Lines(other.clone()));
    // Rolled back: it does not know the line from which we ask.
    let mut rolled_back = cursor.clone();
    assert_eq!(rolled_back.fork(true, at(0)), Read::Fork);
    assert_eq!(rolled_back.fork(true, at(1)), Read::Later(at(DAY)));
    assert!(!rolled_back.may_read(true, at(DAY - 1)) && rolled_back.may_read(true, at(DAY)));
    // Withheld: nothing comes, and nothing is lost.
    assert_eq!(read(&mut cursor, &[], 0), Read::End);
    assert_eq!(cursor.head().count(), 4);
}

#[test]
fn n54_a_flood_fills_no_more_than_one_share() {
    let mut theft = theft();
    let thief = theft.stolen.under(&theft.u_stolen);
    let host = Grants::of(&[Authorization::ReadResource]);
    let friend = Key::user("friend");
    let small = sdmp_journal::judge::Shares::DEFAULT.with_counts(5, 5, 2);
    let own = theft.u.fp();
    let mut admitted = 0;
    for n in 0..20 {
        let invented = Key::node(&format!("invented{n}"));
        let trust = thief.trust(&invented.fp(), host, None, at(n)).unwrap();
        let verdict = sdmp_journal::Judge::new(&own, at(DAY)).with_shares(small).judge(
            &theft.node.known,
            &mut sdmp_journal::Candidate::new(trust.clone()),
            &crate::common::Keyed,
        );
        if let Verdict::Admit { .. } = verdict {
            theft.node.learn(&[&trust], at(DAY));
            admitted += 1;
        }
    }
    assert_eq!(admitted, 5);
    // Others are not touched: another device's trust, and the user's bar.
    let other = theft.second.under(&theft.u_second).trust(&friend.fp(), host, None, at(1)).unwrap();
    let bar = theft.u.author().revoke(theft.u_stolen.id(), false, at(2)).unwrap();
    for resource in [&other, &bar] {
        let mut candidate = sdmp_journal::Candidate::new(resource.clone());
        let judge = sdmp_journal::Judge::new(&own, at(DAY)).with_shares(small);
        let verdict = judge.judge(&theft.node.known, &mut candidate, &crate::common::Keyed);
        assert_eq!(verdict, Verdict::Admit { revoked: false });
    }
}

#[test]
fn n54_a_bad_copy_a_false_author_or_a_false_revocation_hides_no_resource() {
    let mut theft = theft();
    let good = message(&theft.second.under(&theft.u_second), 1);
    // A bad copy: the same identifier, another signature. It says nothing of the good one.
    let start = good.text().rfind("\"signature\":\"").unwrap() + 13;
    let mut bad = good.text().to_owned();
    bad.replace_range(start..start + 8, "AAAAAAAA");
    let bad = Resource::parse(bad).unwrap();
    assert_eq!(bad.id(), good.id());
    let verdict = theft.node.offer(&bad, at(2));
    assert!(verdict.blames_giver() && code(&verdict) == "signature.bad");
    // The same payload signed by another key: nobody is blamed, the good one is admitted.
    // A false author: a stranger publishes for U.
    let stranger = Key::user("stranger");
    theft.node.learn(&[&stranger.identity()], at(2));
    let id = theft.u_second.id().clone();
    let false_author = sdmp_journal::Author::of_node(&stranger.local, theft.u.fp(), id);
    let forged = message(&false_author, 2);
    assert_eq!(code(&theft.node.offer(&forged, at(2))), "resource.signer");
    // A false revocation: by a stranger, and by a device without authorization.
    let by_stranger = stranger.author().revoke(good.id(), false, at(2)).unwrap();
    let by_device = theft.stolen.under(&theft.u_stolen).revoke(good.id(), false, at(2)).unwrap();
    theft.node.learn(&[&by_stranger, &by_device], at(2));
    assert_eq!(theft.node.offer(&good, at(2)), Verdict::Admit { revoked: false });
}

#[test]
fn n54_revoking_a_trust_again_and_again_does_not_make_it_slow_to_judge() {
    let mut theft = theft();
    let thief = theft.stolen.under(&theft.u_stolen);
    for n in 0..50 {
        let again = thief.revoke(theft.u_b.id(), true, at(n)).unwrap();
        let foreign = theft.b.author().revoke(theft.u_b.id(), false, at(n)).unwrap();
        theft.node.learn(&[&again, &foreign], at(DAY));
    }
    let plain = thief.revoke(theft.u_b.id(), false, at(60)).unwrap();
    theft.node.learn(&[&plain], at(DAY));
    // Those alike are one, and those for other users are not looked at.
    let view = &theft.node.known;
    assert_eq!(view.revocations(&theft.u.fp(), theft.u_b.id()).len(), 2);
    assert_eq!(view.revocations_signed(&theft.u.fp(), &theft.stolen.fp()).len(), 51);
}

#[test]
fn n54_a_strangers_key_has_a_share_like_any_other() {
    let mut theft = theft();
    let (stranger, own) = (Key::user("stranger"), theft.u.fp());
    theft.node.learn(&[&stranger.identity()], at(0));
    let small = sdmp_journal::judge::Shares::DEFAULT.with_counts(1, 1, 2);
    let mut verdicts = Vec::new();
    for (key, n) in [(&stranger, 0), (&stranger, 1), (&theft.b, 2), (&theft.b, 3), (&theft.u, 4)] {
        let end = key.author().revoke(theft.u_b.id(), false, at(n)).unwrap();
        let mut candidate = sdmp_journal::Candidate::new(end.clone());
        let judge = sdmp_journal::Judge::new(&own, at(DAY)).with_shares(small);
        let verdict = judge.judge(&theft.node.known, &mut candidate, &crate::common::Keyed);
        if verdict.name() == "admit" {
            theft.node.learn(&[&end], at(DAY));
        }
        verdicts.push(code(&verdict));
    }
    assert_eq!(verdicts, ["admit", "quota.control", "admit", "admit", "admit"]);
}
