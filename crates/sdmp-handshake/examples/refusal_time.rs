//! How long a responder takes to refuse, by cause: the peer must not learn the cause from it (R37).
//!
//! ```console
//! $ cargo run --release -p sdmp-handshake --example refusal_time -- 400
//! ```
//!
//! Prints the median for each cause, from the first octet of M3 to the last of the answer, in
//! interleaved rounds, and how far the medians are from each other. Exits with 1 above 1 ms.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that fails should stop"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use sdmp_testkit::attacker::{CAUSES, Make, attack, bob_config, bob_connection};
use sdmp_testkit::pair::feed;

fn once(make: Make) -> Duration {
    let mut bob = bob_connection(bob_config());
    let m3 = make(&attack(&mut bob));
    let mut events = Vec::new();
    #[allow(clippy::disallowed_methods, reason = "it measures time")]
    let start = Instant::now();
    feed(&mut bob, m3.as_bytes(), &mut events);
    while bob.poll_output().is_some() {}
    start.elapsed()
}

fn main() -> ExitCode {
    #[allow(clippy::disallowed_methods, reason = "a number of rounds is all it takes")]
    let rounds = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(200);
    let mut samples = vec![Vec::new(); CAUSES.len()];
    for _ in 0..rounds {
        for ((_, make), taken) in CAUSES.into_iter().zip(&mut samples) {
            taken.push(once(make));
        }
    }
    let medians: Vec<Duration> = samples
        .iter_mut()
        .map(|taken| {
            taken.sort();
            taken[taken.len() / 2]
        })
        .collect();
    for ((cause, _), median) in CAUSES.iter().zip(&medians) {
        println!("{:>8.3} ms  {cause}", median.as_secs_f64() * 1e3);
    }
    let apart = *medians.iter().max().unwrap() - *medians.iter().min().unwrap();
    println!("{:>8.3} ms  between the fastest and the slowest", apart.as_secs_f64() * 1e3);
    if apart < Duration::from_millis(1) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
