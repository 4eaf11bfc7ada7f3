//! Whatever a message says arrives octet for octet, in both profiles, however the stream is split.

use std::cell::RefCell;

use proptest::prelude::*;
use sdmp_handshake::{Event, Profile};
use sdmp_testkit::pair::*;

/// Texts of every length around the steps of padding, and of every character.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,200}",
        proptest::collection::vec(any::<char>(), 0..60)
            .prop_map(|characters| characters.into_iter().collect()),
        (8_000_usize..8_300).prop_map(|length| "x".repeat(length)),
    ]
}

fn round_trip(profile: Profile) {
    let pair = RefCell::new(Pair::accepted(profile));
    proptest!(ProptestConfig::with_cases(200), |(texts in proptest::collection::vec(text(), 1..4), piece in 1_usize..9000)| {
        let pair = &mut *pair.borrow_mut();
        let sent: Vec<_> = texts.iter().map(|text| message(text)).collect();
        let mut stream = Vec::new();
        for container in &sent {
            pair.initiator.send(at(1), container).unwrap();
            stream.extend(pair.initiator.poll_output().unwrap().into_bytes());
            stream.push(b'\n');
        }
        let mut events = Vec::new();
        for octets in stream.chunks(piece) {
            feed(&mut pair.responder, octets, &mut events);
        }
        prop_assert_eq!(failure(&events), None);
        let got: Vec<Vec<u8>> = events
            .iter()
            .filter_map(|event| match event {
                Event::Message(received) => Some(received.container.as_bytes().to_vec()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(got, sent.iter().map(|one| one.as_bytes().to_vec()).collect::<Vec<_>>());
    });
}

#[test]
fn hardened_messages_arrive_as_sent() {
    round_trip(Profile::Hardened);
}

#[test]
fn published_messages_arrive_as_sent() {
    round_trip(Profile::Published);
}
