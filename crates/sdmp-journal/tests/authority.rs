//! Authority: who trusts whom, what is revoked and barred, who connects, reads, collects.

use sdmp_container::IdentityType;
use sdmp_journal::authority::why::May;
use sdmp_journal::{
    Authority, Authorization, Code, Connect, Grants, Resource, Strength, Timestamp, View, Wanted,
    connect,
};

use crate::common::{DAY, Key, Node, at, code};

const READ: Authorization = Authorization::ReadResource;

fn host() -> Grants {
    Grants::of(&[READ])
}

fn without_create_trust() -> Grants {
    Grants::from_bits(Grants::ALL.bits() & !8).unwrap()
}

/// Two users with a node each, who trust each other; all of it is known here.
struct Friends {
    u: Key,
    b: Key,
    x: Key,
    y: Key,
    u_x: Resource,
    b_y: Resource,
    u_b: Resource,
    b_u: Resource,
    node: Node,
}

fn friends() -> Friends {
    let (u, b, x, y) = (Key::user("U"), Key::user("B"), Key::node("X"), Key::node("Y"));
    let trust = |user: &Key, key: &Key, grants| {
        user.author().trust(&key.fp(), grants, Some(at(100 * DAY)), at(0)).unwrap()
    };
    let (u_x, b_y) = (trust(&u, &x, Grants::ALL), trust(&b, &y, Grants::ALL));
    let (u_b, b_u) = (trust(&u, &b, host()), trust(&b, &u, host()));
    let mut node = Node::of(&u);
    for key in [&u, &b, &x, &y] {
        node.learn(&[&key.identity()], at(0));
    }
    node.learn(&[&u_x, &b_y, &u_b], at(0));
    Friends { u, b, x, y, u_x, b_y, u_b, b_u, node }
}

impl Friends {
    fn connect(&self, now: Timestamp) -> Connect {
        connect(&self.node.known, now, (&self.u.fp(), &self.x.fp()), &self.y.fp())
    }

    fn authority(&self, now: Timestamp) -> Authority<'_, sdmp_journal::view::Known> {
        Authority::new(&self.node.known, now)
    }
}

#[test]
fn n9_the_earliest_end_counts_and_two_types_revoke() {
    let mut node = Node::of(&Key::user("U"));
    let key = |days, kind| Key::new("K", kind, at(days * DAY));
    node.learn(&[&key(20, IdentityType::Node).identity()], at(0));
    node.learn(&[&key(10, IdentityType::Node).identity()], at(0));
    let fp = key(10, IdentityType::Node).fp();
    let check = |node: &Node, now| {
        Authority::new(&node.known, now).check_key(&fp).map_err(|broken| broken.code)
    };
    assert_eq!(check(&node, at(10 * DAY - 1)), Ok(()));
    assert_eq!(check(&node, at(10 * DAY)), Err(Code::IdentityExpired));
    node.learn(&[&key(30, IdentityType::User).identity()], at(0));
    assert_eq!(check(&node, at(0)), Err(Code::IdentityTwoTypes));
}

#[test]
fn n9_of_equal_ends_the_lesser_identifier_counts() {
    let key = Key::node("K");
    let twins = [key.identity(), key.author().identity(at(1)).unwrap()];
    let lesser = twins.iter().map(Resource::id).min().unwrap();
    for order in [[0, 1], [1, 0]] {
        let mut node = Node::of(&Key::user("U"));
        order.iter().for_each(|n| node.learn(&[&twins[*n]], at(1)));
        let state = Authority::new(&node.known, at(1)).key_state(&key.fp()).unwrap();
        assert_eq!(&state.identity().meta.id, lesser);
    }
}

