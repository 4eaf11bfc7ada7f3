//! A handshake whose stream ends inside a message.

use sdmp_handshake::{Connection, Profile};

use sdmp_testkit::pair::{Pair, accepted, at, failure, feed};

/// The objects of an honest handshake: whether the initiator sent it, and its text.
pub fn transcript(profile: Profile) -> Vec<(bool, String)> {
    let mut pair = Pair::trusting(profile);
    pair.run();
    pair.sent
}

/// Replays a handshake up to message `number`, gives its receiver only `length` octets of that
/// message, ends the stream, and says what is wrong with what follows.
///
/// # Errors
/// What is wrong, in words.
pub fn check(
    profile: Profile,
    sent: &[(bool, String)],
    number: usize,
    length: usize,
) -> Result<(), String> {
    let to_initiator = !sent[number].0;
    let mut pair = Pair::trusting(profile);
    let mut events = Vec::new();
    let side: &mut Connection =
        if to_initiator { &mut pair.initiator } else { &mut pair.responder };
    for (from_initiator, object) in &sent[..number] {
        if *from_initiator != to_initiator {
            feed(side, object.as_bytes(), &mut events);
        }
    }
    let object = sent[number].1.as_bytes();
    feed(side, &object[..length], &mut events);
    side.handle_eof(at(1));
    events.extend(std::iter::from_fn(|| side.poll_event()));
    let last = match profile {
        Profile::Hardened => number >= 4,
        Profile::Published => number >= 2,
    };
    let accepts = last && length == object.len();
    // A published session that was accepted may end anywhere between objects (R41).
    let fails = !(accepts && profile == Profile::Published);
    if accepted(&events) != accepts || (failure(&events) == Some("truncated")) != fails {
        return Err(format!("message {number}, octet {length}: {events:?}"));
    }
    Ok(())
}
