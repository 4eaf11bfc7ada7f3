//! `cargo xtask ci`: everything that continuous integration runs, in one command.

use crate::process::{self, Outcome, Report, answers, clock, finish, quiet, skipped, step};
use crate::{browser, conformance, docs, fuzz, release, tidy, tools, workspace};
use anyhow::{Result, bail};
use serde_json::Value;
use std::process::Command;

/// Which steps to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only the steps whose name begins with one of these words
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave out the steps whose name begins with one of these words
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    skip: Vec<String>,
}

impl Arguments {
    fn wants(&self, name: &str) -> bool {
        let begins = |words: &[String]| words.iter().any(|word| name.starts_with(word.as_str()));
        (self.only.is_empty() || begins(&self.only)) && !begins(&self.skip)
    }
}

/// Runs all steps, even where one fails, and sums up. Lanes that build do so into directories of
/// their own, so that neither waits for the other's lock, and one lane's linking leaves no core idle.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let started = clock();
    let mut reports = std::thread::scope(|scope| {
        let beside = scope.spawn(|| lane(BESIDE, arguments));
        let mut reports = lane(FIRST, arguments);
        let programs = scope.spawn(|| lane(PROGRAMS, arguments));
        reports.extend(lane(THEN, arguments));
        for other in [programs, beside] {
            reports.extend(other.join().unwrap_or_else(|_| vec![panicked()]));
        }
        reports
    });
    // Last: what .ci/run may still be installing.
    reports.extend(lane(TOOLS, arguments));
    process::summary(&reports, started.elapsed());
    if let Some(total) =
        reports.iter().find(|report| report.name == "test").map(|tests| totals(&tests.output))
    {
        println!("{total}");
    }
    let failed: Vec<&str> = reports
        .iter()
        .filter(|report| report.outcome == Outcome::Failed)
        .map(|report| report.name.as_str())
        .collect();
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

fn lane(steps: &[(&str, Step)], arguments: &Arguments) -> Vec<Report> {
    steps
        .iter()
        .filter(|(name, _)| arguments.wants(name))
        .flat_map(|(name, run)| run(name))
        .collect()
}

fn panicked() -> Report {
    finish("lane", Outcome::Failed, std::time::Duration::ZERO, "a lane of steps panicked\n".into())
}

type Step = fn(&str) -> Vec<Report>;

/// What builds into target/debug, in the order in which it runs: what fails soonest comes first.
const FIRST: &[(&str, Step)] = &[
    ("tidy", run_tidy),
    ("format", run_format),
    ("clippy", run_clippy),
    ("test", run_tests),
    ("conformance", run_conformance),
];

/// What goes on from there with the compiler ...
const THEN: &[(&str, Step)] = &[
    ("docs", run_docs),
    ("book", run_book),
    ("features", run_features),
    ("wasm", run_wasm),
    ("release", release::quick),
];

/// ... and beside it what runs the programs that are built by then, and waits for them much.
const PROGRAMS: &[(&str, Step)] = &[
    ("demo", run_demo),
    ("peer", run_peer),
    ("histories", run_histories),
    ("browser", run_browser),
    ("dissector", run_dissector),
];

/// What builds elsewhere (fuzz/target, target/oldest), beside the others.
const BESIDE: &[(&str, Step)] = &[("fuzz", fuzz::smoke), ("oldest", tools::oldest_compiler)];

/// What needs a tool beside cargo, and only looks at manifests and signatures.
const TOOLS: &[(&str, Step)] = &[
    ("deny", run_deny),
    ("unused", tools::unused_dependencies),
    ("semver", tools::compatible_versions),
];

fn cargo(arguments: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command.args(arguments);
    command
}

fn run_tidy(name: &str) -> Vec<Report> {
    println!("==> {name}");
    let started = clock();
    let outcome = if tidy::run().is_ok() { Outcome::Passed } else { Outcome::Failed };
    vec![finish(name, outcome, started.elapsed(), String::new())]
}

fn run_format(name: &str) -> Vec<Report> {
    if !answers(&mut cargo(&["fmt", "--version"])) {
        return skipped(name, "rustfmt is not installed (rustup component add rustfmt)");
    }
    vec![step(name, &mut cargo(&["fmt", "--all", "--", "--check"]), quiet)]
}

