//! `cargo xtask conformance`: the vectors, run by the program of sdmp-conformance.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only cases whose area/id contains this text, or that cite this rule (such as R25)
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// List the cases instead of running them
    #[arg(long)]
    list: bool,
}

/// Runs the program and leaves its reports in target/conformance.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = command();
    if let Some(text) = &arguments.only {
        command.args(["--only", text]);
    }
    if arguments.list {
        command.arg("--list");
    } else {
        command.args(["--out", "target/conformance"]);
    }
    if !command.status().context("cannot start cargo")?.success() {
        bail!("conformance failed");
    }
    Ok(())
}

/// The program, to be given its arguments.
pub(crate) fn command() -> Command {
    let mut command = workspace::cargo();
    command.args([
        "run",
        "--quiet",
        "--package",
        "sdmp-conformance",
        "--bin",
        "sdmp-conformance",
        "--",
    ]);
    command
}
