//! Does the time taken tell a secret? A test in the manner of dudect (Reparaz, Balasch, Verbauwhede
//! 2017) with nothing but the standard library:
//!
//! ```sh
//! cargo run --release -p sdmp-crypto --example timing -- 100000       # some ten minutes
//! cargo run --release -p sdmp-crypto --example timing -- 100000 tag   # one kind of question
//! ```
//!
//! For each question two classes of input are measured in random order, and Welch's t is computed
//! over all samples and over the fastest 50, 75 and 90 in 100 (the slow rest is the machine's).
//! The largest |t| is printed; 4.5 and more is a leak, and ends the program with an error. Some
//! classes are compared with themselves, to see what this machine calls equal.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "a command that measures time"
)]

use sdmp_crypto::{
    Error,
    content::a256cbc_hs512::{Key, open_in_place, seal_in_place},
    dh::{Ephemeral, Group, NamedGroup},
    random::{Random, SystemRandom},
};
use std::{error::Error as StdError, hint::black_box, process::ExitCode, time::Instant};

/// The bound of dudect.
const LEAK: f64 = 4.5;

/// An exponent for which Z = N^x has 0, 1 and 2 leading zero octets for N = 2^k with these k, in
/// ffdhe2048 (the vectors of `tests/dh.rs`).
const EXPONENT: &str = "d23f0824128b2f330c5c7fd0a6a3a4506513270e269e0d37f2a74de452e6b438";
const POWERS: [u32; 3] = [5_000, 5_074, 65_049];

/// A generator that repeats what it is told.
struct Fixed([u8; 32]);

