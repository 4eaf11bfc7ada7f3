//! Processes that are killed at named steps.

pub(crate) mod history;

use std::path::Path;
use std::process::Command;

const CHILD: &str = "SDMP_STORE_CHILD";

#[test]
fn a_store_whose_process_was_killed_at_any_step_goes_on() {
    let killed = history::run(50, child);
    assert!(killed > 25, "{killed}");
}

/// The process that is to be killed at a step.
pub(crate) fn child(directory: &Path, seed: u64, step: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::entry_of_the_killed_process", "--quiet"]);
    command.env(CHILD, format!("{seed} {step} {}", directory.display()));
    command
}

/// What the processes run; by itself it has nothing to do.
#[test]
fn entry_of_the_killed_process() {
    if let Ok(order) = std::env::var(CHILD) {
        history::child(&order);
    }
}
