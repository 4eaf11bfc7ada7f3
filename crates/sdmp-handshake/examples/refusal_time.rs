//! How long a responder works on a refusal, by cause, and when the refusal leaves: the peer must
//! not learn the cause from it (R37).
//!
//! ```console
//! $ cargo run --release -p sdmp-handshake --example refusal_time -- 400
//! ```
//!
//! Prints for each cause the median and the longest work, from the first octet of M3, in
//! interleaved rounds. Exits with 1 if the work on any M3 took longer than the step at whose
//! multiples refusals leave, so that it would have left later than the others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that fails should stop"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use sdmp_container::{Fingerprint, IdentityType, b64url};
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::PublicKey;
use sdmp_envelope::Identity;
use sdmp_handshake::{Config, REFUSAL_STEP, refusal_due};
use sdmp_testkit::attacker::{Attacker, CAUSES, attack, bob_config, bob_connection, edit};
use sdmp_testkit::pair::{Seeded, alice, expiry, feed, member};

/// The default exponent, and the largest that R13 allows.
const EXPONENTS: [u64; 2] = [65_537, (1 << 33) - 1];

struct Case {
    name: String,
    config: Config,
    make: Box<dyn Fn(&Attacker) -> String>,
    taken: Vec<Duration>,
}

fn main() -> ExitCode {
    #[allow(clippy::disallowed_methods, reason = "a number of rounds is all it takes")]
    let rounds = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(200);
    let mut cases: Vec<Case> = CAUSES
        .into_iter()
        .map(|(name, make)| case(name.to_owned(), bob_config(), Box::new(make)))
        .collect();
    for bits in [2_048, 3_072, 4_096, 8_192] {
        for exponent in EXPONENTS {
            cases.extend(known(bits, exponent));
        }
    }
    for _ in 0..rounds {
        for case in &mut cases {
            let taken = once(case);
            case.taken.push(taken);
        }
    }
    let mut late = 0;
    for case in &mut cases {
        case.taken.sort();
        let (median, longest) = (case.taken[rounds / 2], case.taken[rounds - 1]);
        let due = |work: &&Duration| refusal_due(Duration::ZERO, **work) > REFUSAL_STEP;
        late += case.taken.iter().filter(due).count();
        println!("{:>8.3} ms  {:>8.3} ms  {}", millis(median), millis(longest), case.name);
    }
    println!("{late} of {} later than {} ms", rounds * cases.len(), millis(REFUSAL_STEP));
    if late == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn case(name: String, config: Config, make: Box<dyn Fn(&Attacker) -> String>) -> Case {
    Case { name, config, make, taken: Vec::new() }
}

fn once(case: &Case) -> Duration {
    let mut bob = bob_connection(case.config.clone());
    let m3 = (case.make)(&attack(&mut bob));
    let mut events = Vec::new();
    #[allow(clippy::disallowed_methods, reason = "it measures time")]
    let start = Instant::now();
    feed(&mut bob, m3.as_bytes(), &mut events);
    while bob.poll_output().is_some() {}
    start.elapsed()
}

/// M3 under the name of a trusted key, with signatures that are none.
fn known(bits: usize, exponent: u64) -> Vec<Case> {
    let key = public_key(bits, exponent);
    let identity = Identity::create(&key, IdentityType::Node, expiry()).unwrap();
    let mut below = key.modulus().to_vec();
    below[0] >>= 1;
    let signatures = [
        ("right length", below),
        ("one octet", vec![1]),
        ("not below the modulus", vec![0xff; bits / 8]),
    ];
    let case = |(what, signature): (&str, Vec<u8>)| {
        let kid = identity.fingerprint().clone();
        case(
            format!("known, {bits} bits, e = {exponent}: {what}"),
            bob_config().trust([identity.clone()]),
            Box::new(move |attacker| claim(attacker, &kid, &signature)),
        )
    };
    signatures.into_iter().map(case).collect()
}

/// An M3 that names `kid` and has this signature.
fn claim(attacker: &Attacker, kid: &Fingerprint, signature: &[u8]) -> String {
    let text = attacker.m3(&alice());
    let header = b64url::encode(format!("{{\"alg\":\"HS512\",\"kid\":\"{kid}\"}}").as_bytes());
    let text = edit(&text, member(&text, "protected"), &header);
    attacker.seal(&edit(&text, member(&text, "signature"), &b64url::encode(signature)))
}

/// A key without a private half: a random odd modulus without small factors.
fn public_key(bits: usize, exponent: u64) -> PublicKey {
    let mut random = Seeded::new(7);
    loop {
        let mut modulus = vec![0; bits / 8];
        random.fill(&mut modulus).unwrap();
        modulus[0] |= 0x80;
        *modulus.last_mut().unwrap() |= 1;
        if let Ok(key) = PublicKey::from_spki_der(&spki(&modulus, exponent)) {
            return key;
        }
    }
}

/// The SubjectPublicKeyInfo of a modulus and an exponent.
fn spki(modulus: &[u8], exponent: u64) -> Vec<u8> {
    let exponent = exponent.to_be_bytes();
    let zeros = exponent.iter().take_while(|octet| **octet == 0).count();
    let number = |octets: &[u8]| {
        let sign: &[u8] = if octets[0] >= 0x80 { &[0] } else { &[] };
        der(0x02, &[sign, octets].concat())
    };
    let key = der(0x30, &[number(modulus), number(&exponent[zeros..])].concat());
    // rsaEncryption with NULL.
    let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    der(0x30, &[&algorithm[..], &der(0x03, &[&[0], &key[..]].concat())].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|octet| **octet == 0).count();
    let length = &length[zeros..];
    let long = 0x80 | u8::try_from(length.len()).unwrap();
    let header = if content.len() < 0x80 { vec![tag] } else { vec![tag, long] };
    [&header, length, content].concat()
}