impl Random for Fixed {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        octets.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

type Question = (&'static str, fn(usize) -> Result<f64, Box<dyn StdError>>);

const QUESTIONS: [Question; 11] = [
    ("z: 0 leading zeros and itself", |samples| zeros(samples, 0)),
    ("z: 0 and 1 leading zeros", |samples| zeros(samples, 1)),
    ("z: 0 and 2 leading zeros", |samples| zeros(samples, 2)),
    ("exponent: fixed and itself", |samples| exponents(samples, Kind::Fixed)),
    ("exponent: fixed and random", |samples| exponents(samples, Kind::Random)),
    ("exponent: fixed and almost all zeros", |samples| exponents(samples, Kind::Zeros)),
    ("exponent: fixed and all ones", |samples| exponents(samples, Kind::Ones)),
    ("g^a: fixed and random", |samples| combs(samples, Kind::Random)),
    ("g^a: fixed and almost all zeros", |samples| combs(samples, Kind::Zeros)),
    ("g^a: fixed and all ones", |samples| combs(samples, Kind::Ones)),
    ("tag: wrong in the first and in the last octet", tags),
];

fn main() -> Result<ExitCode, Box<dyn StdError>> {
    let mut arguments = std::env::args().skip(1);
    let samples = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let about = arguments.next().unwrap_or_default();
    let mut leaks = 0;
    for (name, question) in QUESTIONS.iter().filter(|(name, _)| name.starts_with(&about)) {
        let t = question(samples)?;
        let leak = t >= LEAK;
        leaks += usize::from(leak);
        println!("|t| = {t:5.2}  {}  {name}", if leak { "LEAK" } else { "fine" });
    }
    println!("{samples} samples a question, {leaks} above {LEAK}");
    Ok(if leaks == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The shared-secret computation by the leading zeros of Z.
fn zeros(samples: usize, class: usize) -> Result<f64, Box<dyn StdError>> {
    let group = Group::named(NamedGroup::Ffdhe2048);
    let n = [power_of_two(POWERS[0], group.p()), power_of_two(POWERS[class], group.p())];
    let exponent = unhex(EXPONENT);
    measure(
        samples,
        |_| Ok(group.ephemeral(&mut Fixed(exponent))?),
        |second, ours: Ephemeral| black_box(ours.agree(&n[usize::from(second)])).is_ok(),
    )
}

#[derive(Clone, Copy)]
enum Kind {
    Fixed,
    Random,
    Zeros,
    Ones,
}

/// An exponent of the first class, or one of the second.
fn exponent(second: bool, kind: Kind) -> Result<[u8; 32], Error> {
    // Drawn for both classes, so that the measurement follows the same work in both.
    let mut random = [0; 32];
    SystemRandom::new().fill(&mut random)?;
    Ok(match (second, kind) {
        (false, _) | (true, Kind::Fixed) => unhex(EXPONENT),
        (true, Kind::Random) => random,
        (true, Kind::Zeros) => [0; 32],
        (true, Kind::Ones) => [0xff; 32],
    })
}

/// The shared-secret computation by the exponent's bits.
fn exponents(samples: usize, kind: Kind) -> Result<f64, Box<dyn StdError>> {
    let group = Group::named(NamedGroup::Ffdhe2048);
    let n = power_of_two(POWERS[0], group.p());
    measure(
        samples,
        |second| Ok(group.ephemeral(&mut Fixed(exponent(second, kind)?))?),
        |_, ours: Ephemeral| black_box(ours.agree(&n)).is_ok(),
    )
}

/// The fixed-base exponentiation by the exponent's bits.
fn combs(samples: usize, kind: Kind) -> Result<f64, Box<dyn StdError>> {
    let group = Group::named(NamedGroup::Ffdhe2048);
    measure(
        samples,
        |second| Ok(Fixed(exponent(second, kind)?)),
        |_, mut random| black_box(group.ephemeral(&mut random)).is_ok(),
    )
}

/// The tag's comparison by the place of the first difference.
fn tags(samples: usize) -> Result<f64, Box<dyn StdError>> {
    let key = Key::random(&mut SystemRandom::new())?;
    let mut sealed = Vec::new();
    seal_in_place(&key, &[1; 16], &[], &mut sealed)?;
    let last = sealed.len() - 1;
    measure(
        samples,
        |second| {
            let mut changed = sealed.clone();
            changed[if second { last } else { last - 31 }] ^= 1;
            Ok(changed)
        },
        |_, mut changed| black_box(open_in_place(&key, &[1; 16], &[], &mut changed)).is_err(),
    )
}

/// Times `run` on what `prepare` makes for one class or the other, and gives the largest |t|.
fn measure<T>(
    samples: usize,
    prepare: impl Fn(bool) -> Result<T, Box<dyn StdError>>,
    run: impl Fn(bool, T) -> bool,
) -> Result<f64, Box<dyn StdError>> {
    let mut times = [Vec::new(), Vec::new()];
    let mut coins = [0; 64];
    // The first of them warm up the caches and are thrown away.
    for round in 0..samples + samples / 10 {
        if round % 512 == 0 {
            SystemRandom::new().fill(&mut coins)?;
        }
        let second = coins[round % 512 / 8] >> (round % 8) & 1 == 1;
        let input = prepare(second)?;
        let start = Instant::now();
        let expected = run(second, input);
        let time = start.elapsed();
        if !expected {
            return Err("what was measured failed".into());
        }
        if round >= samples / 10 {
            times[usize::from(second)].push(time.as_secs_f64());
        }
    }
    let mut all: Vec<_> = times.concat();
    all.sort_by(f64::total_cmp);
    let largest = [50, 75, 90, 100].map(|percent| {
        let most = all.get(all.len() * percent / 100).copied().unwrap_or(f64::INFINITY);
        let kept = times
            .each_ref()
            .map(|class| class.iter().copied().filter(|time| *time <= most).collect::<Vec<_>>());
        welch(&kept[0], &kept[1]).abs()
    });
    Ok(largest.into_iter().fold(0.0, f64::max))
}

/// Welch's t of two samples.
fn welch(a: &[f64], b: &[f64]) -> f64 {
    let moments = |sample: &[f64]| {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n)
    };
    let ((mean_a, error_a), (mean_b, error_b)) = (moments(a), moments(b));
    (mean_a - mean_b) / (error_a + error_b).sqrt()
}

/// 2^k mod p, by doubling: this one is slow, and not secret.
fn power_of_two(k: u32, p: &[u8]) -> Vec<u8> {
    let mut number = vec![0; p.len()];
    number[p.len() - 1] = 1;
    for _ in 0..k {
        let mut carry = 0;
        for octet in number.iter_mut().rev() {
            (*octet, carry) = (*octet << 1 | carry, *octet >> 7);
        }
        if carry == 1 || *number >= *p {
            let mut borrow = false;
            for (octet, less) in number.iter_mut().zip(p).rev() {
                let (first, under) = octet.overflowing_sub(*less);
                let (second, under_too) = first.overflowing_sub(u8::from(borrow));
                (*octet, borrow) = (second, under || under_too);
            }
        }
    }
    number
}

fn unhex(text: &str) -> [u8; 32] {
    let digit = |octet: u8| if octet.is_ascii_digit() { octet - b'0' } else { octet - b'a' + 10 };
    let mut pairs = text.bytes().map(digit);
    [0; 32].map(|_: u8| pairs.next().unwrap_or(0) << 4 | pairs.next().unwrap_or(0))
}
