//! When a refusal of M3 or M4 leaves (R37): at one moment for every cause, on a simulated clock.

use std::time::Duration;

use sdmp_container::b64url;
use sdmp_handshake::{Connection, Event, Now, Profile, REFUSAL_STEP, Verdict, refusal_due};
use sdmp_testkit::attacker::*;
use sdmp_testkit::pair::*;

const ARRIVED: Duration = Duration::from_millis(1_234);
const WORK: Duration = Duration::from_millis(7);

fn after(elapsed: Duration) -> Now {
    Now { elapsed, wall: wall() }
}

/// Gives the refused object at [`ARRIVED`]; the moment at which something leaves, if anything does.
fn leaves(side: &mut Connection, object: &str) -> Option<Duration> {
    assert!(side.handle_object(after(ARRIVED), object.as_bytes()));
    departure(side, ARRIVED + WORK)
}

fn departure(side: &mut Connection, mut time: Duration) -> Option<Duration> {
    if !side.holds_refusal() {
        return side.poll_output().map(|_| time);
    }
    assert!(!side.is_output_finished() && !side.is_finished());
    assert!(side.poll_output().is_none(), "before its moment");
    // The first call tells how long the work took; the second is the moment.
    side.handle_timeout(after(time));
    let due = side.poll_timeout().unwrap();
    while time < due {
        side.handle_timeout(after(time));
        assert!(side.poll_output().is_none(), "before its moment");
        time += Duration::from_millis(1);
    }
    side.handle_timeout(after(due));
    assert!(!side.holds_refusal() && side.poll_timeout().is_none());
    side.poll_output().map(|_| due)
}

#[test]
fn r37_every_cause_is_refused_at_one_moment() {
    for (cause, make) in CAUSES {
        let mut bob = bob_connection(bob_config());
        let m3 = make(&attack(&mut bob));
        assert_eq!(leaves(&mut bob, &m3), Some(ARRIVED + REFUSAL_STEP), "{cause}");
    }
    let mut bob = bob_connection(bob_config());
    drop(attack(&mut bob));
    let long = format!("{{\"{}\":1}}", "x".repeat(12_300));
    assert_eq!(leaves(&mut bob, &long), Some(ARRIVED + REFUSAL_STEP));
}

#[test]
fn r37_published_refusals_leave_at_one_moment() {
    let refused = |dialler, change: fn(String) -> String| {
        let mut pair = Pair::new(
            config(&dialler, &[&bob()], Profile::Published),
            config(&bob(), &[&alice()], Profile::Published),
        );
        let m1 = pair.initiator.poll_output().unwrap();
        feed(&mut pair.responder, m1.as_bytes(), &mut Vec::new());
        let m2 = pair.responder.poll_output().unwrap();
        feed(&mut pair.initiator, m2.as_bytes(), &mut Vec::new());
        let m3 = change(pair.initiator.poll_output().unwrap());
        leaves(&mut pair.responder, &m3)
    };
    let flipped = |object: String| {
        let old = member(&object, "payload").to_owned();
        let mut payload = b64url::decode(&old).unwrap();
        payload[40] ^= 1;
        object.replace(&old, &b64url::encode(&payload))
    };
    let due = Some(ARRIVED + REFUSAL_STEP);
    assert_eq!(refused(mallory(), |object| object), due, "unknown signer");
    assert_eq!(refused(alice(), flipped), due, "changed");
    assert_eq!(refused(alice(), |_| "{}".to_owned()), due, "not an object");
}

/// An initiator's refusal of M4 waits as well.
#[test]
fn r37_a_refused_m4_is_answered_at_a_fixed_moment() {
    for profile in [Profile::Hardened, Profile::Published] {
        let mut pair =
            Pair::new(config(&alice(), &[], profile), config(&bob(), &[&alice()], profile));
        let m1 = pair.initiator.poll_output().unwrap();
        feed(&mut pair.responder, m1.as_bytes(), &mut Vec::new());
        let m2 = pair.responder.poll_output().unwrap();
        feed(&mut pair.initiator, m2.as_bytes(), &mut Vec::new());
        let m3 = pair.initiator.poll_output().unwrap();
        feed(&mut pair.responder, m3.as_bytes(), &mut Vec::new());
        let m4 = pair.responder.poll_output().unwrap();
        assert_eq!(leaves(&mut pair.initiator, &m4), Some(ARRIVED + REFUSAL_STEP), "{profile:?}");
    }
}

/// A look-up or a person that takes longer moves the refusal to a later multiple, not to its end.
#[test]
fn r37_answers_of_the_application_do_not_show_in_the_moment() {
    for (known, answered, steps) in [(false, 3, 1), (false, 49, 1), (true, 180, 4), (true, 3, 1)] {
        let mut bob = bob_connection(config(&bob(), &[], Profile::Hardened).ask_about_unknown());
        let attacker = attack(&mut bob);
        let m3 = attacker.seal(&attacker.m3(&alice()));
        assert!(bob.handle_object(after(ARRIVED), m3.as_bytes()));
        assert!(matches!(bob.poll_event(), Some(Event::NeedIdentity { .. })));
        let then = after(ARRIVED + Duration::from_millis(answered));
        bob.provide_identity(then, known.then(|| alice().identity().clone())).unwrap();
        if known {
            bob.decide(then, Verdict::Refuse).unwrap();
        }
        assert_eq!(departure(&mut bob, then.elapsed), Some(ARRIVED + REFUSAL_STEP * steps));
    }
}

#[test]
fn r37_the_moment_is_the_next_multiple() {
    let step = REFUSAL_STEP;
    for (work, due) in [
        (Duration::ZERO, step),
        (step - Duration::from_nanos(1), step),
        (step, 2 * step),
        (step * 7 + WORK, 8 * step),
    ] {
        assert_eq!(refusal_due(ARRIVED, ARRIVED + work), ARRIVED + due);
    }
    assert_eq!(refusal_due(ARRIVED, Duration::ZERO), ARRIVED + step);
    assert_eq!(refusal_due(Duration::MAX, Duration::MAX), Duration::MAX);
}

/// What is refused in plaintext depends on no key and leaves at once.
#[test]
fn r37_a_refused_m1_is_answered_at_once() {
    let mut bob = bob_connection(bob_config());
    assert_eq!(leaves(&mut bob, "{}"), Some(ARRIVED + WORK));
}
