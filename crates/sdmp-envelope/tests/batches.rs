//! Objects that are sealed or opened together are those that each alone would be (R32 to R36).

use proptest::prelude::*;
use sdmp_container::Limits;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::network::{self, Sealed, Unsealed};
use sdmp_envelope::{ContentKey, Error};

fn keys() -> [ContentKey; 2] {
    [
        ContentKey::authenticated(Secret::new([7; 64])),
        ContentKey::unauthenticated(Secret::new([7; 32])),
    ]
}

fn text(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from((place * 7 + seed) % 255 + 1).unwrap()).collect()
}

fn iv(number: usize) -> [u8; 16] {
    [u8::try_from(number).unwrap(); 16]
}

fn seal_all(key: &ContentKey, first: u64, texts: &[Vec<u8>]) -> Vec<String> {
    let ivs: Vec<[u8; 16]> = (0..texts.len()).map(iv).collect();
    let unsealed: Vec<Unsealed<'_>> =
        ivs.iter().zip(texts).map(|(iv, text)| Unsealed { iv, text }).collect();
    network::seal_all(key, first, &unsealed).unwrap()
}

fn parse(object: &[u8]) -> Sealed {
    Sealed::parse(object, &Limits::CLOSED_TRAFFIC).unwrap()
}

/// Seals and opens a batch both ways, and once with each member damaged.
fn agree(key: &ContentKey, first: u64, texts: &[Vec<u8>]) {
    let number = |place: usize| first.wrapping_add(u64::try_from(place).unwrap());
    let objects = seal_all(key, first, texts);
    for (place, (object, text)) in objects.iter().zip(texts).enumerate() {
        assert_eq!(*object, network::seal(key, &iv(place), number(place), text).unwrap());
    }
    assert_eq!(objects.len(), texts.len());
    for damaged in (0..texts.len()).map(Some).chain([None]) {
        let sealed: Vec<Sealed> = objects
            .iter()
            .enumerate()
            .map(|(place, object)| {
                let mut octets = object.clone().into_bytes();
                if damaged == Some(place) {
                    let middle = octets.len() / 2;
                    octets[middle] = if octets[middle] == b'A' { b'B' } else { b'A' };
                }
                parse(&octets)
            })
            .collect();
        let alone: Vec<Result<Vec<u8>, Error>> = sealed
            .iter()
            .enumerate()
            .map(|(place, sealed)| sealed.clone().open(key, number(place)))
            .collect();
        assert_eq!(network::open_all(key, first, sealed), alone, "damaged: {damaged:?}");
        if damaged.is_none() {
            assert!(alone.iter().zip(texts).all(|(opened, text)| opened.as_ref() == Ok(text)));
        }
    }
}

#[test]
fn r32_batches_of_every_size_hold_what_each_alone_would() {
    for key in keys() {
        for size in 0..=18 {
            let texts: Vec<Vec<u8>> = (0..size).map(|n| text(n, 100 + n * 37)).collect();
            agree(&key, 3, &texts);
        }
        let edges = [1, 8191, 8192, 8193, 16_384, 1, 40_000, 2];
        agree(&key, u64::MAX - 3, &edges.map(|length| text(length, length)));
    }
}

#[test]
fn r35_a_batch_under_other_numbers_does_not_open() {
    let [key, _] = keys();
    let objects = seal_all(&key, 0, &vec![text(1, 50); 9]);
    let sealed: Vec<Sealed> = objects.iter().map(|object| parse(object.as_bytes())).collect();
    assert_eq!(network::open_all(&key, 1, sealed), vec![Err(Error::Decrypt); 9]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r32_batches_of_any_lengths_hold_what_each_alone_would(
        lengths in proptest::collection::vec(1usize..30_000, 0..12),
        first: u64,
        authenticated: bool,
    ) {
        let texts: Vec<Vec<u8>> = lengths.iter().map(|length| text(*length, *length)).collect();
        agree(&keys()[usize::from(!authenticated)], first, &texts);
    }
}
