//! The sdmp program: readable secure sessions, files and messages over SDMP 0.12.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "errors of other crates and of the system grow variants; here each match has one sensible default"
)]

mod activity;
mod address;
mod args;
mod cli;
mod cmd;
mod error;
mod io;
mod key_log;
mod link;
mod log;
mod output;
mod passphrase;
mod private_file;
mod progress;
mod settings;
mod shutdown;
#[cfg(test)]
mod wrappers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::error::{ContextValue, Error as Usage};
use etcetera::BaseStrategy;

use crate::cli::Cli;
use crate::error::{Exit, Failure};
use crate::link::Context;
use crate::passphrase::Passphrase;
use crate::settings::Settings;
use sdmp_node::home::Home;

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(error) => explain(error),
    };
    // Also after an error: what was printed before it belongs to the result.
    let written = io::console::finish().map_err(|error| io::unwritable(&error));
    let Err(failure) = result.and(written) else { return ExitCode::SUCCESS };
    if failure.code == USAGE {
        io::print_usage(&failure.cause);
    } else if ![io::NOBODY_READS, passphrase::INTERRUPTED].contains(&failure.code) {
        io::error(&failure.to_string());
    }
    io::console::settle(LAST_WORDS);
    ExitCode::from(failure.exit.code())
}

/// How long the last lines wait for a reader of standard error.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The code of what clap says about a wrong command line, which has a form of its own.
const USAGE: &str = "usage.clap";

/// Prints help and version, which come as errors too; the arguments in others are escaped.
fn explain(mut error: Usage) -> Result<(), Failure> {
    if !error.use_stderr() {
        return io::print_styled(&error.render().ansi().to_string());
    }
    let escaped: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(io::printable(text)))),
            _ => None,
        })
        .collect();
    // An argument may come from elsewhere, as a file's name does.
    for (kind, value) in escaped {
        error.insert(kind, value);
    }
    Err(Failure::new(Exit::Usage, USAGE, error.render().ansi().to_string()))
}

/// A core dump would hold the private keys that a command loads.
fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Lowering a limit is always allowed; where there is none, nothing is dumped.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

/// `--data`, which also reads `SDMP_DATA`; else the platform's place for data.
fn home(data: Option<PathBuf>) -> Result<Home, Failure> {
    if let Some(root) = data {
        return Ok(Home::new(root));
    }
    let platform = etcetera::choose_base_strategy().map_err(|_| {
        Failure::usage("this user has no home directory")
            .remedy("name a directory with --data or SDMP_DATA")
    })?;
    Ok(Home::new(platform.data_dir().join("sdmp")))
}

fn run(cli: Cli) -> Result<(), Failure> {
    shutdown::watch()?;
    // Before the first key is read.
    no_core_dumps();
    let store = home(cli.data.clone())?;
    let settings = Settings::load(cli.config.as_deref(), &store, cli.data.is_some())?;
    let verbose = if cli.verbose == 0 && !cli.quiet { settings.verbose } else { cli.verbose };
    if cli.quiet || (settings.quiet && verbose == 0) {
        io::be_quiet();
    }
    log::start(verbose);
    let passphrase =
        Passphrase::new(cli.passphrase_file.or_else(|| settings.passphrase_file.clone()));
    let context = Context { store, passphrase, settings };
    cli.command.run(&context)
}
