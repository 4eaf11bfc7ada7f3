//! What may change while a handshake runs: the time (R16, R35); and what a raised limit does not
//! raise (R29).

use std::sync::{Arc, Mutex};

use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::signature::reserved::sign_octets;
use sdmp_envelope::{ContentKey, LocalIdentity, network};
use sdmp_handshake::{Connection, KeyLog, Now, Profile, Verdict};
use sdmp_testkit::{keys, pair::*};

fn ends() -> Timestamp {
    "2026-01-01T00:00:05.000Z".parse().unwrap()
}

fn late() -> Now {
    Now { wall: ends(), ..at(5) }
}

#[test]
fn r16_a_peer_that_expires_before_the_verdict_is_refused() {
    let short = local(&keys::alice(), IdentityType::Node, ends());
    let mut pair = Pair::new(
        config(&short, &[&bob()], Profile::Hardened),
        config(&bob(), &[], Profile::Hardened).ask_about_unknown(),
    );
    pair.run();
    pair.responder.provide_identity(at(1), Some(short.identity().clone())).unwrap();
    pair.responder_events.clear();
    pair.responder.decide(late(), Verdict::Trust).unwrap();
    // Two refusals, as for every other cause (R37).
    release(&mut pair.responder);
    let sent = std::iter::from_fn(|| pair.responder.poll_output()).count();
    pair.run();
    assert_eq!((sent, failure(&pair.responder_events)), (2, Some("identity.expired")));
}

#[test]
fn r35_a_peer_that_expires_before_fin_is_not_accepted() {
    let short = local(&keys::alice(), IdentityType::Node, ends());
    let mut pair = Pair::new(
        config(&short, &[&bob()], Profile::Hardened),
        config(&bob(), &[&short], Profile::Hardened),
    );
    let mut fin = None;
    let mut number = 0;
    pair.run_with(|from_initiator, object| {
        number += usize::from(from_initiator);
        if from_initiator && number == 3 {
            fin = Some(object);
            return vec![];
        }
        vec![object]
    });
    pair.responder.handle_input(late(), fin.unwrap().as_bytes());
    pair.run();
    assert!(!accepted(&pair.responder_events));
    assert_eq!(failure(&pair.responder_events), Some("identity.expired"));
}

/// A pair of which one side's `number`th object arrives late, and nothing of that side's after it.
fn late_object(
    profile: Profile,
    (ours, theirs): (&LocalIdentity, &LocalIdentity),
    (initiator, number): (bool, usize),
) -> Pair {
    let mut pair = Pair::new(config(ours, &[theirs], profile), config(theirs, &[ours], profile));
    let mut held = None;
    let mut count = 0;
    pair.run_with(|from_initiator, object| {
        count += usize::from(from_initiator == initiator);
        if from_initiator == initiator && count >= number {
            held.get_or_insert(object);
            return vec![];
        }
        vec![object]
    });
    let side = if initiator { &mut pair.responder } else { &mut pair.initiator };
    side.handle_input(late(), held.unwrap().as_bytes());
    pair.run();
    pair
}

#[test]
fn r35_a_responder_that_has_expired_does_not_accept_fin() {
    let short = local(&keys::bob(), IdentityType::Node, ends());
    let pair = late_object(Profile::Hardened, (&alice(), &short), (true, 3));
    assert!(!accepted(&pair.responder_events));
    assert_eq!(failure(&pair.responder_events), Some("identity.expired"));
}

#[test]
fn r35_an_initiator_that_has_expired_does_not_accept_m4() {
    let short = local(&keys::alice(), IdentityType::Node, ends());
    for profile in [Profile::Hardened, Profile::Published] {
        let pair = late_object(profile, (&short, &bob()), (false, 2));
        assert!(!accepted(&pair.initiator_events), "{profile:?}");
        assert_eq!(failure(&pair.initiator_events), Some("identity.expired"));
        // From M3 on there is one answer to everything (R37).
        assert_eq!(failure(&pair.responder_events), Some("rejected.sealed"), "{profile:?}");
    }
}

#[derive(Debug, Default)]
struct FirstKey(Mutex<Option<[u8; 64]>>);

impl KeyLog for FirstKey {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        if label == "HS_I2R" {
            *self.0.lock().unwrap() = secret.try_into().ok();
        }
    }
}

/// Bob's error about an M3 that is right but for the white space around its text.
fn with_spaces(spaces: usize) -> Option<&'static str> {
    let log = Arc::new(FirstKey::default());
    let mut roomy = policy(Profile::Hardened);
    roomy.limits.handshake_octets = 100_000;
    let bob_config = config(&bob(), &[&alice()], Profile::Hardened).with_policy(roomy);
    let alice_config = config(&alice(), &[&bob()], Profile::Hardened).key_log(log.clone());
    let mut pair = Pair::new(alice_config, bob_config);
    let bob_side: &mut Connection = &mut pair.responder;
    let m1 = pair.initiator.poll_output().unwrap();
    bob_side.handle_input(at(0), m1.as_bytes());
    let m2 = bob_side.poll_output().unwrap();
    pair.initiator.handle_input(at(0), m2.as_bytes());
    let key = ContentKey::authenticated(Secret::new(log.0.lock().unwrap().unwrap()));
    let text = sign_octets(m1.as_bytes(), &[&alice()], wall()).unwrap() + &" ".repeat(spaces);
    let m3 = network::seal(&key, &[1; 16], 0, text.as_bytes()).unwrap();
    bob_side.handle_input(at(0), m3.as_bytes());
    pair.responder_events.extend(std::iter::from_fn(|| pair.responder.poll_event()));
    failure(&pair.responder_events)
}

#[test]
fn r29_the_padded_plaintext_of_m3_is_8192_octets_whatever_the_limit() {
    assert_eq!(with_spaces(100), None);
    assert_eq!(with_spaces(8192), Some("decrypt"));
}
