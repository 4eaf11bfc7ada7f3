//! Random batches against *ring* and `cbc`, as many as asked for (20,000 objects, or the number
//! given): `cargo run --release -p sdmp-lanes --example compare -- 1000000`.

use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use sdmp_lanes::{Engine, Key, Object};
use std::process::ExitCode;

/// A sequence that is the same in each run (xorshift64*).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[0])
    }
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(20_000_u64);
    let mut sequence = Sequence(0x5d5d_5d5d_0001_2026);
    let (mut compared, mut different) = (0, 0);
    while compared < wanted {
        for engine in Engine::all() {
            let (objects, wrong) = batch(engine, &mut sequence);
            compared += objects;
            different += wrong;
        }
    }
    report(compared, different);
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[allow(clippy::print_stdout, reason = "an example says what it found")]
fn report(compared: u64, different: u64) {
    println!("{compared} objects compared on {:?}: {different} differ", Engine::all());
}

/// A batch of up to 17 objects; how many there were, and how many differed or did not open.
fn batch(engine: Engine, sequence: &mut Sequence) -> (u64, u64) {
    let key = sequence.octets::<64>();
    let lanes = Key::new(engine, &key);
    let (mut objects, mut expected, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=sequence.below(17) {
        let (number, iv) = (sequence.next(), sequence.octets());
        let len = usize::try_from(sequence.below(1_500)).unwrap_or_default();
        let text: Vec<u8> = (0..len).map(|_| sequence.next().to_be_bytes()[7]).collect();
        let mut object = Object::default();
        object.start(number, &iv, len).copy_from_slice(&text);
        objects.push(object);
        expected.push(sealed(&key, number, &iv, &text));
        texts.push(text);
    }
    lanes.seal(&mut objects);
    let mut same: Vec<bool> =
        objects.iter().zip(&expected).map(|(object, expected)| object.body() == expected).collect();
    let opened = lanes.open(&mut objects);
    for (same, (opened, (object, text))) in
        same.iter_mut().zip(opened.iter().zip(objects.iter().zip(&texts)))
    {
        *same &= opened.is_ok() && object.body() == text;
    }
    let wrong = same.iter().filter(|same| !**same).count();
    (u64::try_from(same.len()).unwrap_or_default(), u64::try_from(wrong).unwrap_or_default())
}

/// The object as *ring* and `cbc` make it; empty if they refuse, which counts as a difference.
fn sealed(key: &[u8; 64], number: u64, iv: &[u8; 16], text: &[u8]) -> Vec<u8> {
    let (mac, encryption) = key.split_at(32);
    let Ok(encryptor) = cbc::Encryptor::<aes::Aes256>::new_from_slices(encryption, iv) else {
        return Vec::new();
    };
    let mut object = encryptor.encrypt_padded_vec::<Pkcs7>(text);
    let mut context =
        ring::hmac::Context::with_key(&ring::hmac::Key::new(ring::hmac::HMAC_SHA512, mac));
    for part in [&number.to_be_bytes()[..], iv, &object, &64_u64.to_be_bytes()] {
        context.update(part);
    }
    object.extend(context.sign().as_ref().iter().take(32));
    object
}
