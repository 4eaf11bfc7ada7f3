//! Drives the workspace: `cargo xtask ci`, `tidy`, `conformance` and others.
//!
//! Each command lives in a file of its own. Nothing here links the crates that it drives, so that
//! `tidy` and `ci` start at once and work even where a crate does not compile.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to the person who runs it"
)]

mod browser;
mod ci;
mod conformance;
mod dissector;
mod docs;
mod fuzz;
mod process;
mod programs;
mod release;
mod tidy;
mod tools;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Drives the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything that continuous integration runs
    Ci(ci::Arguments),
    /// Judge an implementation: by vectors, or as a peer that misbehaves (--peer, --listen)
    Conformance(conformance::Arguments),
    /// Fuzz the parsers and state machines (needs nightly and cargo-fuzz)
    Fuzz(fuzz::Arguments),
    /// Measure against OpenSSL, rustls, snow and josekit (needs OpenSSL's headers)
    Bench(programs::Arguments),
    /// Build the book into docs/book, and follow its links (needs mdbook)
    Docs,
    /// Put a listener under hostile load on loopback
    Load(programs::Arguments),
    /// Check the formal models (needs verifpal)
    Model,
    /// Check that the crates could be published: metadata, packages, what needs no network
    ReleaseCheck(release::Arguments),
    /// Run the handshake over a faulty carrier, many seeded times: --seeds N, --seed N, --cuts
    Simulate(programs::Arguments),
    /// Let nodes find the same in a simulated world: --seeds N, --first N, --crowd NODES
    SimulateNodes(programs::Arguments),
    /// Try the page of `sdmp demo --html` in headless Chromium (skipped where there is none)
    Browser(browser::Arguments),
    /// Try the Wireshark dissector with tshark on a real session (skipped where there is none)
    Dissector,
    /// Check layers, file sizes, module documentation, rule numbers and links
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Ci(arguments) => ci::run(&arguments),
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Bench(arguments) => programs::bench(&arguments),
        Command::Docs => docs::run(),
        Command::Load(arguments) => programs::load(&arguments),
        Command::Model => programs::model(),
        Command::ReleaseCheck(arguments) => release::run(&arguments),
        Command::Simulate(arguments) => programs::simulate(&arguments),
        Command::SimulateNodes(arguments) => programs::simulate_nodes(&arguments),
        Command::Browser(arguments) => browser::run(&arguments),
        Command::Dissector => dissector::run(),
        Command::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
