//! R39: a failure is final. It is told once, it is the answer to every later call, and nothing of
//! the session stays: neither its keys, nor what was sealed but not sent.

use sdmp_container::IdentityType;
use sdmp_handshake::{Config, Connection, Error, Event, Now, Profile};
use sdmp_testkit::{keys, pair::*};

fn all_calls(connection: &mut Connection) -> Vec<Error> {
    vec![
        connection.send(at(1), &message("no")).unwrap_err(),
        connection.close(at(1)).unwrap_err(),
        connection.export("label", b"", &mut [0; 8]).unwrap_err(),
        connection.provide_identity(at(1), None).unwrap_err(),
    ]
}

#[test]
fn a_failed_session_is_neither_accepted_nor_waiting() {
    let mut pair = Pair::accepted(Profile::Hardened);
    pair.initiator.send(at(1), &message("sealed, not sent")).unwrap();
    feed(&mut pair.initiator, b"]", &mut pair.initiator_events);
    let error = pair.initiator_events.pop();
    let Some(Event::Failed(error)) = error else { panic!("{error:?}") };
    assert!(!pair.initiator.is_accepted());
    assert!(pair.initiator.is_finished() && pair.initiator.is_output_finished());
    assert!(pair.initiator.poll_output().is_none());
    for answer in all_calls(&mut pair.initiator) {
        assert_eq!(answer, error);
    }
    pair.initiator.handle_eof(at(1));
    assert!(pair.initiator.poll_event().is_none());
    // The keys of both directions are gone with the session.
    assert!(!format!("{:?}", pair.initiator).contains("Session("));
}

#[test]
fn a_failed_call_ends_the_session_and_is_told_as_an_event() {
    let ends = "2026-01-01T01:00:00.000Z".parse().unwrap();
    let short = local(&keys::alice(), IdentityType::Node, ends);
    let mut pair = Pair::new(
        config(&short, &[&bob()], Profile::Hardened),
        config(&bob(), &[&short], Profile::Hardened),
    );
    pair.run();
    let late = Now { wall: ends, ..at(3600) };
    assert_eq!(pair.responder.send(late, &message("late")).unwrap_err(), Error::Expired);
    assert!(matches!(pair.responder.poll_event(), None | Some(Event::Failed(Error::Expired))));
    assert!(pair.responder.poll_event().is_none());
    assert!(pair.responder.is_finished() && !pair.responder.is_accepted());
    assert_eq!(pair.initiator.close(late).unwrap_err(), Error::Expired);
    assert!(matches!(pair.initiator.poll_event(), Some(Event::Failed(Error::Expired))));
    for answer in all_calls(&mut pair.initiator) {
        assert_eq!(answer, Error::Expired);
    }
}

#[test]
fn a_failure_comes_before_a_full_queue() {
    let mut policy = policy(Profile::Hardened);
    policy.limits.queued_objects = 1;
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened).with_policy(policy),
        config(&bob(), &[&alice()], Profile::Hardened),
    );
    pair.run();
    let alice = &mut pair.initiator;
    alice.send(at(1), &message("1")).unwrap();
    assert_eq!(alice.send(at(1), &message("2")).unwrap_err(), Error::QueueFull);
    alice.handle_input(at(1), b"]");
    assert_eq!(alice.send(at(1), &message("2")).unwrap_err().code(), "misbehaved.framing");
    assert!(alice.poll_output().is_none());
    assert!(alice.is_output_finished() && alice.is_finished());
    let mut out = [0; 8];
    assert_eq!(alice.export("label", b"", &mut out).unwrap_err().code(), "misbehaved.framing");
}

#[test]
fn a_failure_of_sending_ends_receiving() {
    let mut policy = policy(Profile::Hardened);
    policy.limits.objects = 1;
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], Profile::Hardened).with_policy(policy),
        config(&bob(), &[&alice()], Profile::Hardened),
    );
    pair.run();
    let alice = &mut pair.initiator;
    assert_eq!(alice.send(at(1), &message("1")).unwrap_err().code(), "exhausted.objects");
    assert!(alice.is_finished() && !alice.wants_input());
    assert_eq!(alice.handle_input(at(1), b"{}"), 0);
    assert!(matches!(alice.poll_event(), Some(Event::Failed(error))
        if error.code() == "exhausted.objects"));
}

#[test]
fn every_failure_of_a_handshake_answers_every_later_call() {
    let random = || Box::new(Seeded::new(3));
    let bob_side: fn(Config) -> Connection =
        |config| Connection::respond(config, at(0), Box::new(Seeded::new(4)));
    let config = || config(&bob(), &[&alice()], Profile::Hardened);
    let failing: [fn(&mut Connection); 4] = [
        |connection| assert_eq!(connection.handle_input(at(1), b"x"), 0),
        |connection| assert!(connection.handle_object(at(1), b"{}")),
        |connection| connection.handle_eof(at(1)),
        |connection| connection.handle_timeout(at(100)),
    ];
    for fail in failing {
        for mut connection in
            [bob_side(config()), Connection::initiate(config(), at(0), random()).unwrap()]
        {
            while connection.poll_output().is_some() {}
            fail(&mut connection);
            let event = connection.poll_event();
            let Some(Event::Failed(error)) = event else { panic!("{event:?}") };
            for _ in 0..2 {
                for answer in all_calls(&mut connection) {
                    assert_eq!(answer, error);
                }
            }
            while connection.poll_output().is_some() {}
            assert!(connection.is_finished() && !connection.is_accepted());
        }
    }
}

/// A carrier that ended its writing direction before what is owed was sent would cut it off.
#[test]
fn output_is_finished_only_when_all_of_it_was_taken() {
    let mut pair = Pair::accepted(Profile::Hardened);
    pair.initiator.close(at(1)).unwrap();
    assert!(!pair.initiator.is_output_finished());
    let debug = format!("{:?}", pair.initiator);
    assert!(debug.contains("Outgoing { objects: 1, octets: "), "{debug}");
    assert!(pair.initiator.poll_output().is_some());
    assert!(pair.initiator.is_output_finished());

    let config = config(&bob(), &[&alice()], Profile::Hardened);
    let mut bob = Connection::respond(config, at(0), Box::new(Seeded::new(2)));
    bob.handle_input(at(0), b"no object");
    assert!(matches!(bob.poll_event(), Some(Event::Failed(_))));
    assert!(!bob.is_output_finished() && !bob.is_finished(), "the refusal is to be sent");
    assert!(bob.poll_output().is_some());
    assert!(bob.is_output_finished() && bob.is_finished());
}
