//! What may happen to an accepted session (R33 to R41): anything done to an object ends it.

use sdmp_container::Container;
use sdmp_handshake::Profile;
use sdmp_testkit::{keys, pair::*};

/// Two messages of the initiator's, carried in some way; what the responder got, and its failure.
fn carried(
    profile: Profile,
    carry: impl FnMut(bool, String) -> Vec<String>,
) -> (Vec<String>, Option<&'static str>) {
    let mut pair = Pair::accepted(profile);
    pair.initiator.send(at(1), &message("one")).unwrap();
    pair.initiator.send(at(1), &message("two")).unwrap();
    pair.run_with(carry);
    (messages(&pair.responder_events), failure(&pair.responder_events))
}

#[test]
fn r35_a_dropped_object_is_noticed() {
    let mut first = true;
    let (got, failed) =
        carried(
            Profile::Hardened,
            |_, object| {
                if std::mem::take(&mut first) { vec![] } else { vec![object] }
            },
        );
    assert_eq!((got, failed), (vec![], Some("decrypt")));
}

#[test]
fn r35_a_repeated_object_is_noticed() {
    let (got, failed) = carried(Profile::Hardened, |_, object| vec![object.clone(), object]);
    assert_eq!((got, failed), (vec!["one".to_owned()], Some("decrypt")));
}

#[test]
fn r35_swapped_objects_are_noticed() {
    let mut held = Vec::new();
    let (got, failed) = carried(Profile::Hardened, |_, object| {
        held.insert(0, object);
        if held.len() == 2 { held.clone() } else { vec![] }
    });
    assert_eq!((got, failed), (vec![], Some("decrypt")));
}

#[test]
fn r35_a_reflected_object_is_noticed() {
    let mut pair = Pair::accepted(Profile::Hardened);
    pair.initiator.send(at(1), &message("one")).unwrap();
    let object = pair.initiator.poll_output().unwrap();
    feed(&mut pair.initiator, object.as_bytes(), &mut pair.initiator_events);
    assert_eq!(failure(&pair.initiator_events), Some("decrypt"));
}

#[test]
fn r35_an_object_of_another_session_is_noticed() {
    let mut other = Pair::seeded(
        config(&alice(), &[&bob()], Profile::Hardened),
        config(&bob(), &[&alice()], Profile::Hardened),
        77,
    );
    other.run();
    other.initiator.send(at(1), &message("other")).unwrap();
    let object = other.initiator.poll_output().unwrap();
    let mut pair = Pair::accepted(Profile::Hardened);
    feed(&mut pair.responder, object.as_bytes(), &mut pair.responder_events);
    assert_eq!(failure(&pair.responder_events), Some("decrypt"));
}

#[test]
fn r35_one_changed_character_anywhere_ends_the_session() {
    let mut pair = Pair::accepted(Profile::Hardened);
    pair.initiator.send(at(1), &message("one")).unwrap();
    let object = pair.initiator.poll_output().unwrap();
    let positions = (0..150).chain((150..object.len()).step_by(601)).chain([object.len() - 50]);
    for position in positions {
        let mut changed = object.clone().into_bytes();
        changed[position] ^= 1;
        let mut pair = Pair::accepted(Profile::Hardened);
        feed(&mut pair.responder, &changed, &mut pair.responder_events);
        if failure(&pair.responder_events).is_none() && messages(&pair.responder_events).is_empty()
        {
            // A brace or a quote became something else: the object has no end yet.
            pair.responder.handle_eof(at(1));
            pair.run();
        }
        // The frame around `iv` and `payload` is not authenticated and carries nothing. One change
        // of it is legal: another patch number of the version (R8). The content is the same.
        let patch = object.find("0.12.0").unwrap() + 5;
        if position == patch {
            assert_eq!(messages(&pair.responder_events), ["one"]);
            continue;
        }
        assert!(failure(&pair.responder_events).is_some(), "position {position}");
        assert!(messages(&pair.responder_events).is_empty());
    }
}

#[test]
fn r36_the_published_profile_does_not_notice() {
    // Documented, and shown in examples/tamper.rs: this is why it is not the default.
    let (got, failed) = carried(Profile::Published, |_, object| vec![object.clone(), object]);
    assert_eq!(failed, None);
    assert_eq!(got, ["one", "one", "two", "two"]);
}

