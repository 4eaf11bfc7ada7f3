//! Runs the steps of a command, times them, and keeps their output quiet unless it matters.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// Not run, and why.
    Skipped(String),
}

/// A step that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) elapsed: Duration,
    /// Both streams together, as the step wrote them.
    pub(crate) output: String,
}

/// Starts a clock for a step.
pub(crate) fn clock() -> Instant {
    Instant::now()
}

/// Runs a command as a step. Lines for which `show` holds are printed as they come; everything is
/// printed when the step fails.
pub(crate) fn step(name: &str, command: &mut Command, show: fn(&str) -> bool) -> Report {
    println!("==> {name}");
    let started = clock();
    let (outcome, output) = match capture(command, show) {
        Ok((true, output)) => (Outcome::Passed, output),
        Ok((false, output)) => (Outcome::Failed, output),
        Err(error) => (Outcome::Failed, format!("{error:#}\n")),
    };
    finish(name, outcome, started.elapsed(), output)
}

/// Reports a step that was not a process of its own.
pub(crate) fn finish(name: &str, outcome: Outcome, elapsed: Duration, output: String) -> Report {
    match &outcome {
        Outcome::Passed => println!("    ok: {name}, {:.1} s", elapsed.as_secs_f64()),
        Outcome::Failed => {
            print!("{output}");
            println!("    FAILED: {name}, {:.1} s", elapsed.as_secs_f64());
        }
        Outcome::Skipped(why) => println!("    skipped: {name}: {why}"),
    }
    // A closed standard output is no reason to stop the steps.
    drop(std::io::stdout().flush());
    Report { name: name.to_owned(), outcome, elapsed, output }
}

/// Runs to the end; returns whether it succeeded and all that it wrote.
fn capture(command: &mut Command, show: fn(&str) -> bool) -> Result<(bool, String)> {
    let (reader, writer) = std::io::pipe().context("cannot open a pipe")?;
    let errors = writer.try_clone().context("cannot share a pipe")?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(errors)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    // The command holds our ends of the pipe; they must close for the reader to see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut output = String::new();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    while lines.by_ref().read_until(b'\n', &mut line).context("cannot read a step's output")? > 0 {
        let text = String::from_utf8_lossy(&line);
        if show(text.trim_end()) {
            println!("    {}", text.trim_end());
        }
        output.push_str(&text);
        line.clear();
    }
    Ok((child.wait().context("cannot wait for a step")?.success(), output))
}

/// Prints nothing while a step runs.
pub(crate) fn quiet(_: &str) -> bool {
    false
}

/// Whether a program answers to `--version`.
pub(crate) fn answers(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A step that cannot run here.
pub(crate) fn skipped(name: &str, why: &str) -> Vec<Report> {
    println!("==> {name}");
    vec![finish(name, Outcome::Skipped(why.to_owned()), Duration::ZERO, String::new())]
}

/// Prints each step with its time, and the time that passed in all.
pub(crate) fn summary(reports: &[Report], total: Duration) {
    println!("\nsummary");
    for report in reports {
        let word = match &report.outcome {
            Outcome::Passed => "ok".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        println!("  {:>7.1} s  {:<28} {word}", report.elapsed.as_secs_f64(), report.name);
    }
    println!("  {:>7.1} s  in all", total.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_keeps_both_streams() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let report = step("test", &mut command, quiet);
        assert_eq!(report.outcome, Outcome::Failed);
        assert!(report.output.contains("one") && report.output.contains("two"));
    }

    #[test]
    fn a_missing_program_fails() {
        let report = step("test", &mut Command::new("/nonexistent/program"), quiet);
        assert_eq!(report.outcome, Outcome::Failed);
        assert!(report.output.contains("cannot start"));
    }
}
