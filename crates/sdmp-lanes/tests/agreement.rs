//! Every octet is that of ring, `aes` and `cbc`, whatever else is in the batch.

use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use proptest::prelude::*;
use sdmp_lanes::{Engine, Error, Key, Object, hmac};

/// The tag by ring.
fn tag(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA512, key);
    let mut context = ring::hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    context.sign().as_ref().to_vec()
}

/// An object by ring and `cbc`.
fn sealed(key: &[u8; 64], number: u64, iv: &[u8; 16], text: &[u8]) -> Vec<u8> {
    let mut object = cbc::Encryptor::<aes::Aes256>::new_from_slices(&key[32..], iv)
        .unwrap()
        .encrypt_padded_vec::<Pkcs7>(text);
    let parts = [&number.to_be_bytes()[..], iv, &object, &64_u64.to_be_bytes()];
    let tag = tag(&key[..32], &parts);
    object.extend_from_slice(&tag[..32]);
    object
}

fn octets(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| (seed.wrapping_mul(31) + i * 7 + i / 251) as u8).collect()
}

fn start(number: u64, text: &[u8]) -> Object {
    let mut object = Object::default();
    object.start(number, &[number as u8; 16], text.len()).copy_from_slice(text);
    object
}

/// Four blocks of SHA-512 beyond each boundary of block, piece and batch, one octet at a time.
#[test]
fn tags_of_every_length_around_each_boundary() {
    let key = [3; 32];
    for engine in Engine::all() {
        let lanes = hmac::Key::new(engine, &key);
        for around in [0_usize, 2_048, 4_096] {
            let texts: Vec<Vec<u8>> =
                (around.saturating_sub(130)..around + 520).map(|len| octets(len, len)).collect();
            let inputs: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
            for (input, signed) in inputs.iter().zip(lanes.sign(&inputs)) {
                assert_eq!(tag(&key, &[input]), signed, "{engine:?}, {}", input.len());
            }
        }
    }
}

/// The same for hashes without a key.
#[test]
fn hashes_of_every_length_around_each_boundary() {
    for engine in Engine::all() {
        let texts: Vec<Vec<u8>> = (0..=4 * 128 + 130).map(|len| octets(len, len)).collect();
        let inputs: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let together = sdmp_lanes::hash::sha512(engine, &inputs);
        assert_eq!(together.len(), inputs.len());
        for (input, hash) in inputs.iter().zip(together) {
            let expected = ring::digest::digest(&ring::digest::SHA512, input);
            assert_eq!(expected.as_ref(), hash, "{engine:?}, {}", input.len());
        }
    }
}

#[test]
fn objects_of_every_length_around_each_boundary() {
    let key: [u8; 64] = octets(5, 64).try_into().unwrap();
    for engine in Engine::all() {
        let lanes = Key::new(engine, &key);
        for around in [0_usize, 2_048, 4_096] {
            let texts: Vec<Vec<u8>> =
                (around.saturating_sub(70)..around + 330).map(|len| octets(len, len)).collect();
            let mut objects: Vec<Object> =
                (0..).zip(&texts).map(|(number, text)| start(number, text)).collect();
            lanes.seal(&mut objects);
            for (number, (object, text)) in (0..).zip(objects.iter().zip(&texts)) {
                let expected = sealed(&key, number, &[number as u8; 16], text);
                assert_eq!(object.body(), expected, "{engine:?}, {}", text.len());
            }
            assert!(lanes.open(&mut objects).iter().all(Result::is_ok));
            for (object, text) in objects.iter().zip(&texts) {
                assert_eq!(object.body(), text);
            }
        }
    }
}

