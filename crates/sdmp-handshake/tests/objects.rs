//! An accepted connection over a message carrier: one whole object a message.

use sdmp_testkit::pair::*;

use sdmp_handshake::{Connection, Event, Profile, SessionLimits};

/// Alice, who sends, and Bob, who takes objects by these limits.
fn accepted_with(limits: SessionLimits) -> (Connection, Connection) {
    let mut policy = policy(Profile::Hardened);
    policy.limits = limits;
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened),
        config(&bob(), &[&alice()], Profile::Hardened).with_policy(policy),
    );
    pair.run();
    (pair.initiator, pair.responder)
}

fn sealed(sender: &mut Connection, text: &str) -> String {
    sender.send(at(1), &message(text)).unwrap();
    sender.poll_output().unwrap()
}

fn events(receiver: &mut Connection) -> Vec<Event> {
    std::iter::from_fn(|| receiver.poll_event()).collect()
}

#[test]
fn objects_are_taken_one_at_a_time_while_there_is_room_for_events() {
    let limits = SessionLimits { queued_events: 1, ..SessionLimits::default() };
    let (mut sender, mut receiver) = accepted_with(limits);
    let objects = ["one", "two"].map(|text| sealed(&mut sender, text));
    assert!(receiver.wants_input());
    // White space around an object belongs to the carrier.
    assert!(receiver.handle_object(at(1), format!(" \n{}\r\n", objects[0]).as_bytes()));
    assert!(!receiver.wants_input());
    assert!(!receiver.handle_object(at(1), objects[1].as_bytes()), "not now");
    assert_eq!(messages(&events(&mut receiver)), ["one"]);
    assert!(receiver.wants_input());
    assert!(receiver.handle_object(at(1), objects[1].as_bytes()));
    assert_eq!(messages(&events(&mut receiver)), ["two"]);
}

#[test]
fn r42_the_limit_of_an_object_is_inclusive() {
    let length = sealed(&mut accepted_with(SessionLimits::default()).0, "as long as any").len();
    for (limit, expected) in [(length, None), (length - 1, Some("misbehaved.too_long"))] {
        let limits = SessionLimits { message_octets: limit, ..SessionLimits::default() };
        let (mut sender, mut receiver) = accepted_with(limits);
        let object = sealed(&mut sender, "as long as any");
        assert!(receiver.handle_object(at(1), format!("  {object}  ").as_bytes()));
        let events = events(&mut receiver);
        assert_eq!(failure(&events), expected);
        assert_eq!(messages(&events).is_empty(), expected.is_some());
        assert_eq!(receiver.is_finished(), expected.is_some());
        assert!(expected.is_none() || !receiver.handle_object(at(1), object.as_bytes()));
    }
}

/// The same limit, for what is sent: nothing is sealed that a peer with this limit would refuse.
#[test]
fn r42_what_is_too_long_is_not_sealed() {
    let length = sealed(&mut accepted_with(SessionLimits::default()).0, "as long as any").len();
    for (limit, expected) in [(length, None), (length - 1, Some("misuse.too_large"))] {
        let mut policy = policy(Profile::Hardened);
        policy.limits.message_octets = limit;
        let mut pair = Pair::new(
            config(&alice(), &[&bob()], Profile::Hardened).with_policy(policy),
            config(&bob(), &[&alice()], Profile::Hardened),
        );
        pair.run();
        let sent = pair.initiator.send(at(1), &message("as long as any"));
        assert_eq!(sent.err().map(|error| error.code()), expected);
        // That is no failure of the session.
        assert!(pair.initiator.is_accepted());
    }
}

#[test]
fn r41_each_direction_ends_by_itself() {
    let (mut sender, mut receiver) = accepted_with(SessionLimits::default());
    sender.close(at(1)).unwrap();
    assert!(!sender.is_output_finished(), "the close is still to be sent");
    let close = sender.poll_output().unwrap();
    assert!(sender.is_output_finished() && !sender.is_finished());
    assert!(receiver.handle_object(at(1), close.as_bytes()));
    let told = events(&mut receiver);
    assert!(matches!(told.as_slice(), [Event::Closed { authenticated: true }]), "{told:?}");
    receiver.handle_eof(at(1));
    assert!(receiver.poll_event().is_none());
    assert!(!receiver.is_finished(), "this side may still send");
    receiver.close(at(1)).unwrap();
    receiver.poll_output().unwrap();
    assert!(receiver.is_finished());

    let (_, mut receiver) = accepted_with(SessionLimits::default());
    receiver.handle_eof(at(1));
    assert_eq!(failure(&events(&mut receiver)), Some("truncated"));
    assert!(receiver.is_finished());
}
