//! Refusals from M3 on (R29, R30, R31, R37, R38): ten causes, one answer.

use sdmp_container::{Container, IdentityType, Timestamp, b64url};
use sdmp_envelope::signature::reserved::sign_octets;
use sdmp_handshake::{Connection, Event, Profile, Verdict};
use sdmp_testkit::attacker::*;
use sdmp_testkit::{keys, pair::*};

/// Bob's answer to an M3: the lengths of what he sends, and his own error.
fn answer(make: impl FnOnce(&Attacker) -> String) -> (Vec<usize>, Option<&'static str>) {
    let mut bob = bob_connection(bob_config());
    let attacker = attack(&mut bob);
    let m3 = make(&attacker);
    let mut events = Vec::new();
    feed(&mut bob, m3.as_bytes(), &mut events);
    assert!(!accepted(&events));
    let sent = std::iter::from_fn(|| bob.poll_output()).map(|object| object.len()).collect();
    (sent, failure(&events))
}

#[test]
fn the_right_m3_is_answered_by_m4_and_fin() {
    let (sent, failed) = answer(|attacker| attacker.seal(&attacker.m3(&alice())));
    assert_eq!((sent.len(), failed), (2, None));
}

#[test]
fn r37_every_cause_gives_a_flight_of_the_same_shape() {
    let (accepted_flight, _) = answer(|attacker| attacker.seal(&attacker.m3(&alice())));
    for (cause, make) in CAUSES {
        let (sent, failed) = answer(make);
        assert_eq!(sent, accepted_flight, "{cause}");
        assert!(failed.is_some(), "{cause}");
    }
}

#[test]
fn r29_two_signatures_are_refused() {
    let (_, failed) = answer(|attacker| {
        let text = sign_octets(attacker.m1.as_bytes(), &[&alice(), &mallory()], wall()).unwrap();
        attacker.seal(&text)
    });
    assert!(failed.is_some());
}

#[test]
fn r16_an_identity_expired_by_a_millisecond_is_refused() {
    let refused = |ends: Timestamp| {
        let short = local(&keys::alice(), IdentityType::Node, ends);
        let mut bob = bob_connection(config(&bob(), &[&short], Profile::Hardened));
        let attacker = attack(&mut bob);
        let mut events = Vec::new();
        // Signed with an identity of the same key that still holds.
        feed(&mut bob, attacker.seal(&attacker.m3(&alice())).as_bytes(), &mut events);
        failure(&events)
    };
    assert_eq!(refused("2026-01-01T00:00:00.000Z".parse().unwrap()), Some("identity.expired"));
    assert_eq!(refused("2026-01-01T00:00:00.001Z".parse().unwrap()), None);
}

#[test]
fn r16_users_take_part_only_where_the_policy_says_so() {
    let user = local(&keys::alice(), IdentityType::User, expiry());
    let mut refusing = bob_connection(config(&bob(), &[&user], Profile::Hardened));
    let attacker = attack(&mut refusing);
    let mut events = Vec::new();
    feed(&mut refusing, attacker.seal(&attacker.m3(&user)).as_bytes(), &mut events);
    assert_eq!(failure(&events), Some("incompatible.user_identity"));

    let mut allowing = policy(Profile::Hardened);
    allowing.allow_user = true;
    let mut pair = Pair::new(
        config(&user, &[&bob()], Profile::Hardened).with_policy(allowing.clone()),
        config(&bob(), &[&user], Profile::Hardened).with_policy(allowing),
    );
    pair.run();
    assert!(accepted(&pair.responder_events));
    let refused = Connection::initiate(
        config(&user, &[&bob()], Profile::Hardened),
        at(0),
        Box::new(Seeded::new(1)),
    );
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "misuse.user_identity");
    assert_eq!(
        refused.to_string(),
        "this side's identity is a user's, and only nodes may take part (R16)"
    );
}

#[test]
fn r30_a_pinned_initiator_refuses_any_other_trusted_peer() {
    let mut pair = Pair::new(
        config(&alice(), &[&bob(), &mallory()], Profile::Hardened)
            .pin(mallory().identity().fingerprint().clone()),
        bob_config(),
    );
    pair.run();
    assert_eq!(failure(&pair.initiator_events), Some("untrusted.not_pinned"));
    assert_eq!(failure(&pair.responder_events), Some("rejected.sealed"));
    assert!(!accepted(&pair.responder_events));
}