/// Whichever member of a batch is damaged, and wherever: it alone is refused, and not decrypted.
#[test]
fn one_damaged_member_is_refused_and_the_others_open() {
    let key = [8; 64];
    let texts: Vec<Vec<u8>> = (0..9).map(|n| octets(n, 40 + n)).collect();
    for engine in Engine::all() {
        let lanes = Key::new(engine, &key);
        for damaged in 0..texts.len() {
            // Each octet once, and another bit of it each time.
            for bit in (0..(16 * 3 + 32) * 8).step_by(9) {
                let mut objects: Vec<Object> =
                    (0..).zip(&texts).map(|(number, text)| start(number, text)).collect();
                lanes.seal(&mut objects);
                let mut changed = objects[damaged].body().to_vec();
                let place = (bit / 8).min(changed.len() - 1);
                changed[place] ^= 1 << (bit % 8);
                let number = damaged as u64;
                objects[damaged] = start(number, &changed);
                for (n, result) in lanes.open(&mut objects).into_iter().enumerate() {
                    assert_eq!(result, if n == damaged { Err(Error) } else { Ok(()) });
                }
                assert_eq!(objects[damaged].body(), changed, "left as it was");
            }
        }
    }
}

#[test]
fn what_cannot_be_an_object_is_refused() {
    for engine in Engine::all() {
        let lanes = Key::new(engine, &[8; 64]);
        for len in [0, 1, 31, 32, 33, 47, 49, 63, 79] {
            let mut objects = [start(0, &octets(1, len)), start(1, &octets(2, len))];
            assert_eq!(lanes.open(&mut objects), [Err(Error), Err(Error)], "{len}");
            assert_eq!(objects[0].body(), octets(1, len));
        }
        assert!(lanes.open(&mut []).is_empty());
        lanes.seal(&mut []);
    }
}

/// A sealed plaintext whose padding is wrong has a right tag, and is refused all the same.
#[test]
fn wrong_padding_behind_a_right_tag_is_refused() {
    let key = [8; 64];
    for last in [0, 2, 17, 255] {
        let mut block = [1_u8; 16];
        block[15] = last;
        let mut object = block.to_vec();
        cbc::Encryptor::<aes::Aes256>::new_from_slices(&key[32..], &[0; 16])
            .unwrap()
            .encrypt_blocks(hybrid(&mut object));
        let parts = [&[0; 8][..], &[0; 16], &object, &64_u64.to_be_bytes()];
        let tag = tag(&key[..32], &parts);
        object.extend_from_slice(&tag[..32]);
        for engine in Engine::all() {
            let mut objects = [start(0, &object), start(0, &object)];
            assert_eq!(Key::new(engine, &key).open(&mut objects), [Err(Error), Err(Error)]);
        }
    }
}

fn hybrid(octets: &mut [u8]) -> &mut [cbc::cipher::Block<cbc::Encryptor<aes::Aes256>>] {
    cbc::cipher::Array::cast_slice_from_core_mut(octets.as_chunks_mut::<16>().0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 64 }, ..ProptestConfig::default() })]

    #[test]
    fn batches_of_any_size_and_lengths_agree(
        key in proptest::array::uniform32(any::<u8>()),
        texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3_000), 0..20),
        first in any::<u64>(),
    ) {
        let key: [u8; 64] = [key, key.map(|octet| octet ^ 0x55)].concat().try_into().unwrap();
        for engine in Engine::all() {
            let lanes = Key::new(engine, &key);
            let mut objects: Vec<Object> = texts
                .iter()
                .enumerate()
                .map(|(n, text)| start(first.wrapping_add(n as u64), text))
                .collect();
            lanes.seal(&mut objects);
            for (n, (object, text)) in objects.iter().zip(&texts).enumerate() {
                let number = first.wrapping_add(n as u64);
                prop_assert_eq!(object.body(), sealed(&key, number, &[number as u8; 16], text));
            }
            prop_assert!(lanes.open(&mut objects).iter().all(Result::is_ok));
            for (object, text) in objects.iter().zip(&texts) {
                prop_assert_eq!(object.body(), text.as_slice());
            }
        }
    }
}
