//! Commands that hand over to a program: the simulation, the benchmarks, hostile load, and the
//! checker of the formal models.

use crate::process::answers;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Arguments that are handed on to the program, which explains itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Arguments of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Seeded runs of the handshake over a carrier that does wrong.
pub(crate) fn simulate(arguments: &Arguments) -> Result<()> {
    example("sdmp-handshake", "simulate", arguments)
        .context("the simulation found a broken rule; it named the seed that shows it")
}

/// Seeded histories of nodes in which everything goes wrong, and crowds.
pub(crate) fn simulate_nodes(arguments: &Arguments) -> Result<()> {
    example("sdmp-simulation", "simulate_nodes", arguments)
        .context("the simulation found a broken rule; it named the seed that shows it")
}

/// A listener under hostile load, on loopback, bounded in count and time.
pub(crate) fn load(arguments: &Arguments) -> Result<()> {
    example("sdmp-node", "load", arguments)
}

/// Measurements against peers; they are built against the system's OpenSSL.
pub(crate) fn bench(arguments: &Arguments) -> Result<()> {
    let root = workspace::root();
    let mut command = workspace::cargo();
    command
        .args(["run", "--locked", "--quiet", "--release", "--manifest-path"])
        .arg(root.join("crates/sdmp-bench/Cargo.toml"))
        .arg("--")
        .args(&arguments.arguments)
        .env("CARGO_TARGET_DIR", root.join("target/bench-build"))
        .env("SDMP_BENCH_DIR", root.join("target/bench"));
    run(&mut command)
        .context("the benchmarks need OpenSSL's headers (Debian: libssl-dev, pkg-config)")
}

/// Checks the models in docs/model.
pub(crate) fn model() -> Result<()> {
    if !answers(Command::new("verifpal").arg("--version")) {
        bail!(
            "verifpal is not installed; this does it: \
             cargo install verifpal --version 1.3.6 --ignore-rust-version"
        );
    }
    let directory = workspace::root().join("docs/model");
    let mut models: Vec<_> = std::fs::read_dir(&directory)
        .context("cannot list docs/model")?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "vp"))
        .collect();
    models.sort();
    for path in models {
        println!("==> {}", path.display());
        run(Command::new("verifpal").arg("verify").arg(path))?;
    }
    Ok(())
}

fn example(package: &str, name: &str, arguments: &Arguments) -> Result<()> {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--release", "--package", package, "--example", name, "--"]);
    run(command.args(&arguments.arguments))
}

fn run(command: &mut Command) -> Result<()> {
    if command.status().context("cannot start the program")?.success() {
        Ok(())
    } else {
        bail!("{} failed", command.get_program().to_string_lossy())
    }
}
