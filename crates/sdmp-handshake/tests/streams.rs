//! security.md 8: every split of a stream gives the same events, and a thousand dials at the same
//! time do not meet each other.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use proptest::prelude::*;
use sdmp_handshake::{Connection, Event, Profile};
use sdmp_testkit::pair::*;

/// What both sides of a whole session wrote, as streams.
fn streams(profile: Profile) -> &'static [Vec<u8>; 2] {
    static HARDENED: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    static PUBLISHED: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let cell = if profile == Profile::Hardened { &HARDENED } else { &PUBLISHED };
    cell.get_or_init(|| {
        let mut pair = Pair::trusting(profile);
        pair.run();
        for text in ["one", "two {\"}\\", "three"] {
            pair.initiator.send(at(1), &message(text)).unwrap();
            pair.responder.send(at(1), &message(text)).unwrap();
        }
        pair.initiator.close(at(1)).unwrap();
        pair.responder.close(at(1)).unwrap();
        pair.run();
        [true, false].map(|initiator| {
            let sent = pair.sent.iter().filter(|(from, _)| *from == initiator);
            sent.flat_map(|(_, object)| [object.as_bytes(), b"\n"].concat()).collect()
        })
    })
}

/// Gives one side its stream in pieces; a stream may be cut anywhere before. Its events and outputs.
fn replay(
    profile: Profile,
    to_initiator: bool,
    stream: &[u8],
    pieces: &[usize],
) -> [Vec<String>; 2] {
    let mut pair = Pair::trusting(profile);
    let side: &mut Connection =
        if to_initiator { &mut pair.initiator } else { &mut pair.responder };
    let mut events: Vec<Event> = Vec::new();
    let mut rest = stream;
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).min(rest.len()));
        feed(side, now, &mut events);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    side.handle_eof(at(2));
    events.extend(std::iter::from_fn(|| side.poll_event()));
    let events = events.iter().map(|event| format!("{event:?}")).collect();
    [events, std::iter::from_fn(|| side.poll_output()).collect()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r43_every_split_gives_the_same_events(
        published in any::<bool>(),
        to_initiator in any::<bool>(),
        pieces in proptest::collection::vec(prop_oneof![1_usize..40, 1_usize..30_000], 1..60),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1_u8..=255)),
    ) {
        let profile = if published { Profile::Published } else { Profile::Hardened };
        let mut stream = streams(profile)[usize::from(to_initiator)].clone();
        // A damaged stream fails at the same place and in the same way, however it is split.
        if let Some((place, mask)) = damage {
            let place = place.index(stream.len());
            stream[place] ^= mask;
        }
        let whole = replay(profile, to_initiator, &stream, &[stream.len()]);
        let split = replay(profile, to_initiator, &stream, &pieces);
        prop_assert_eq!(&whole, &split);
        if damage.is_none() {
            // Accepted, three messages, closed.
            prop_assert_eq!(whole[0].len(), 5, "{:?}", whole[0]);
        }
    }
}

#[test]
fn a_thousand_simultaneous_dials_do_not_meet_each_other() {
    const DIALS: u64 = 1000;
    let mut pairs: Vec<Pair> = (0..DIALS)
        .map(|seed| {
            let profile = Profile::Hardened;
            let (ours, theirs) =
                (config(&alice(), &[&bob()], profile), config(&bob(), &[&alice()], profile));
            Pair::seeded(ours, theirs, 10_000 + seed)
        })
        .collect();
    // One object of each side of each pair a round: all handshakes are under way at once.
    let mut moved = true;
    while moved {
        moved = false;
        for pair in &mut pairs {
            if let Some(object) = pair.initiator.poll_output() {
                moved = true;
                feed(&mut pair.responder, object.as_bytes(), &mut pair.responder_events);
            }
            if let Some(object) = pair.responder.poll_output() {
                moved = true;
                feed(&mut pair.initiator, object.as_bytes(), &mut pair.initiator_events);
            }
        }
    }
    let mut ids = BTreeSet::new();
    for pair in &pairs {
        let id = |events: &[Event]| match events {
            [Event::Accepted(accepted)] => accepted.session_id.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(id(&pair.initiator_events), id(&pair.responder_events));
        ids.insert(id(&pair.initiator_events));
    }
    assert_eq!(ids.len() as u64, DIALS);
}
