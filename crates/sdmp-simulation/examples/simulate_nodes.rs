//! Seeded histories of nodes, and crowds: see the crate's page. A failing seed is printed, and the
//! program ends with 1.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    reason = "a simulation that reports to the person who runs it"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sdmp_simulation::{crowd, history};

const USAGE: &str =
    "usage: simulate [--seeds N] [--first N] | --crowd NODES [--resources N] [--first SEED]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| -> Option<u64> {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    if !arguments
        .iter()
        .all(|argument| argument.parse::<u64>().is_ok() || argument.starts_with("--"))
    {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let first = value("--first").unwrap_or(0);
    match value("--crowd") {
        Some(nodes) => one_crowd(nodes, value("--resources").unwrap_or(nodes), first),
        None => histories(first, value("--seeds").unwrap_or(100)),
    }
}

fn one_crowd(nodes: u64, resources: u64, seed: u64) -> ExitCode {
    let began = Instant::now();
    let number = |count: u64| usize::try_from(count).expect("a number of things in memory");
    let settled = crowd::run(number(nodes), number(resources), seed);
    println!("{settled:?} in {:.1} s", began.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// Runs the histories on all cores.
fn histories(first: u64, count: u64) -> ExitCode {
    let began = Instant::now();
    let (next, failed, published, slow) =
        (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(count) {
                        return;
                    }
                    // The panic's message has been printed by then.
                    match std::panic::catch_unwind(|| history::run(seed)) {
                        Ok(ended) => {
                            published.fetch_add(ended.published, Ordering::Relaxed);
                            slow.fetch_max(ended.days.unsigned_abs(), Ordering::Relaxed);
                        }
                        Err(_) => {
                            eprintln!(
                                "seed {seed} failed: --first {seed} --seeds 1 shows it again"
                            );
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!(
        "{count} histories from seed {first} on: {failed} failed; {} messages, at most {} days until all had found the same, {:.1} s",
        published.into_inner(),
        slow.into_inner(),
        began.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
