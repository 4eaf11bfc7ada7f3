//! What is sealed or opened together is what each alone would be: the same octets, order and errors,
//! whatever is wrong with a member, and wherever a stream is cut.

use proptest::prelude::*;
use sdmp_container::{Container, Message};
use sdmp_handshake::{Connection, Error, Event, Opened, Profile, Session};
use sdmp_testkit::pair::*;
use sdmp_testkit::sessions::sessions;

const PROFILES: [Profile; 2] = [Profile::Hardened, Profile::Published];

/// What an application might hand over.
fn container(kind: u8, number: usize) -> Container {
    let parse = |text: &str| Container::parse(text).unwrap();
    match kind {
        // Reserved: it would be a refusal (R38).
        1 => parse(sdmp_container::closed::Rejection::NOT_FOUND),
        // Longer than the limit of `limited`.
        2 => Message::new("x".repeat(60_000)).into(),
        // Another version (R8).
        3 => parse(r#"{"sdmp":{"version":"0.13.0","schemas":["message"]},"message":"hello"}"#),
        4 => Message::new("y".repeat(9_000 + number)).into(),
        _ => Message::new(format!("number {number}")).into(),
    }
}

fn containers(kinds: &[u8]) -> Vec<Container> {
    kinds.iter().enumerate().map(|(number, kind)| container(*kind, number)).collect()
}

/// Both sessions, twice the same, with objects and octets limited.
fn limited(profile: Profile, objects: u64) -> [(Session, Session); 2] {
    [(); 2].map(|()| {
        sdmp_testkit::sessions::sessions_within(profile, 8, |limits| {
            limits.message_octets = 30_000;
            limits.objects = objects;
            limits.octets = 20 * 8192;
        })
    })
}

fn outcome(result: &Result<Opened, Error>) -> Result<String, Error> {
    match result {
        Ok(Opened::Message(received)) => Ok(received.container.text().to_owned()),
        Ok(Opened::Closed) => Ok("the close".to_owned()),
        Err(error) => Err(error.clone()),
    }
}

/// The objects of a batch, one of them replaced.
fn spoil(objects: &mut Vec<Vec<u8>>, place: usize, how: u8, close: &str) {
    let place = place % objects.len();
    match how {
        0 => objects[place][200] ^= 1,
        1 => objects[place] = b"{}".to_vec(),
        2 => objects[place].truncate(300),
        3 => drop(objects.remove(place)),
        4 => {
            let twice = objects[place].clone();
            objects.insert(place, twice);
        }
        5 => {
            let other = (place + 1) % objects.len();
            objects.swap(place, other);
        }
        6 => objects[place] = close.as_bytes().to_vec(),
        _ => {}
    }
}

/// Opens objects one at a time, and in batches of these sizes; compares every answer.
fn opens_alike(profile: Profile, objects: &[Vec<u8>], sizes: &[usize], limit: u64) {
    let [(_, mut alone), (_, mut together)] = limited(profile, limit);
    let expected: Vec<_> =
        objects.iter().map(|object| outcome(&alone.open(object, wall()))).collect();
    let (mut found, mut rest) = (Vec::new(), objects);
    for size in sizes.iter().cycle() {
        let (batch, later) = rest.split_at((*size).min(rest.len()));
        found.extend(together.open_all(batch, wall()).iter().map(outcome));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert_eq!(together.end(), alone.end());
}

#[test]
fn every_size_and_every_kind_of_damage_gives_the_same_answers() {
    for profile in PROFILES {
        let (mut sender, _) = sessions(profile, 8);
        let mut random = Seeded::new(5);
        let sealed =
            sender.seal_all(&containers(&[0, 4, 0, 0, 4, 0, 0, 0, 0]), wall(), &mut random);
        let sealed: Vec<Vec<u8>> = sealed.into_iter().map(|o| o.unwrap().into_bytes()).collect();
        // The close where the first message was, in its place of the order.
        let close = sessions(profile, 8).0.close(wall(), &mut random).unwrap().unwrap_or_default();
        // sdmp-envelope damages every member of every size: there a batch costs no handshake.
        for size in 1..=sealed.len() {
            for how in 0..=7 {
                let mut objects = sealed[..size].to_vec();
                spoil(&mut objects, size / 2 + usize::from(how), how, &close);
                opens_alike(profile, &objects, &[size + 1], 1 << 32);
            }
        }
    }
}

#[test]
fn expiry_and_use_after_the_end_are_told_for_each_member() {
    let (mut sender, mut receiver) = sessions(Profile::Hardened, 8);
    let batch = containers(&[0, 0, 0]);
    let late = "2100-01-01T00:00:00.000Z".parse().unwrap();
    assert_eq!(sender.seal_all(&batch, late, &mut Seeded::new(1)), vec![Err(Error::Expired); 3]);
    let results = receiver.open_all(&[b"{}"; 3], late);
    assert!(results.iter().all(|result| outcome(result) == Err(Error::Expired)));

    let (mut sender, _) = sessions(Profile::Hardened, 8);
    sender.close(wall(), &mut Seeded::new(1)).unwrap();
    for result in sender.seal_all(&batch, wall(), &mut Seeded::new(1)) {
        assert_eq!(result.unwrap_err().code(), "misuse.after_close");
    }
    assert!(sender.seal_all(&[], wall(), &mut Seeded::new(1)).is_empty());
}

/// Sixteen objects are enough for two cores: the same octets, and the same end at what was damaged.
#[test]
fn several_cores_seal_and_open_what_one_does() {
    let with = |profile, workers| sdmp_testkit::sessions::sessions_on(profile, 8, workers, |_| {});
    let batch: Vec<Container> = (0..20).map(|number| container(4, number * 700)).collect();
    for profile in PROFILES {
        for workers in [2, 3] {
            let (mut alone, mut together) = (with(profile, 1).0, with(profile, workers).0);
            let expected = alone.seal_all(&batch, wall(), &mut Seeded::new(4));
            assert_eq!(together.seal_all(&batch, wall(), &mut Seeded::new(4)), expected);
            for damaged in [0, 7, 8, 19, 20] {
                let mut objects: Vec<String> =
                    expected.iter().map(|object| object.clone().unwrap()).collect();
                if let Some(object) = objects.get_mut(damaged) {
                    object.insert(object.len() - 30, '_');
                }
                let (mut alone, mut together) = (with(profile, 1).1, with(profile, workers).1);
                let one_by_one: Vec<_> =
                    objects.iter().map(|o| outcome(&alone.open(o.as_bytes(), wall()))).collect();
                let found = together.open_all(&objects, wall());
                assert_eq!(found.iter().map(outcome).collect::<Vec<_>>(), one_by_one);
            }
        }
    }
}

/// What a connection says of a stream that is given in pieces.
fn events(profile: Profile, stream: &[u8], pieces: &[usize]) -> Vec<String> {
    let mut pair = Pair::accepted(profile);
    let (mut events, mut rest) = (Vec::new(), stream);
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).min(rest.len()));
        feed(&mut pair.responder, now, &mut events);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    pair.responder.handle_eof(at(1));
    events.extend(std::iter::from_fn(|| pair.responder.poll_event()));
    events
        .iter()
        .map(|event| match event {
            Event::Message(received) => received.container.text().to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

/// What `send` and `send_all` put out under a full queue.
fn sent(connection: &mut Connection, batch: &[Container], together: bool) -> Vec<String> {
    let results = if together {
        connection.send_all(at(1), batch).unwrap()
    } else {
        let each = batch.iter().map(|container| connection.send(at(1), container));
        each.take_while(|result| *result != Err(Error::QueueFull)).collect()
    };
    let results = results.iter().map(|result| format!("{result:?}"));
    results.chain(std::iter::from_fn(|| connection.poll_output())).collect()
}

fn with_queue(profile: Profile, objects: usize, octets: usize) -> Connection {
    let mut policy = policy(profile);
    policy.limits.queued_objects = objects;
    policy.limits.queued_octets = octets;
    let initiator = config(&alice(), &[&bob()], profile).with_policy(policy);
    let mut pair = Pair::new(initiator, config(&bob(), &[&alice()], profile));
    pair.run();
    pair.initiator
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn containers_of_all_kinds_are_sealed_alike(
        kinds in proptest::collection::vec(0u8..6, 0..20),
        objects in 0u64..20,
        published: bool,
    ) {
        let profile = PROFILES[usize::from(published)];
        let [(mut alone, _), (mut together, _)] = limited(profile, objects);
        let containers = containers(&kinds);
        let (mut one, mut other) = (Seeded::new(3), Seeded::new(3));
        let expected: Vec<_> =
            containers.iter().map(|container| alone.seal(container, wall(), &mut one)).collect();
        prop_assert_eq!(together.seal_all(&containers, wall(), &mut other), expected);
        prop_assert_eq!(together.close(wall(), &mut other), alone.close(wall(), &mut one));
    }

    #[test]
    fn objects_in_any_order_are_opened_alike(
        kinds in proptest::collection::vec(prop_oneof![Just(0u8), Just(4)], 1..20),
        sizes in proptest::collection::vec(1usize..20, 1..5),
        (how, place) in (0u8..8, any::<usize>()),
        limit in prop_oneof![Just(1u64 << 32), 0u64..20],
        published: bool,
    ) {
        let profile = PROFILES[usize::from(published)];
        let (mut sender, _) = sessions(profile, 8);
        let sealed = sender.seal_all(&containers(&kinds), wall(), &mut Seeded::new(5));
        let mut objects: Vec<Vec<u8>> =
            sealed.into_iter().map(|object| object.unwrap().into_bytes()).collect();
        let close = sender.close(wall(), &mut Seeded::new(6)).unwrap().unwrap_or_default();
        spoil(&mut objects, place, how, &close);
        opens_alike(profile, &objects, &sizes, limit);
    }

    #[test]
    fn a_stream_says_the_same_however_it_is_cut(
        count in 1usize..30,
        pieces in proptest::collection::vec(1usize..60_000, 1..6),
        flip in proptest::option::of(any::<prop::sample::Index>()),
        published: bool,
    ) {
        let profile = PROFILES[usize::from(published)];
        let mut pair = Pair::accepted(profile);
        for number in 0..count {
            pair.initiator.send(at(1), &container(0, number)).unwrap();
        }
        pair.initiator.close(at(1)).unwrap();
        let mut stream: Vec<u8> = std::iter::from_fn(|| pair.initiator.poll_output())
            .flat_map(|object| [object.as_bytes(), b"\n"].concat())
            .collect();
        if let Some(index) = flip {
            let place = index.index(stream.len());
            stream[place] ^= 1;
        }
        prop_assert_eq!(events(profile, &stream, &pieces), events(profile, &stream, &[997]));
    }

    #[test]
    fn a_queue_that_is_nearly_full_takes_the_same(
        kinds in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(3), Just(4)], 0..20),
        queue in 1usize..12,
        octets in 1usize..120_000,
        published: bool,
    ) {
        let profile = PROFILES[usize::from(published)];
        let batch = containers(&kinds);
        let [expected, found] = [false, true]
            .map(|together| sent(&mut with_queue(profile, queue, octets), &batch, together));
        prop_assert_eq!(found, expected);
    }
}