fn run_clippy(name: &str) -> Vec<Report> {
    if !answers(&mut cargo(&["clippy", "--version"])) {
        return skipped(name, "clippy is not installed (rustup component add clippy)");
    }
    let arguments = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    vec![step(name, &mut cargo(&arguments), quiet)]
}

fn run_tests(name: &str) -> Vec<Report> {
    let show = |line: &str| {
        let line = line.trim_start();
        ["test result:", "Running ", "Doc-tests ", "skipped"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    vec![step(name, &mut cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]), show)]
}

fn run_conformance(name: &str) -> Vec<Report> {
    let show = |line: &str| line.contains(" cases, ");
    let mut reports = vec![step(&format!("{name} build"), &mut conformance::build(), quiet)];
    let run = match conformance::program("sdmp-conformance") {
        Ok(mut program) => step(name, program.args(["--out", "target/conformance"]), show),
        Err(error) => broken(name, &error),
    };
    reports.push(run);
    reports
}

/// The misbehaving peer against `sdmp listen` and `sdmp connect`.
fn run_peer(name: &str) -> Vec<Report> {
    let show = |line: &str| line.starts_with("==> ") || line.contains(" cases, ");
    match std::env::current_exe() {
        Ok(this) => vec![step(name, Command::new(this).args(["conformance", "--own"]), show)],
        Err(error) => vec![broken(name, &error.into())],
    }
}

/// A hundred seeds of the simulated world of nodes, with all faults; built by the tests.
fn run_histories(name: &str) -> Vec<Report> {
    let show = |line: &str| line.contains(" histories from seed ");
    match conformance::program("examples/simulate_nodes") {
        Ok(mut command) => vec![step(name, command.args(["--seeds", "100"]), show)],
        Err(error) => vec![broken(name, &error)],
    }
}

fn broken(name: &str, error: &anyhow::Error) -> Report {
    finish(name, Outcome::Failed, std::time::Duration::ZERO, format!("{error:#}\n"))
}

fn run_docs(name: &str) -> Vec<Report> {
    let mut command = cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    vec![step(name, &mut command, quiet)]
}

/// The book's pages are run by the tests; this builds it and follows its links.
fn run_book(name: &str) -> Vec<Report> {
    if !answers(Command::new("mdbook").arg("--version")) {
        return skipped(name, "mdbook is not installed (cargo install --locked mdbook)");
    }
    println!("==> {name}");
    let started = clock();
    let (outcome, output) = match docs::run() {
        Ok(()) => (Outcome::Passed, String::new()),
        Err(error) => (Outcome::Failed, format!("{error:#}\n")),
    };
    vec![finish(name, outcome, started.elapsed(), output)]
}

/// Each crate alone, without default features and then with each feature by itself.
fn run_features(name: &str) -> Vec<Report> {
    let sets = match workspace::metadata() {
        Ok(metadata) => feature_sets(&metadata),
        Err(error) => return vec![broken(name, &error)],
    };
    sets.iter()
        .map(|(package, feature)| {
            let mut command =
                cargo(&["check", "--locked", "--package", package, "--no-default-features"]);
            if let Some(feature) = feature {
                command.args(["--features", feature]);
            }
            step(
                &format!("{name} {package} {}", feature.as_deref().unwrap_or("(none)")),
                &mut command,
                quiet,
            )
        })
        .collect()
}

/// Inspection runs in a browser too. What is needed for that is not everywhere: the target, and a C
/// compiler that knows it (for *ring*).
fn run_wasm(name: &str) -> Vec<Report> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let mut rustc = Command::new("rustc");
    rustc.args(["--target", TARGET, "--print", "target-libdir"]);
    let installed = rustc.output().ok().is_some_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout);
        output.status.success() && std::path::Path::new(path.trim()).is_dir()
    });
    if !installed {
        return skipped(
            name,
            "the target is not installed (rustup target add wasm32-unknown-unknown)",
        );
    }
    if !answers(Command::new("clang").arg("--version")) {
        return skipped(
            name,
            "clang, which compiles ring for it, is not installed (Debian: apt install clang)",
        );
    }
    let arguments = [
        "build",
        "--locked",
        "--target",
        TARGET,
        "--package",
        "sdmp-inspect",
        "--no-default-features",
    ];
    vec![step(name, &mut cargo(&arguments), quiet)]
}