#[test]
fn r30_the_application_is_asked_twice_and_may_refuse() {
    for (trust, known) in [(true, true), (false, true), (true, false)] {
        let mut pair = Pair::new(
            config(&alice(), &[&bob()], Profile::Hardened),
            config(&bob(), &[], Profile::Hardened).ask_about_unknown(),
        );
        pair.run();
        let claimed = match pair.responder_events.pop() {
            Some(Event::NeedIdentity { claimed }) => claimed,
            other => panic!("{other:?}"),
        };
        assert_eq!(claimed, *alice().identity().fingerprint());
        assert!(!pair.responder.wants_input());
        let identity = known.then(|| alice().identity().clone());
        pair.responder.provide_identity(at(1), identity).unwrap();
        pair.run();
        if known {
            let event = pair.responder_events.pop();
            assert!(matches!(event, Some(Event::Authorize { .. })), "{event:?}");
            let verdict = if trust { Verdict::Trust } else { Verdict::Refuse };
            pair.responder.decide(at(1), verdict).unwrap();
            pair.run();
        }
        assert_eq!(accepted(&pair.responder_events), trust && known);
        assert_eq!(accepted(&pair.initiator_events), trust && known);
    }
}

#[test]
fn r30_a_wrong_identity_for_the_claim_is_no_identity() {
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened),
        config(&bob(), &[], Profile::Hardened).ask_about_unknown(),
    );
    pair.run();
    pair.responder.provide_identity(at(1), Some(mallory().identity().clone())).unwrap();
    pair.run();
    assert_eq!(failure(&pair.responder_events), Some("untrusted.unknown"));
}

#[test]
fn r42_the_decision_is_within_the_time_of_the_handshake() {
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened),
        config(&bob(), &[], Profile::Hardened).ask_about_unknown(),
    );
    pair.run();
    let identity = Some(alice().identity().clone());
    let late = pair.responder.provide_identity(at(10), identity).unwrap_err();
    assert_eq!(late.code(), "timeout.handshake");
    assert!(pair.responder.poll_output().is_none(), "time limits end in silence");
}

#[test]
fn r42_time_limits() {
    let mut waiting = bob_connection(bob_config());
    assert_eq!(waiting.poll_timeout(), Some(at(5).elapsed));
    waiting.handle_timeout(at(4));
    assert!(waiting.wants_input());
    waiting.handle_timeout(at(5));
    assert!(matches!(waiting.poll_event(), Some(Event::Failed(error))
        if error.code() == "timeout.first_message"));
    assert!(waiting.poll_output().is_none() && waiting.is_finished());

    let mut begun = bob_connection(bob_config());
    drop(attack(&mut begun));
    assert_eq!(begun.poll_timeout(), Some(at(10).elapsed));
    begun.handle_input(at(10), b"{");
    assert!(matches!(begun.poll_event(), Some(Event::Failed(error))
        if error.code() == "timeout.handshake"));

    // What the carrier did not take in time is not sent afterwards.
    let mut stalled = Connection::initiate(bob_config(), at(0), Box::new(Seeded::new(1))).unwrap();
    stalled.handle_timeout(at(10));
    assert!(stalled.poll_output().is_none() && stalled.is_finished());
    assert_eq!(Pair::accepted(Profile::Hardened).responder.poll_timeout(), None);
}

#[test]
fn r44_different_profiles_end_in_a_refusal() {
    for (ours, theirs) in
        [(Profile::Hardened, Profile::Published), (Profile::Published, Profile::Hardened)]
    {
        let mut pair =
            Pair::new(config(&alice(), &[&bob()], ours), config(&bob(), &[&alice()], theirs));
        pair.run();
        assert!(!accepted(&pair.initiator_events) && !accepted(&pair.responder_events));
        assert!(failure(&pair.initiator_events).is_some());
        assert!(failure(&pair.responder_events).is_some());
    }
}

#[test]
fn r38_a_plaintext_refusal_in_place_of_m3_is_reported_and_not_answered() {
    use sdmp_container::closed::Rejection;
    let mut bob = bob_connection(bob_config());
    drop(attack(&mut bob));
    let mut events = Vec::new();
    feed(&mut bob, Rejection::BAD_REQUEST.as_bytes(), &mut events);
    assert_eq!(failure(&events), Some("rejected.plaintext"));
    assert!(bob.poll_output().is_none());
    // After it, the same responder's configuration accepts as before.
    assert!(accepted(&accepted_events()));
}

fn accepted_events() -> Vec<Event> {
    let mut pair = Pair::trusting(Profile::Hardened);
    pair.run();
    pair.responder_events
}

#[test]
fn r31_data_before_fin_is_never_delivered() {
    // The initiator's first message arrives in place of FIN_I.
    let mut pair = Pair::trusting(Profile::Hardened);
    let mut number = 0;
    pair.run_with(|from_initiator, object| {
        number += usize::from(from_initiator);
        if from_initiator && number == 3 { vec![] } else { vec![object] }
    });
    assert!(accepted(&pair.initiator_events) && !accepted(&pair.responder_events));
    pair.initiator.send(at(1), &message("early")).unwrap();
    pair.run();
    assert!(messages(&pair.responder_events).is_empty());
    assert_eq!(failure(&pair.responder_events), Some("decrypt"));
}