#[test]
fn n11_n12_a_trust_lives_as_long_as_its_chain_and_the_identities_it_rests_on() {
    let mut friends = friends();
    let third = Key::node("third");
    let given = friends.x.under(&friends.u_x);
    let given =
        given.trust(&third.fp(), without_create_trust(), Some(at(200 * DAY)), at(0)).unwrap();
    friends.node.learn(&[&given], at(0));
    let (user, fp) = (friends.u.fp(), third.fp());
    // The trust is live though the third's identity is unknown; it holds nothing before that.
    assert!(friends.authority(at(0)).trusts(&user, &fp));
    assert!(!friends.authority(at(0)).holds(&user, &fp, READ));
    friends.node.learn(&[&third.identity()], at(0));
    assert!(friends.authority(at(0)).holds(&user, &fp, READ));
    assert!(!friends.authority(at(0)).holds(&user, &fp, Authorization::CreateTrust));
    // The trust above it ends first.
    assert!(friends.authority(at(100 * DAY - 1)).holds(&user, &fp, READ));
    assert!(!friends.authority(at(100 * DAY)).trusts(&user, &fp));
    let weak = friends.authority(at(100 * DAY)).with_strength(Strength::Weak);
    assert!(weak.trusts(&user, &fp));
    let weak = friends.authority(at(465 * DAY)).with_strength(Strength::Weak);
    assert!(!weak.trusts(&user, &fp));
    // The signer's identity is revoked.
    let end = friends.x.author().revoke(friends.x.identity().id(), false, at(1)).unwrap();
    friends.node.learn(&[&end], at(1));
    assert!(!friends.authority(at(1)).trusts(&user, &fp));
    assert!(!friends.authority(at(1)).with_strength(Strength::Weak).trusts(&user, &fp));
}

#[test]
fn n12_live_trusts_add_up_and_the_users_key_holds_everything() {
    let mut friends = friends();
    let publish = Grants::of(&[Authorization::PublishResource]);
    let more = friends.u.author().trust(&friends.b.fp(), publish, None, at(1)).unwrap();
    friends.node.learn(&[&more], at(1));
    let authority = friends.authority(at(1));
    for what in [READ, Authorization::PublishResource] {
        assert!(authority.holds(&friends.u.fp(), &friends.b.fp(), what));
    }
    assert!(!authority.holds(&friends.u.fp(), &friends.b.fp(), Authorization::Revoke));
    for what in Authorization::ALL {
        assert!(authority.holds(&friends.u.fp(), &friends.u.fp(), what));
    }
    assert!(!authority.holds(&friends.b.fp(), &friends.x.fp(), READ));
}

#[test]
fn n13_who_revokes_what_is_in_effect() {
    let base = friends();
    let second = Key::node("second");
    let revoke = Grants::of(&[Authorization::Revoke, READ]);
    let u_second = base.u.author().trust(&second.fp(), revoke, Some(at(50 * DAY)), at(0)).unwrap();
    let given = base.x.under(&base.u_x).trust(&base.y.fp(), host(), None, at(10)).unwrap();
    let newer = base.x.under(&base.u_x).trust(&base.y.fp(), host(), None, at(60 * DAY)).unwrap();
    let cases = [
        ("the signer of the resource", base.x.under(&base.u_x), false, &given, true),
        ("the user's key", base.u.author(), false, &given, true),
        ("another node without authorization", second.under(&u_second), false, &given, false),
        ("another node with authorization", second.under(&u_second), true, &given, true),
        ("the same, of what is newer than its chain", second.under(&u_second), true, &newer, false),
        (
            "another node of a trust by the user's key",
            second.under(&u_second),
            true,
            &base.u_x,
            true,
        ),
        ("another user", base.b.author(), false, &given, false),
    ];
    for (who, author, authorized, target, expected) in cases {
        let mut node = base.node.clone();
        node.learn(&[&second.identity(), &u_second, &given, &newer], at(0));
        let revocation = author.revoke(target.id(), authorized, at(1)).unwrap();
        node.learn(&[&revocation], at(1));
        let authority = Authority::new(&node.known, at(1));
        let target = node.known.meta(target.id()).unwrap();
        assert_eq!(authority.revoked(&target).is_some(), expected, "{who}");
    }
}

#[test]
fn n13_nothing_but_its_own_key_revokes_an_identity_and_nothing_a_revocation() {
    let mut friends = friends();
    let identity = friends.x.identity();
    let by_user = friends.u.author().revoke(identity.id(), false, at(1)).unwrap();
    let by_node =
        friends.x.under(&friends.u_x).revoke(friends.u.identity().id(), true, at(1)).unwrap();
    let undo = friends.u.author().revoke(by_user.id(), false, at(2)).unwrap();
    friends.node.learn(&[&by_user, &by_node, &undo], at(2));
    let authority = friends.authority(at(2));
    assert!(authority.check_key(&friends.x.fp()).is_ok());
    assert!(authority.check_key(&friends.u.fp()).is_ok());
    let meta = friends.node.known.meta(by_user.id()).unwrap();
    assert!(authority.revoked(&meta).is_none());
}

