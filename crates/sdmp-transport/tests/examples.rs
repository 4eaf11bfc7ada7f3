//! Each carrier's example does what it says.

use std::process::{Command, Output};

use sdmp_testkit::examples::program;

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(program("sdmp-transport", name)).args(arguments).output().unwrap()
}

fn says(name: &str, text: &str) {
    let output = run(name, &[]);
    let (told, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{errors}");
    assert_eq!(told, format!("you said: {text}\n"));
}

#[test]
fn tcp() {
    says("tcp", "hello over TCP");
}

#[cfg(unix)]
#[test]
fn unix() {
    says("unix", "hello over a Unix socket");
}

#[test]
fn websocket() {
    says("websocket", "hello over WebSocket");
}

#[test]
fn stdio() {
    says("stdio", "hello to a child process");
}

#[test]
fn memory() {
    says("memory", "hello in memory");
}

#[cfg(unix)]
#[test]
fn files() {
    says("files", "hello over files");
}
