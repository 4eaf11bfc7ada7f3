//! `cargo xtask fuzz`: the targets in fuzz/, with committed seeds and a growing corpus.

use crate::process::{self, Outcome, Report, answers, quiet, step};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// What to fuzz.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// One target; all of them without it
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60, conflicts_with = "smoke")]
    seconds: u32,
    /// Ten seconds each, two targets at a time, from the seeds alone
    #[arg(long)]
    smoke: bool,
    /// List the targets
    #[arg(long)]
    list: bool,
}

/// Runs one target or all.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = targets()?;
    if arguments.list {
        all.iter().for_each(|target| println!("{target}"));
        return Ok(());
    }
    let chosen: Vec<String> = match &arguments.target {
        None => all,
        Some(name) if all.contains(name) => vec![name.clone()],
        Some(name) => bail!("there is no target {name}; --list names them"),
    };
    if let Some(why) = missing_tool() {
        bail!("{why}");
    }
    let started = process::clock();
    let seconds = if arguments.smoke { SMOKE_SECONDS } else { arguments.seconds };
    let mut reports = vec![step("fuzz build", &mut cargo_fuzz(&["build"]), quiet)];
    if passed(&reports) {
        let together = if arguments.smoke { 2 } else { 1 };
        for group in chosen.chunks(together) {
            reports.extend(run_together(group, seconds, !arguments.smoke));
        }
    }
    process::summary(&reports, started.elapsed());
    if passed(&reports) { Ok(()) } else { bail!("fuzzing found something, or did not build") }
}

/// How long a target runs in continuous integration.
const SMOKE_SECONDS: u32 = 10;

/// All targets for a short time, as steps of continuous integration; one skipped step where a tool
/// is missing.
pub(crate) fn smoke(name: &str) -> Vec<Report> {
    println!("==> {name}");
    let none = std::time::Duration::ZERO;
    if let Some(why) = missing_tool() {
        return vec![process::finish(name, Outcome::Skipped(why), none, String::new())];
    }
    let targets = match targets() {
        Ok(targets) => targets,
        Err(error) => {
            return vec![process::finish(name, Outcome::Failed, none, format!("{error:#}\n"))];
        }
    };
    let mut reports = vec![step(&format!("{name} build"), &mut cargo_fuzz(&["build"]), quiet)];
    if passed(&reports) {
        for pair in targets.chunks(2) {
            reports.extend(run_together(pair, SMOKE_SECONDS, false));
        }
    }
    reports
}

fn passed(reports: &[Report]) -> bool {
    reports.iter().all(|report| report.outcome != Outcome::Failed)
}

/// Why fuzzing is impossible here, if it is.
fn missing_tool() -> Option<String> {
    if !answers(Command::new("cargo").args(["+nightly", "--version"])) {
        return Some("no nightly compiler (rustup toolchain install nightly)".to_owned());
    }
    if !answers(Command::new("cargo").args(["+nightly", "fuzz", "--version"])) {
        return Some("cargo-fuzz is not installed (cargo install --locked cargo-fuzz)".to_owned());
    }
    None
}

/// The names of the targets: one file each.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    let directory = workspace::root().join("fuzz/fuzz_targets");
    for entry in std::fs::read_dir(&directory).context("cannot list fuzz/fuzz_targets")? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn cargo_fuzz(arguments: &[&str]) -> Command {
    // The plain name, so that rustup hears the toolchain; the cargo that runs us would not.
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz"]).args(arguments).current_dir(workspace::root().join("fuzz"));
    command.env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// Runs a few targets at the same time; `grow` keeps what they find interesting.
fn run_together(targets: &[String], seconds: u32, grow: bool) -> Vec<Report> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = targets
            .iter()
            .map(|target| {
                scope.spawn(move || {
                    step(&format!("fuzz {target}"), &mut one(target, seconds, grow), done)
                })
            })
            .collect();
        runs.into_iter().filter_map(|run| run.join().ok()).collect()
    })
}

fn one(target: &str, seconds: u32, grow: bool) -> Command {
    let seeds = format!("seeds/{target}");
    let corpus = format!("corpus/{target}");
    let mut command = cargo_fuzz(&["run", target]);
    let fuzz = workspace::root().join("fuzz");
    if grow && std::fs::create_dir_all(fuzz.join(&corpus)).is_ok() {
        command.arg(corpus);
    } else {
        // libFuzzer writes into the first directory; a throw-away keeps the seeds as committed.
        let scratch = format!("target/smoke/{target}");
        drop(std::fs::create_dir_all(fuzz.join(&scratch)));
        command.arg(scratch);
    }
    command.arg(seeds).arg("--").arg(format!("-max_total_time={seconds}"));
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    if Path::new(&fuzz).join("dictionary.txt").exists() {
        command.arg("-dict=dictionary.txt");
    }
    command
}

/// libFuzzer's last words are worth showing.
fn done(line: &str) -> bool {
    line.starts_with("Done ") || line.contains("stat::number_of_executed_units")
}
