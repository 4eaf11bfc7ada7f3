//! `cargo xtask conformance`: the vectors, and the peer that misbehaves, by the program of
//! sdmp-conformance.

mod own;

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// What to run. Everything that is not named here is handed on to the program.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Compute the vectors that can be computed once more; refuses with a dirty work tree
    #[arg(long)]
    bless: bool,
    /// Play the peer against this project's own `sdmp listen` and `sdmp connect`, in both profiles
    #[arg(long, conflicts_with = "bless")]
    own: bool,
    /// Arguments of the program, such as --only, --list, --peer, --listen, --node; `-- --help` names all
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the programs and hands over to one of them; reports are left in target/conformance.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.bless {
        return bless();
    }
    succeed(&mut build(), "the build")?;
    if arguments.own {
        return own::run();
    }
    let mut command = program("sdmp-conformance")?;
    if !arguments.arguments.iter().any(|argument| argument == "--out") {
        command.args(["--out", "target/conformance"]);
    }
    succeed(command.args(&arguments.arguments), "conformance")
}

/// Makes the programs `sdmp` and `sdmp-conformance`.
///
/// Cargo builds the programs of a package with its tests, of which each package has one of this
/// name. What matters is that the *whole workspace* is named: then the features of the dependencies
/// are those of `cargo test --workspace`, and nothing that it built is built again.
/// `cargo run --package` would ask for other features, and take minutes.
pub(crate) fn build() -> Command {
    let mut command = workspace::cargo();
    let what = ["--locked", "--quiet", "--workspace", "--no-run"];
    command.arg("test").args(what).args(["--test", "it"]);
    command
}

/// A program that [`build`] has made, to be given its arguments.
pub(crate) fn program(name: &str) -> Result<Command> {
    let mut command = Command::new(built(name)?);
    command.current_dir(workspace::root());
    Ok(command)
}

/// Where a program lies that is built first, where it is not yet.
pub(crate) fn built_program(name: &str) -> Result<PathBuf> {
    succeed(&mut build(), "the build")?;
    built(name)
}

/// Where a program lies.
fn built(name: &str) -> Result<PathBuf> {
    let metadata = workspace::metadata()?;
    let target = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str)
        .context("cargo names no target directory")?;
    Ok([target, "debug", &format!("{name}{}", std::env::consts::EXE_SUFFIX)].iter().collect())
}

/// Writes the transcripts anew. What changes is then seen in the difference, and nothing else is.
fn bless() -> Result<()> {
    let mut status = git();
    let output = status.args(["status", "--porcelain"]).output().context("cannot start git")?;
    if !output.status.success() || !output.stdout.is_empty() {
        bail!(
            "the work tree is not clean, so that what the new vectors change could not be seen; \
             commit or put away first"
        );
    }
    let mut build = workspace::cargo();
    build.args(["build", "--locked", "--workspace", "--example", "handshake_vectors"]);
    succeed(&mut build, "the build")?;
    succeed(&mut program("examples/handshake_vectors")?, "the generator")?;
    succeed(git().args(["diff", "--stat"]), "git diff")
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git
}

fn succeed(command: &mut Command, what: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    if !command.status().with_context(|| format!("cannot start {program}"))?.success() {
        bail!("{what} failed");
    }
    Ok(())
}