#[test]
fn r31_every_other_confirmation_is_refused() {
    // FIN_R replaced by M4, by another session's FIN_R, and by the initiator's own M3.
    let mut other = Pair::seeded(config(&alice(), &[&bob()], Profile::Hardened), bob_config(), 50);
    other.run();
    let foreign = other.sent[4].1.clone();
    for choice in 0..3 {
        let mut pair = Pair::trusting(Profile::Hardened);
        let mut seen: Vec<String> = Vec::new();
        pair.run_with(|_, object| {
            seen.push(object.clone());
            let replaced = match (seen.len(), choice) {
                (5, 0) => seen[3].clone(),
                (5, 1) => foreign.clone(),
                (5, 2) => seen[2].clone(),
                _ => object,
            };
            vec![replaced]
        });
        assert_eq!(failure(&pair.initiator_events), Some("decrypt"), "{choice}");
        // The refusal reaches the responder under the handshake's key (R31).
        assert_eq!(failure(&pair.responder_events), Some("rejected.sealed"), "{choice}");
    }
}

#[test]
fn r38_an_oversized_m3_is_refused_like_a_malformed_one() {
    let (flight, _) = answer(|attacker| attacker.seal(&attacker.m3(&alice())));
    let (sent, failed) = answer(|_| format!("{{\"{}\":1}}", "x".repeat(12_300)));
    assert_eq!((sent, failed), (flight, Some("misbehaved.too_long")));
}

#[test]
fn two_initiators_spliced_to_each_other_never_accept() {
    let random = |seed| Box::new(Seeded::new(seed));
    let mut alice_side =
        Connection::initiate(config(&alice(), &[&mallory()], Profile::Hardened), at(0), random(1))
            .unwrap();
    let mut mallory_side =
        Connection::initiate(config(&mallory(), &[&alice()], Profile::Hardened), at(0), random(2))
            .unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        while let Some(object) = alice_side.poll_output() {
            feed(&mut mallory_side, object.as_bytes(), &mut second);
        }
        while let Some(object) = mallory_side.poll_output() {
            feed(&mut alice_side, object.as_bytes(), &mut first);
        }
    }
    assert!(!accepted(&first) && !accepted(&second));
    assert!(failure(&first).is_some() && failure(&second).is_some());
}

#[test]
fn an_insider_cannot_relay_a_handshake_to_another_responder() {
    // Alice dials Mallory, who plays her M1 to Bob and brings Bob's M2 back.
    let mut alice_side = Connection::initiate(
        config(&alice(), &[&mallory(), &bob()], Profile::Hardened)
            .pin(mallory().identity().fingerprint().clone()),
        at(0),
        Box::new(Seeded::new(1)),
    )
    .unwrap();
    let mut bob_side = bob_connection(bob_config());
    let (mut alice_events, mut bob_events) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        while let Some(object) = alice_side.poll_output() {
            feed(&mut bob_side, object.as_bytes(), &mut bob_events);
        }
        while let Some(object) = bob_side.poll_output() {
            feed(&mut alice_side, object.as_bytes(), &mut alice_events);
        }
    }
    assert!(!accepted(&alice_events) && !accepted(&bob_events));
}

#[test]
fn a_container_that_is_a_message_is_never_taken_for_a_proof() {
    let text = message("hello");
    let text = String::from_utf8(Container::as_bytes(&text).to_vec()).unwrap();
    let (_, failed) = answer(|attacker| attacker.seal(&text));
    assert!(failed.is_some());
}

#[test]
fn r39_published_a_flip_anywhere_in_m3_has_one_answer() {
    // Whether it breaks the padding, UTF-8, JSON, base64url or the schema.
    let answer = |position: usize| {
        let mut pair = Pair::trusting(Profile::Published);
        let mut objects = 0;
        pair.run_with(|from_initiator, object| {
            objects += usize::from(from_initiator);
            if !from_initiator || objects != 2 {
                return vec![object];
            }
            let old = member(&object, "payload").to_owned();
            let mut payload = b64url::decode(&old).unwrap();
            let place = position % payload.len();
            payload[place] ^= 1;
            vec![object.replace(&old, &b64url::encode(&payload))]
        });
        assert!(!accepted(&pair.responder_events), "{position}");
        assert!(failure(&pair.responder_events).is_some());
        let answers: Vec<usize> =
            pair.sent.iter().filter(|(from, _)| !from).skip(1).map(|(_, o)| o.len()).collect();
        (answers, failure(&pair.initiator_events))
    };
    let first = answer(0);
    assert_eq!(first.0.len(), 1);
    assert_eq!(first.1, Some("rejected.sealed"));
    // The signed text ends somewhere before the zeros; a flip among the zeros is one too.
    for position in (1..8192).step_by(331) {
        assert_eq!(answer(position), first, "{position}");
    }
}