#[test]
fn r41_nothing_may_follow_the_close() {
    let mut pair = Pair::accepted(Profile::Hardened);
    pair.initiator.close(at(1)).unwrap();
    assert_eq!(
        pair.initiator.send(at(1), &message("late")).unwrap_err().code(),
        "misuse.after_close"
    );
    assert_eq!(pair.initiator.close(at(1)).unwrap_err().code(), "misuse.after_close");
    let close = pair.initiator.poll_output().unwrap();
    feed(&mut pair.responder, close.as_bytes(), &mut pair.responder_events);
    assert_eq!(failure(&pair.responder_events), None);
    feed(&mut pair.responder, close.as_bytes(), &mut pair.responder_events);
    assert_eq!(failure(&pair.responder_events), Some("misbehaved.after_close"));
}

#[test]
fn r41_an_end_inside_an_object_is_a_cut() {
    for profile in [Profile::Hardened, Profile::Published] {
        let mut pair = Pair::accepted(profile);
        pair.initiator.send(at(1), &message("one")).unwrap();
        let object = pair.initiator.poll_output().unwrap();
        feed(&mut pair.responder, &object.as_bytes()[..100], &mut pair.responder_events);
        pair.responder.handle_eof(at(1));
        pair.run();
        assert_eq!(failure(&pair.responder_events), Some("truncated"));
    }
}

#[test]
fn r38_r41_the_protocols_own_containers_cannot_be_sent() {
    let own = [
        r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":""}}"#,
        r#"{"sdmp":{"version":"0.12.0","schemas":["receipt"]},"receipt":"sdmp/0.12 close initiator x"}"#,
        r#"{"sdmp":{"version":"0.12.0","schemas":["receipt"]},"receipt":"sdmp/0.12 fin initiator x"}"#,
    ];
    let mut pair = Pair::accepted(Profile::Hardened);
    for text in own {
        let container = Container::parse(text).unwrap();
        assert_eq!(pair.initiator.send(at(1), &container).unwrap_err().code(), "misuse.reserved");
    }
    let other = own[0].replace("0.12.0", "0.11.0");
    let container = Container::parse(other).unwrap();
    assert_eq!(pair.initiator.send(at(1), &container).unwrap_err().code(), "misuse.version");
    // A refused call costs nothing: the session goes on.
    pair.initiator.send(at(1), &message("still here")).unwrap();
    pair.run();
    assert_eq!(messages(&pair.responder_events), ["still here"]);
}

#[test]
fn r38_only_the_refusal_itself_is_one() {
    let refusal = sdmp_container::closed::Rejection::NOT_FOUND;
    let reordered = r#"{"response":{"identifier":"","status":"not_found"},"sdmp":{"schemas":["response"],"version":"0.12.0"}}"#;
    let mut pair = Pair::accepted(Profile::Published);
    for text in [refusal, reordered, &refusal.replace(':', " : ")] {
        let container = Container::parse(text).unwrap();
        assert_eq!(pair.initiator.send(at(1), &container).unwrap_err().code(), "misuse.reserved");
    }
    for text in [
        refusal.replace("\"\"", "\"request 1\""),
        refusal.replace("not_found", "bad_request"),
        refusal.replace("}}", "},\"why\":\"root members are free (R12)\"}"),
        refusal.replace("}}", ",\"why\":\"and so are others\"}}"),
    ] {
        let container = Container::parse(text).unwrap();
        pair.initiator.send(at(1), &container).unwrap();
    }
    pair.run();
    assert_eq!(failure(&pair.responder_events), None);
    assert_eq!(pair.responder_events.len(), 4);
}

