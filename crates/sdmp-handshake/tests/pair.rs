//! The main line of both profiles: handshake, traffic both ways, close (R27 to R41).

use sdmp_handshake::{Event, Profile};
use sdmp_testkit::pair::*;

const PROFILES: [Profile; 2] = [Profile::Hardened, Profile::Published];

#[test]
fn both_sides_accept_and_agree() {
    let mut pair = Pair::trusting(Profile::Hardened);
    pair.run();
    let ids: Vec<_> = [&pair.initiator_events, &pair.responder_events]
        .map(|events| match &events[0] {
            Event::Accepted(accepted) => accepted.session_id.unwrap(),
            other => panic!("{other:?}"),
        })
        .into();
    assert_eq!(ids[0], ids[1]);
    let mut secrets = [[0; 48]; 2];
    pair.initiator.export("test", b"context", &mut secrets[0]).unwrap();
    pair.responder.export("test", b"context", &mut secrets[1]).unwrap();
    assert_eq!(secrets[0], secrets[1]);
    // M1, M2, M3, M4, FIN_R, FIN_I
    let order: Vec<bool> = pair.sent.iter().map(|(from_initiator, _)| *from_initiator).collect();
    assert_eq!(order, [true, false, true, false, false, true]);
    assert!(pair.sent[2..].iter().all(|(_, object)| object.len() == pair.sent[2].1.len()));
}

#[test]
fn messages_go_both_ways_and_the_close_is_authenticated() {
    let mut pair = Pair::accepted(Profile::Hardened);
    for text in ["one", "two"] {
        pair.initiator.send(at(1), &message(text)).unwrap();
    }
    pair.responder.send(at(1), &message("three")).unwrap();
    pair.run();
    assert_eq!(messages(&pair.responder_events), ["one", "two"]);
    assert_eq!(messages(&pair.initiator_events), ["three"]);
    pair.initiator.close(at(2)).unwrap();
    pair.run();
    assert!(matches!(pair.responder_events.last(), Some(Event::Closed { authenticated: true })));
    assert!(!pair.responder.is_finished());
    pair.responder.send(at(2), &message("after your close")).unwrap();
    pair.responder.close(at(2)).unwrap();
    pair.run();
    assert_eq!(messages(&pair.initiator_events), ["three", "after your close"]);
    assert!(pair.initiator.is_finished() && pair.responder.is_finished());
    pair.initiator.handle_eof(at(3));
    assert_eq!(failure(&pair.initiator_events), None);
}

#[test]
fn the_published_profile_works_and_ends_unauthenticated() {
    let mut pair = Pair::accepted(Profile::Published);
    pair.initiator.send(at(1), &message("hello")).unwrap();
    pair.run();
    assert_eq!(messages(&pair.responder_events), ["hello"]);
    pair.initiator.close(at(1)).unwrap();
    pair.run();
    assert!(pair.initiator.is_output_finished());
    pair.responder.handle_eof(at(1));
    pair.run();
    assert!(matches!(pair.responder_events.last(), Some(Event::Closed { authenticated: false })));
}

#[test]
fn an_untrusted_peer_learns_only_that_it_was_refused() {
    for profile in PROFILES {
        let mut pair =
            Pair::new(config(&mallory(), &[&bob()], profile), config(&bob(), &[&alice()], profile));
        pair.run();
        assert_eq!(failure(&pair.responder_events), Some("untrusted.unknown"));
        assert_eq!(failure(&pair.initiator_events), Some("rejected.sealed"));
        assert!(!accepted(&pair.initiator_events) && !accepted(&pair.responder_events));
    }
}

#[test]
fn a_cut_stream_is_truncated() {
    let mut pair = Pair::accepted(Profile::Hardened);
    pair.initiator.handle_eof(at(1));
    pair.run();
    assert_eq!(failure(&pair.initiator_events), Some("truncated"));
}

#[test]
fn octet_by_octet_gives_the_same_events() {
    for profile in PROFILES {
        let mut pair = Pair::trusting(profile);
        pair.run_with(|_, object| {
            object.chars().map(|octet| octet.to_string()).chain(["\n".to_owned()]).collect()
        });
        assert!(accepted(&pair.initiator_events) && accepted(&pair.responder_events));
    }
}