#[test]
fn n14_a_bar_ends_what_the_node_gave_and_undoes_what_it_revoked() {
    let mut friends = friends();
    let third = Key::node("third");
    let given = friends
        .x
        .under(&friends.u_x)
        .trust(&third.fp(), without_create_trust(), None, at(1))
        .unwrap();
    friends.node.learn(&[&third.identity(), &given], at(1));
    let by_thief = friends.x.under(&friends.u_x).revoke(friends.u_b.id(), true, at(2)).unwrap();
    let by_puppet = third.under(&given).revoke(friends.u_b.id(), true, at(2)).unwrap();
    friends.node.learn(&[&by_thief, &by_puppet], at(2));
    let (u, b, third_fp) = (friends.u.fp(), friends.b.fp(), third.fp());
    assert!(!friends.authority(at(2)).trusts(&u, &b));

    let bar = friends.u.author().revoke(friends.u_x.id(), false, at(3)).unwrap();
    friends.node.learn(&[&bar], at(3));
    let authority = friends.authority(at(3));
    assert!(authority.trusts(&u, &b), "what the thief revoked stands again");
    assert!(!authority.trusts(&u, &third_fp) && !authority.trusts(&u, &friends.x.fp()));
    assert!(!authority.with_strength(Strength::Weak).trusts(&u, &friends.x.fp()));
    // For ever: a new trust in the node is admitted and dead; its revocations are refused.
    let again = friends.u.author().trust(&friends.x.fp(), Grants::ALL, None, at(4)).unwrap();
    let late = friends.x.under(&again).revoke(friends.u_b.id(), true, at(5)).unwrap();
    let late_puppet = third.under(&given).revoke(friends.u_b.id(), true, at(5)).unwrap();
    friends.node.learn(&[&again], at(4));
    assert_eq!(code(&friends.node.offer(&late, at(5))), "trust.barred");
    assert_eq!(code(&friends.node.offer(&late_puppet, at(5))), "trust.barred");
    assert!(!friends.authority(at(5)).trusts(&u, &friends.x.fp()));
}

#[test]
fn n14_the_user_is_not_barred_by_the_end_of_a_trust_in_a_user() {
    let mut friends = friends();
    let end = friends.u.author().revoke(friends.u_b.id(), false, at(1)).unwrap();
    let again = friends.u.author().trust(&friends.b.fp(), host(), None, at(2)).unwrap();
    friends.node.learn(&[&end, &again], at(2));
    assert!(friends.authority(at(2)).trusts(&friends.u.fp(), &friends.b.fp()));
    assert!(friends.authority(at(2)).bar(&friends.u.fp(), &friends.b.fp()).is_none());
}

#[test]
fn n15_what_a_bar_would_take_along_is_named_but_not_what_came_after_the_loss() {
    let mut friends = friends();
    let (third, guest) = (Key::node("third"), Key::user("guest"));
    let device = friends.x.under(&friends.u_x);
    let to_node = device.trust(&third.fp(), without_create_trust(), None, at(1)).unwrap();
    let to_guest = device.trust(&guest.fp(), host(), None, at(1)).unwrap();
    friends.node.learn(&[&third.identity(), &guest.identity(), &to_node, &to_guest], at(1));
    let of_user = device.revoke(friends.u_b.id(), true, at(2)).unwrap();
    let of_node = device.revoke(to_node.id(), false, at(2)).unwrap();
    friends.node.learn(&[&of_user, &of_node], at(2));
    let lost_at = friends.node.line;
    let of_thief = device.revoke(friends.u.identity().id(), true, at(3)).unwrap();
    let thief_gives = device.trust(&Key::node("accomplice").fp(), host(), None, at(3)).unwrap();
    friends.node.learn(&[&of_thief, &thief_gives], at(3));
    let duty = friends.authority(at(3)).duty(&friends.u.fp(), &friends.x.fp(), lost_at);
    let given: Vec<_> = duty.give_anew.iter().map(|trust| &trust.meta.id).collect();
    assert_eq!(given, [to_guest.id()]);
    let revoked: Vec<_> = duty.revoke_anew.iter().map(|revocation| &revocation.target).collect();
    assert_eq!(revoked, [friends.u_b.id()]);
}