#[test]
fn r35_an_expired_identity_ends_the_session() {
    let soon = "2026-01-01T01:00:00.000Z".parse().unwrap();
    let later = sdmp_handshake::Now { wall: soon, ..at(1) };
    let short = local(&keys::alice(), sdmp_container::IdentityType::Node, soon);
    let mut pair = Pair::new(
        config(&short, &[&bob()], Profile::Hardened),
        config(&bob(), &[&short], Profile::Hardened),
    );
    pair.run();
    assert!(accepted(&pair.responder_events));
    pair.initiator.send(at(1), &message("in time")).unwrap();
    let object = pair.initiator.poll_output().unwrap();
    assert_eq!(pair.initiator.send(later, &message("late")).unwrap_err().code(), "expired");
    pair.responder.handle_input(later, object.as_bytes());
    pair.run();
    assert_eq!(failure(&pair.responder_events), Some("expired"));
    assert_eq!(pair.responder.send(at(1), &message("no")).unwrap_err().code(), "expired");
}

#[test]
fn r35_the_sequence_limits_end_the_session() {
    let limited = |objects, octets| {
        let mut policy = policy(Profile::Hardened);
        policy.limits.objects = objects;
        policy.limits.octets = octets;
        let mut pair = Pair::new(
            config(&alice(), &[&bob()], Profile::Hardened).with_policy(policy),
            config(&bob(), &[&alice()], Profile::Hardened),
        );
        pair.run();
        // FIN_I was number 0.
        pair.initiator.send(at(1), &message("one")).unwrap();
        pair.initiator.send(at(1), &message("two")).unwrap_err().code()
    };
    assert_eq!(limited(2, 1 << 36), "exhausted.objects");
    assert_eq!(limited(1 << 32, 2 * 8192), "exhausted.octets");
}

#[test]
fn r42_a_container_that_is_too_large_uses_no_number() {
    let mut policy = policy(Profile::Hardened);
    policy.limits.message_octets = 12_000;
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened).with_policy(policy),
        config(&bob(), &[&alice()], Profile::Hardened),
    );
    pair.run();
    let large = message(&"x".repeat(9000));
    assert_eq!(pair.initiator.send(at(1), &large).unwrap_err().code(), "misuse.too_large");
    pair.initiator.send(at(1), &message("small")).unwrap();
    pair.responder.send(at(1), &large).unwrap();
    pair.run();
    assert_eq!(messages(&pair.responder_events), ["small"]);
    assert_eq!(failure(&pair.initiator_events), Some("misbehaved.too_long"));
}

#[test]
fn the_queue_says_full_and_drops_nothing() {
    let mut policy = policy(Profile::Hardened);
    policy.limits.queued_objects = 2;
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened).with_policy(policy),
        config(&bob(), &[&alice()], Profile::Hardened),
    );
    pair.run();
    pair.initiator.send(at(1), &message("1")).unwrap();
    pair.initiator.send(at(1), &message("2")).unwrap();
    assert_eq!(pair.initiator.send(at(1), &message("3")).unwrap_err().code(), "queue_full");
    pair.run();
    pair.initiator.send(at(1), &message("3")).unwrap();
    pair.run();
    assert_eq!(messages(&pair.responder_events), ["1", "2", "3"]);
}

#[test]
fn input_waits_while_events_wait() {
    let mut pair = Pair::accepted(Profile::Hardened);
    let mut stream = String::new();
    for number in 0..40 {
        pair.initiator.send(at(1), &message(&number.to_string())).unwrap();
        stream.push_str(&pair.initiator.poll_output().unwrap());
    }
    let taken = pair.responder.handle_input(at(1), stream.as_bytes());
    assert!(taken < stream.len());
    assert!(!pair.responder.wants_input());
    feed(&mut pair.responder, &stream.as_bytes()[taken..], &mut pair.responder_events);
    assert_eq!(messages(&pair.responder_events).len(), 40);
}

#[test]
fn r39_after_a_failure_every_call_says_the_same() {
    let mut pair = Pair::accepted(Profile::Hardened);
    feed(&mut pair.responder, b"garbage", &mut pair.responder_events);
    assert_eq!(failure(&pair.responder_events), Some("misbehaved.framing"));
    for _ in 0..2 {
        let error = pair.responder.send(at(1), &message("no")).unwrap_err();
        assert_eq!(error.code(), "misbehaved.framing");
        let error = pair.responder.close(at(1)).unwrap_err();
        assert_eq!(error.code(), "misbehaved.framing");
    }
    assert!(pair.responder.poll_output().is_none());
    assert!(pair.responder.is_finished());
}