/// Every library of ours with no feature, and with each of its features.
fn feature_sets(metadata: &Value) -> Vec<(String, Option<String>)> {
    let mut sets = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let ours = package["source"].is_null() && (name == "sdmp" || name.starts_with("sdmp-"));
        if !ours {
            continue;
        }
        sets.push((name.to_owned(), None));
        let features =
            package["features"].as_object().into_iter().flat_map(|features| features.keys());
        for feature in features.filter(|feature| *feature != "default") {
            sets.push((name.to_owned(), Some(feature.clone())));
        }
    }
    sets
}

/// The program's main job on real input, as the README says it, with what the tests have built.
fn run_demo(name: &str) -> Vec<Report> {
    let run = match conformance::program("sdmp") {
        Ok(mut program) => step(name, program.arg("demo"), quiet),
        Err(error) => broken(name, &error),
    };
    vec![run]
}

fn run_browser(name: &str) -> Vec<Report> {
    match browser::find() {
        Ok(_) => vec![task(name)],
        Err(missing) => skipped(name, missing),
    }
}

fn run_dissector(name: &str) -> Vec<Report> {
    if !answers(Command::new("tshark").arg("--version")) {
        return skipped(name, "tshark is not installed (Debian: apt install tshark)");
    }
    vec![task(name)]
}

/// A command of this program that reports line by line.
fn task(name: &str) -> Report {
    let show = |line: &str| line.starts_with("ok: ") || line.starts_with("skipped: ");
    match std::env::current_exe() {
        Ok(this) => step(name, Command::new(this).arg(name), show),
        Err(error) => broken(name, &error.into()),
    }
}

fn run_deny(name: &str) -> Vec<Report> {
    if !answers(&mut cargo(&["deny", "--version"])) {
        return skipped(name, "cargo-deny is not installed (cargo install --locked cargo-deny)");
    }
    // The database of advisories lives on a site that a closed network does not reach.
    let arguments = ["deny", "--locked", "check", "bans", "licenses", "sources"];
    vec![step(name, &mut cargo(&arguments), quiet)]
}

/// Adds up the summaries of all test binaries, in cargo test's own words.
fn totals(output: &str) -> String {
    let mut sums = [0_u64; 3];
    let words = ["passed", "failed", "ignored"];
    for line in output.lines().filter(|line| line.trim_start().starts_with("test result:")) {
        for part in line.split(['.', ';']) {
            let mut pieces = part.split_whitespace();
            let (Some(number), Some(word)) = (pieces.next(), pieces.next()) else { continue };
            for (sum, name) in sums.iter_mut().zip(words) {
                if word == name {
                    *sum = sum.saturating_add(number.parse().unwrap_or(0));
                }
            }
        }
    }
    let [passed, failed, ignored] = sums;
    let verdict = if failed == 0 && passed > 0 { "ok" } else { "FAILED" };
    format!(
        "test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored (all test binaries together)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_add_up() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                      test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured\n";
        assert_eq!(
            totals(output),
            "test result: FAILED. 5 passed; 1 failed; 1 ignored (all test binaries together)"
        );
        assert!(totals("").starts_with("test result: FAILED"), "no test at all is no success");
    }

    #[test]
    fn steps_are_chosen_by_the_beginning_of_their_name() {
        let arguments = Arguments { only: vec!["te".into()], skip: Vec::new() };
        assert!(arguments.wants("test") && !arguments.wants("docs"));
        let arguments = Arguments { only: Vec::new(), skip: vec!["docs".into()] };
        assert!(arguments.wants("test") && !arguments.wants("docs"));
    }

    #[test]
    fn every_feature_of_our_libraries_is_checked() {
        let metadata = serde_json::json!({"packages": [
            {"name": "sdmp-a", "source": null, "features": {"default": ["x"], "x": []}},
            {"name": "other", "source": "registry", "features": {"y": []}},
        ]});
        let sets = feature_sets(&metadata);
        assert_eq!(
            sets,
            [("sdmp-a".to_owned(), None), ("sdmp-a".to_owned(), Some("x".to_owned()))]
        );
    }
}
