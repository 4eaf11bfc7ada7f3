//! Wrapped keys that do not tell for whom they are (N39).
#![cfg(feature = "aws-lc-rs")]

use sdmp_container::{Encrypted, b64url};
use sdmp_crypto::rsa::{OaepHash, PublicKey};
use sdmp_envelope::Error;
use sdmp_envelope::encrypted::{self, MAX_RECIPIENTS};

use crate::common::{Seeded, alice, bob, carol, dave, message};

fn entries(to: &[&PublicKey], seed: u64) -> Vec<Vec<u8>> {
    let sealed = encrypted::seal_hidden(&message("hello"), to, &mut Seeded::new(seed)).unwrap();
    let object = Encrypted::from_container(&sealed).unwrap();
    object.recipients().iter().map(|entry| b64url::decode(entry).unwrap()).collect()
}

/// Chi-square of counts that should be equal.
fn chi_square(counts: &[u32]) -> f64 {
    let classes = u32::try_from(counts.len()).unwrap();
    let expected = f64::from(counts.iter().sum::<u32>()) / f64::from(classes);
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

#[test]
fn n39_each_recipient_opens_what_was_sealed_for_several() {
    let (alice, bob, carol) = (alice(), bob(), carol());
    let to = [alice.public(), bob.public(), carol.public()];
    let sealed = encrypted::seal_hidden(&message("hello"), &to, &mut Seeded::new(1)).unwrap();
    for key in [alice, bob, carol] {
        let opened = encrypted::open(&sealed, &key).unwrap();
        assert_eq!(opened.container(), &message("hello"));
    }
    assert_eq!(encrypted::open(&sealed, &dave()).unwrap_err(), Error::Decrypt);
}

#[test]
fn n39_the_number_is_a_power_of_two_from_4_to_256() {
    let alice = alice();
    for (number, filled) in
        [(1, 4), (2, 4), (4, 4), (5, 8), (8, 8), (9, 16), (129, 256), (256, 256)]
    {
        assert_eq!(entries(&vec![alice.public(); number], 2).len(), filled, "{number}");
    }
    let too_many = vec![alice.public(); MAX_RECIPIENTS + 1];
    let none: &[&PublicKey] = &[];
    for to in [none, &too_many] {
        let refused = encrypted::seal_hidden(&message("x"), to, &mut Seeded::new(3));
        assert_eq!(refused.unwrap_err(), Error::Recipients);
    }
}

#[test]
fn n39_the_filling_has_the_commonest_length_and_of_two_as_common_the_longest() {
    let (alice, bob, carol, dave) = (alice(), bob(), carol(), dave());
    let lengths = |to: &[&PublicKey]| {
        let mut lengths: Vec<usize> = entries(to, 4).iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths
    };
    assert_eq!(lengths(&[alice.public(), bob.public(), carol.public()]), [256, 256, 256, 384]);
    assert_eq!(lengths(&[alice.public(), carol.public()]), [256, 384, 384, 384]);
    assert_eq!(lengths(&[dave.public()]), [257; 4]);
}

#[test]
fn n39_of_1000_entries_none_shows_its_modulus_nor_which_are_random() {
    let (alice, bob) = (alice(), bob());
    let mut counts = [0_u32; 16];
    for seed in 0..250 {
        for entry in entries(&[alice.public(), bob.public()], seed) {
            assert_eq!(entry.len(), 256);
            assert!(entry[0] < 0x80, "above 2^2047 only some moduli have ciphertexts");
            counts[usize::from(entry[0] >> 3)] += 1;
        }
    }
    // 15 degrees of freedom: above 56 once in a million runs. Taken below either modulus, and not
    // below 2^2047, the counts of the last classes would be smaller by the moduli's distance.
    assert!(chi_square(&counts) < 56.0, "{counts:?}");
}

#[test]
fn n39_of_a_modulus_with_a_partial_octet_the_top_bit_is_0_too() {
    let dave = dave();
    assert_eq!(dave.public().bits(), 2056);
    for seed in 0..16 {
        assert!(entries(&[dave.public()], seed).iter().all(|entry| entry[0] < 0x80));
    }
}

#[test]
fn n39_a_recipient_stands_at_any_place() {
    let alice = alice();
    let mut counts = [0_u32; 4];
    for seed in 0..200 {
        let opens = |entry: &Vec<u8>| alice.decrypt_oaep(entry, OaepHash::Sha512).is_ok();
        let place = entries(&[alice.public()], seed).iter().position(opens).unwrap();
        counts[place] += 1;
    }
    // 3 degrees of freedom: above 30 once in a million runs.
    assert!(chi_square(&counts) < 30.0, "{counts:?}");
}
