//! A listener under hostile load, on loopback only and bounded in count and time:
//! `cargo xtask load [--short] [SCENARIO...]`.
//!
//! The server is a process of its own, so that its memory is measured alone (on Linux, from
//! `/proc`). While an attack goes on, honest nodes dial from addresses of their own. The program
//! fails when a figure is missed.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod attack;
mod honest;
mod litter;
mod nodes;
mod report;
mod scenario;
mod server;

use std::process::ExitCode;

type Anything<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// For a test on a machine that is busy: a few connections, and more patience.
    short: bool,
}

impl Scale {
    /// So many, or a twentieth of it.
    fn of(self, full: usize) -> usize {
        if self.short { full.div_ceil(20) } else { full }
    }
}

fn main() -> Anything<ExitCode> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let short = arguments.iter().any(|argument| argument == "--short");
    arguments.retain(|argument| argument != "--short");
    // Ten thousand connections need as many descriptors; the soft limit is often 1,024.
    let descriptors = rlimit::increase_nofile_limit(u64::MAX)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if arguments.first().is_some_and(|argument| argument == "serve") {
        let word = |number: usize| arguments.get(number).map_or("", String::as_str);
        runtime.block_on(server::serve(word(1), word(2)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|word| word == name);
    let missed = runtime.block_on(scenario::run(Scale { short }, descriptors, wanted))?;
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
