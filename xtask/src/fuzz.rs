//! `cargo xtask fuzz`: the targets in fuzz/, with committed seeds and a growing corpus.

use crate::process::{self, Outcome, Report, answers, quiet, step};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
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
    let reports = if arguments.smoke {
        build_and_run("fuzz", &chosen, "none", SMOKE_SECONDS, TOGETHER)
    } else {
        build_and_run("fuzz", &chosen, "address", arguments.seconds, 1)
    };
    process::summary(&reports, started.elapsed());
    if passed(&reports) { Ok(()) } else { bail!("fuzzing found something, or did not build") }
}

/// Builds, and runs so many targets at a time. What one run alone finds is kept for the next.
fn build_and_run(
    name: &str,
    targets: &[String],
    sanitizer: &str,
    seconds: u32,
    together: usize,
) -> Vec<Report> {
    let mut build = build(sanitizer);
    if let [target] = targets {
        build.arg(target);
    }
    let mut reports = vec![step(&format!("{name} build"), &mut build, quiet)];
    match programs() {
        Ok(programs) if passed(&reports) => {
            for group in targets.chunks(together) {
                reports.extend(run_together(&programs, group, seconds, together == 1));
            }
        }
        Ok(_) => {}
        Err(error) => {
            let none = std::time::Duration::ZERO;
            reports.push(process::finish(name, Outcome::Failed, none, format!("{error:#}\n")));
        }
    }
    reports
}

/// How many targets run at a time in continuous integration.
const TOGETHER: usize = 4;

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
    build_and_run(name, &targets, "none", SMOKE_SECONDS, TOGETHER)
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

/// Builds the targets at once. The crates forbid unsafe code, so AddressSanitizer watches only what
/// dependencies do: long runs have it, and the short runs do without, for a build of half the time.
fn build(sanitizer: &str) -> Command {
    // The plain name, so that rustup hears the toolchain; the cargo that runs us would not.
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "build", "--sanitizer", sanitizer, "--codegen-units", "16"]);
    // Into fuzz/target, where `programs` looks, also for a person who has a target directory.
    command.current_dir(folder()).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO_TARGET_DIR");
    command
}

fn folder() -> PathBuf {
    workspace::root().join("fuzz")
}

/// Where the build leaves the targets.
fn programs() -> Result<PathBuf> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc -vV names no host")?;
    Ok(folder().join("target").join(host).join("release"))
}

/// Runs a few targets at the same time; `grow` keeps what they find interesting.
fn run_together(programs: &Path, targets: &[String], seconds: u32, grow: bool) -> Vec<Report> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = targets
            .iter()
            .map(|target| {
                scope.spawn(move || {
                    let mut run = one(programs, target, seconds, grow);
                    step(&format!("fuzz {target}"), &mut run, done)
                })
            })
            .collect();
        runs.into_iter().filter_map(|run| run.join().ok()).collect()
    })
}

fn one(programs: &Path, target: &str, seconds: u32, grow: bool) -> Command {
    // libFuzzer writes into the first directory; a throw-away keeps the seeds as committed.
    let corpus = if grow { format!("corpus/{target}") } else { format!("target/smoke/{target}") };
    let artifacts = format!("artifacts/{target}/");
    for directory in [&corpus, &artifacts] {
        drop(std::fs::create_dir_all(folder().join(directory)));
    }
    let mut command = Command::new(programs.join(target));
    command.current_dir(folder()).arg(corpus).arg(format!("seeds/{target}"));
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={artifacts}"));
    command.args(["-dict=dictionary.txt", "-timeout=10", "-rss_limit_mb=2048"]);
    command.args(["-print_final_stats=1"]);
    command
}

/// libFuzzer's last words are worth showing.
fn done(line: &str) -> bool {
    line.starts_with("Done ") || line.contains("stat::number_of_executed_units")
}
