//! `cargo xtask simulate`: seeded runs of the handshake over a carrier that does wrong.

use crate::workspace;
use anyhow::{Context, Result, bail};

/// What to simulate; everything is handed on to the program, which explains itself with `--help`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Arguments of the simulation, such as --seeds 100000, --seed N, --cuts, --exchanges 20000
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the simulation in release.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = workspace::cargo();
    command.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "sdmp-handshake",
        "--example",
        "simulate",
        "--",
    ]);
    if !command.args(&arguments.arguments).status().context("cannot start cargo")?.success() {
        bail!("the simulation found a broken rule; it named the seed that shows it");
    }
    Ok(())
}
