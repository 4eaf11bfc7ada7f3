//! Kills processes at named steps of a store, opens the stores again and checks them: 1,000 unless
//! another number is given. `cargo run --release -p sdmp-store --example kill`

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a trial that is wrong should stop"
)]

#[path = "../tests/kill/history.rs"]
mod history;

use std::process::Command;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runs = match (arguments.next().as_deref(), arguments.next()) {
        (Some("child"), Some(order)) => return history::child(&order),
        (runs, _) => runs.map_or(1_000, |runs| runs.parse().unwrap()),
    };
    let killed = history::run(runs, |directory, seed, step| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child", &format!("{seed} {step} {}", directory.display())]);
        command
    });
    println!("{killed} of {runs} processes were killed before their end; every store went on");
}
