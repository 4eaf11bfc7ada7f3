//! Seeded sessions over a carrier that drops, repeats, reorders, delays, corrupts, splits and cuts
//! (`tests/simulate.rs` plays the first 2,000 of them).
//!
//! ```console
//! $ cargo run --release -p sdmp-handshake --example simulate -- --seeds 100000
//! $ cargo run --release -p sdmp-handshake --example simulate -- --seed 4711    # one, in full
//! $ cargo run --release -p sdmp-handshake --example simulate -- --cuts         # every octet
//! $ cargo run --release -p sdmp-handshake --example simulate -- --exchanges 20000
//! ```
//!
//! `--from N` begins elsewhere. A failing seed is printed, and the program ends with 1.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a simulation that is wrong should stop"
)]

#[path = "../tests/simulator/mod.rs"]
mod simulator;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::thread;

use sdmp_handshake::Profile;
use simulator::{cuts, exchanges, run};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| -> Option<u64> {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    if let Some(seed) = value("--seed") {
        return one(seed);
    }
    if let Some(count) = value("--exchanges") {
        let zeros = exchanges::run(count);
        println!("{count} exchanges agree; shared secrets by leading zero octets: {zeros:?}");
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--cuts") {
        return every_cut();
    }
    let Some(seeds) = value("--seeds") else {
        eprintln!("usage: simulate --seeds N [--from N] | --seed N | --cuts | --exchanges N");
        return ExitCode::from(2);
    };
    many(value("--from").unwrap_or(0), seeds)
}

fn one(seed: u64) -> ExitCode {
    let report = run(seed);
    println!("{report:#?}");
    match report.check() {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("seed {seed}: {broken}");
            ExitCode::FAILURE
        }
    }
}

/// How often each end was reached, or the first seed of a part that breaks a rule.
type Ends = Result<BTreeMap<&'static str, u64>, String>;

fn part(seeds: impl Iterator<Item = u64>) -> Ends {
    let mut ends = BTreeMap::new();
    for seed in seeds {
        let report = run(seed);
        report.check().map_err(|broken| format!("seed {seed}: {broken}"))?;
        for side in [&report.initiator, &report.responder] {
            *ends.entry(side.failure.unwrap_or("agreement")).or_default() += 1;
        }
    }
    Ok(ends)
}

fn many(from: u64, count: u64) -> ExitCode {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Ends> = thread::scope(|scope| {
        let start = |worker: usize| {
            let seeds = (from..from + count).skip(worker).step_by(workers);
            scope.spawn(move || part(seeds))
        };
        let running: Vec<_> = (0..workers).map(start).collect();
        running.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut total: BTreeMap<&str, u64> = BTreeMap::new();
    for ends in parts {
        match ends {
            Ok(ends) => ends.into_iter().for_each(|(end, n)| *total.entry(end).or_default() += n),
            Err(broken) => {
                eprintln!("{broken}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{count} seeds from {from}: all end in agreement or in an error");
    for (end, count) in total {
        println!("{count:>10}  {end}");
    }
    ExitCode::SUCCESS
}

fn every_cut() -> ExitCode {
    for profile in [Profile::Hardened, Profile::Published] {
        let sent = cuts::transcript(profile);
        for (number, (_, object)) in sent.iter().enumerate() {
            for at in 0..=object.len() {
                if let Err(broken) = cuts::check(profile, &sent, number, at) {
                    eprintln!("{profile:?}: {broken}");
                    return ExitCode::FAILURE;
                }
            }
            println!(
                "{profile:?}: message {number}, {} octets: every cut is noticed",
                object.len()
            );
        }
    }
    ExitCode::SUCCESS
}