#[test]
fn n17_two_nodes_of_users_who_trust_each_other_may_connect() {
    let mut friends = friends();
    assert_eq!(friends.connect(at(0)), Connect::Full, "no trust of B in U was ever known");
    friends.node.learn(&[&friends.b_u], at(0));
    assert_eq!(friends.connect(at(0)), Connect::Full);
    // B's trust in U ends, and it was known: control only, for a year.
    assert_eq!(friends.connect(at(100 * DAY)), Connect::ControlOnly);
    assert_eq!(friends.connect(at(464 * DAY)), Connect::ControlOnly);
    assert_eq!(friends.connect(at(465 * DAY)), Connect::No(Code::PeerNotConnectable));
    let mut ended = friends.node.clone();
    let end = friends.b.author().revoke(friends.b_u.id(), false, at(1)).unwrap();
    ended.learn(&[&end], at(1));
    let pair = (&friends.u.fp(), &friends.x.fp());
    let answer = connect(&ended.known, at(1), pair, &friends.y.fp());
    assert_eq!(answer, Connect::No(Code::PeerNotConnectable));
    // By another device than the giver: control only.
    let mut ended = friends.node.clone();
    let end = friends.y.under(&friends.b_y).revoke(friends.b_u.id(), true, at(1)).unwrap();
    ended.learn(&[&end], at(1));
    assert_eq!(connect(&ended.known, at(1), pair, &friends.y.fp()), Connect::ControlOnly);
}

#[test]
fn n17_own_nodes_connect_and_strangers_do_not() {
    let friends = friends();
    let user = friends.u.fp();
    let (own, stranger) = (Key::node("own"), Key::node("stranger"));
    let mut node = friends.node.clone();
    let trust = friends.u.author().trust(&own.fp(), host(), None, at(0)).unwrap();
    let x = friends.x.fp();
    node.learn(&[&trust], at(0));
    let unknown = connect(&node.known, at(0), (&user, &x), &own.fp());
    assert_eq!(unknown, Connect::No(Code::IdentityUnknown));
    node.learn(&[&own.identity(), &stranger.identity()], at(0));
    assert_eq!(connect(&node.known, at(0), (&user, &x), &own.fp()), Connect::Full);
    for nobody in [stranger.fp(), x.clone(), friends.b.fp()] {
        let answer = connect(&node.known, at(0), (&user, &x), &nobody);
        // A user whom the user trusts is no node, and yet N17 would let it: its key dials nobody.
        if nobody == friends.b.fp() {
            continue;
        }
        assert_eq!(answer, Connect::No(Code::PeerNotConnectable));
    }
    // A node that its own user does not trust connects to nobody.
    let answer = connect(&node.known, at(0), (&user, &stranger.fp()), &friends.y.fp());
    assert_eq!(answer, Connect::No(Code::PeerNotConnectable));
}

#[test]
fn n16_the_basis_of_a_session_names_its_users_and_the_moment_to_ask_again() {
    let friends = friends();
    let pair = (friends.u.fp(), friends.x.fp());
    let basis = friends.authority(at(0)).basis((&pair.0, &pair.1), &friends.y.fp());
    assert_eq!(basis.connect, Connect::Full);
    assert!(basis.keys.contains(&friends.u.fp()) && basis.keys.contains(&friends.b.fp()));
    assert_eq!(basis.until, Some(at(100 * DAY)));
    let connectable = friends.authority(at(0)).connectable((&pair.0, &pair.1));
    assert_eq!(connectable.into_iter().collect::<Vec<_>>(), [(friends.y.fp(), Connect::Full)]);
}

