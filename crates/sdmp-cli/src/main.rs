//! The sdmp program: readable secure sessions, files and messages over SDMP 0.12.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "errors of other crates and of the system grow variants; here each match has one sensible default"
)]

mod address;
mod cli;
mod cmd;
mod error;
mod fingerprint;
mod io;
mod key_log;
mod link;
mod log;
mod passphrase;
mod progress;
mod record;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::Parser;
use etcetera::BaseStrategy;

use crate::cli::{Cli, Command};
use crate::error::Failure;
use crate::link::Context;
use crate::passphrase::Passphrase;
use crate::settings::Settings;
use sdmp_node::home::Home;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, and are no error.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.code == io::NOBODY_READS => ExitCode::from(failure.exit.code()),
        Err(failure) => {
            const RED: Style = AnsiColor::Red.on_default().bold();
            io::tell(&format!("{RED}error:{RED:#} {failure}"));
            ExitCode::from(failure.exit.code())
        }
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
    let store = home(cli.data.clone())?;
    let settings = Settings::load(&cli, store.root())?;
    let verbose = if cli.verbose == 0 && !cli.quiet { settings.verbose } else { cli.verbose };
    if cli.quiet || (settings.quiet && verbose == 0) {
        io::be_quiet();
    }
    log::start(verbose);
    let passphrase =
        Passphrase::new(cli.passphrase_file.or_else(|| settings.passphrase_file.clone()));
    let context = Context { store, passphrase, settings };
    let Context { store, passphrase, .. } = &context;
    match cli.command {
        Command::Demo(args) => cmd::demo::run(&args),
        Command::Key(key) => cmd::key::run(&context, key),
        Command::Peer(peer) => cmd::peer::run(&context, peer),
        Command::Listen(args) => cmd::listen::run(&context, &args),
        Command::Connect(args) => cmd::connect::run(&context, &args),
        Command::Send(args) => cmd::send::run(&context, &args),
        Command::Recv(args) => cmd::recv::run(&context, &args),
        Command::Pipe(args) => cmd::pipe::run(&context, &args),
        Command::Forward(args) => cmd::forward::run(&context, &args),
        Command::Sign(args) => cmd::sign::sign(store, passphrase, &args),
        Command::Verify(args) => cmd::sign::verify(store, &args),
        Command::Seal(args) => cmd::seal::seal(store, &args),
        Command::Unseal(args) => cmd::seal::unseal(store, passphrase, &args),
        Command::Inspect(args) => cmd::inspect::run(store, passphrase, &args),
        Command::Container(command) => cmd::container::run(&command),
        Command::Schema(command) => cmd::schema::run(&command),
        Command::Doctor { json } => cmd::doctor::run(&context, json),
        Command::Completions { shell } => cmd::shell::completions(shell),
        Command::Man { directory } => cmd::shell::man(&directory),
    }
}