#[test]
fn n18_what_a_node_may_be_given() {
    let mut friends = friends();
    let stranger = Key::node("stranger");
    let text = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello"}"#;
    let text = sdmp_container::Container::parse(text).unwrap();
    let post = friends.x.under(&friends.u_x).publish(&text, at(0)).unwrap();
    let about = friends.x.under(&friends.u_x).node(None, vec![], at(0)).unwrap();
    let end = friends.u.author().revoke(post.id(), false, at(1)).unwrap();
    let bar = friends.u.author().revoke(friends.u_x.id(), false, at(1)).unwrap();
    friends.node.learn(&[&stranger.identity(), &post, &about, &end], at(1));
    let given = |node: &Node, to: &Key, what: &Resource| {
        let meta = node.known.meta(what.id()).unwrap();
        Authority::new(&node.known, at(1)).may_be_given(&to.fp(), &meta)
    };
    let node = &friends.node;
    let (x, y) = (&friends.x, &friends.y);
    let (u_identity, u_x, u_b) = (friends.u.identity(), &friends.u_x, &friends.u_b);
    for (to, what, expected) in [
        (&stranger, &u_identity, true),
        (&stranger, u_x, false),
        (&stranger, &post, false),
        (&stranger, &about, false),
        (&stranger, &end, false),
        (x, u_x, true),
        (x, &post, true),
        (y, u_x, true),   // U trusts B, who trusts Y
        (y, &post, true), // and B holds read_resource for U
        (y, &about, true),
        (y, &end, true),
        (x, &friends.b_y, false), // B does not trust U, as far as is known here
        (x, u_b, true),
    ] {
        assert_eq!(given(node, to, what), expected, "{what:?}");
    }
    // The trustee's nodes: B trusts U, so X may see that.
    let mut mutual = friends.node.clone();
    mutual.learn(&[&friends.b_u], at(1));
    assert!(given(&mutual, x, &friends.b_u) && given(&mutual, x, &friends.b_y));
    // After the bar X is given the revocation of the trust in it, though nobody trusts it any more:
    // the trust that the revocation names is in X.
    let mut barred = friends.node.clone();
    barred.learn(&[&bar], at(1));
    assert!(given(&barred, x, &bar) && given(&barred, x, u_x));
    assert!(!given(&barred, x, &post) && !given(&barred, x, u_b));
}

#[test]
fn n18_read_resource_is_needed_for_content_at_both_steps() {
    let (u, b, y) = (Key::user("U"), Key::user("B"), Key::node("Y"));
    let other = Grants::of(&[Authorization::PublishResource]);
    for (forth, on, expected) in
        [(host(), host(), true), (other, host(), false), (host(), other, false)]
    {
        let mut node = Node::of(&u);
        let u_b = u.author().trust(&b.fp(), forth, None, at(0)).unwrap();
        let b_y = b.author().trust(&y.fp(), on, None, at(0)).unwrap();
        let (u_id, b_id, y_id) = (u.identity(), b.identity(), y.identity());
        node.learn(&[&u_id, &b_id, &y_id, &u_b, &b_y], at(0));
        let may = Authority::new(&node.known, at(0)).may_read(&y.fp(), &u.fp());
        assert_eq!(may, expected, "{forth:?} {on:?}");
    }
}

#[test]
fn n27_without_the_revocations_of_a_trust_it_is_seen_who_may_be_given_them() {
    let mut friends = friends();
    let bar = friends.u.author().revoke(friends.u_x.id(), false, at(1)).unwrap();
    friends.node.learn(&[&bar], at(1));
    let meta = friends.node.known.meta(friends.u_x.id()).unwrap();
    let authority = friends.authority(at(1));
    assert_eq!(authority.revocation_to_give(&meta).unwrap().meta.id, *bar.id());
    assert!(!authority.trusts(&friends.u.fp(), &friends.x.fp()));
    let before = authority.without_revocations_of(friends.u_x.id());
    assert!(before.trusts(&friends.u.fp(), &friends.x.fp()));
}

#[test]
fn n19_what_a_node_collects() {
    let mut friends = friends();
    let (far, far_host, device) = (Key::user("far"), Key::node("far host"), Key::node("unknown"));
    let b_far = friends.b.author().trust(&far.fp(), Grants::ALL, None, at(0)).unwrap();
    let b_host = friends.b.author().trust(&far_host.fp(), host(), None, at(0)).unwrap();
    let own = friends.u.author().trust(&device.fp(), host(), None, at(0)).unwrap();
    friends.node.learn(&[&b_far, &b_host, &own, &far.identity()], at(0));
    let u = friends.u.fp();
    let wanted = |now, key: &Key| friends.authority(now).wanted(&u, &key.fp());
    for now in [at(0), at(100 * DAY), at(464 * DAY)] {
        assert_eq!(wanted(now, &friends.u), Wanted::Everything);
        assert_eq!(wanted(now, &friends.b), Wanted::Everything);
        assert_eq!(wanted(now, &far), Wanted::OwnName);
        assert_eq!(wanted(now, &friends.y), Wanted::OwnName);
        assert_eq!(wanted(now, &device), Wanted::OwnName);
        assert_eq!(wanted(now, &far_host), Wanted::Nothing);
        assert_eq!(wanted(now, &Key::user("nobody")), Wanted::Nothing);
    }
    assert_eq!(wanted(at(465 * DAY), &friends.b), Wanted::Nothing);
    let collected = friends.authority(at(0)).collected(&u);
    assert_eq!(collected.users, [friends.u.fp(), friends.b.fp()].into());
    let keys = [far.fp(), friends.x.fp(), friends.y.fp(), device.fp()];
    assert_eq!(collected.keys, keys.into());
}

#[test]
fn n20_why_names_the_chain_that_is_used_or_each_up_to_its_first_broken_link() {
    let mut friends = friends();
    let (u, third) = (friends.u.fp(), Key::node("third"));
    let given = friends.x.under(&friends.u_x).trust(&third.fp(), host(), None, at(0)).unwrap();
    friends.node.learn(&[&third.identity(), &given], at(0));
    let why = friends.authority(at(0)).why_holds(&u, &third.fp(), READ);
    assert!(why.answer && why.may == May::Do(READ));
    let [path] = why.paths.as_slice() else { panic!("{why:?}") };
    let trusts: Vec<_> = path.links.iter().map(|link| link.trust.clone().unwrap()).collect();
    assert_eq!(trusts, [friends.u_x.id().clone(), given.id().clone()]);
    assert_eq!((&path.links[0].from, &path.links[1].to), (&u, &third.fp()));
    let lacks = friends.authority(at(0)).why_holds(&u, &third.fp(), Authorization::Revoke);
    assert_eq!(lacks.paths[0].links[1].broken.as_ref().unwrap().code, Code::TrustLacks);

    let bar = friends.u.author().revoke(friends.u_x.id(), false, at(1)).unwrap();
    friends.node.learn(&[&bar], at(1));
    let why = friends.authority(at(1)).why_holds(&u, &third.fp(), READ);
    let [link] = why.paths[0].links.as_slice() else { panic!("{why:?}") };
    let broken = link.broken.as_ref().unwrap();
    assert!(!why.answer);
    assert_eq!((broken.code, broken.by.as_ref()), (Code::TrustBarred, Some(bar.id())));
    assert_eq!(broken.line, Some(friends.node.line));
    let key = friends.authority(at(1)).why_holds(&u, &u, READ);
    assert!(key.answer && key.paths.is_empty());
}

#[test]
fn n20_why_of_sessions_and_reading_agrees_with_the_answers() {
    let mut friends = friends();
    let pair = (friends.u.fp(), friends.x.fp());
    friends.node.learn(&[&friends.b_u], at(0));
    for now in [at(0), at(100 * DAY)] {
        let authority = friends.authority(now);
        let why = authority.why_connect((&pair.0, &pair.1), &friends.y.fp());
        assert_eq!(why.answer, friends.connect(now) == Connect::Full, "{now}");
        assert!(!why.paths.is_empty() && why.paths.iter().all(|path| path.is_ok() == why.answer));
        let why = authority.why_read(&pair.0, &friends.y.fp());
        assert_eq!(why.answer, authority.may_read(&friends.y.fp(), &pair.0));
        assert!(why.paths.iter().all(|path| path.is_ok() == why.answer), "{why:?}");
    }
}
