//! `sdmp demo`: what it prints is what was sent.

use crate::common::{Machine, expect, stderr, stdout};
use serde_json::Value;

const FAST: &[&str] = &["demo", "--bits", "2048", "--group", "ffdhe2048"];

fn events(more: &[&str]) -> Vec<Value> {
    let arguments = [FAST, &["--json"], more].concat();
    let output = expect(0, Machine::new().run(&arguments));
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_hardened_demo_shows_the_whole_session() {
    let events = events(&[]);
    assert_eq!(events[0]["event"], "start");
    let wire: Vec<_> = events.iter().filter(|event| event["event"] == "wire").collect();
    let names: Vec<_> = wire.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names[..8], ["M1", "M2", "M3", "M4", "FIN_R", "FIN_I", "message", "message"]);
    assert_eq!(names[8..], ["close", "close"]);
    for one in &wire {
        let text = one["wire"].as_str().unwrap();
        assert_eq!(one["octets"], text.len());
        serde_json::from_str::<Value>(text).unwrap();
        assert!(!one["checks"].as_array().unwrap().is_empty());
    }
    // What the message says is nowhere on the wire, and inside.
    let message = wire[6];
    assert!(!message["wire"].as_str().unwrap().contains("Hello"));
    assert!(message["inside"][0]["text"].as_str().unwrap().contains("Hello! Can you read this"));
    // R29: what M3 and M4 sign is octet by octet M1 and M2.
    for (proof, creation) in [(2, 0), (3, 1)] {
        assert_eq!(wire[proof]["inside"][2]["text"], wire[creation]["wire"]);
    }
    let summary = events.last().unwrap();
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["messages"], 10);
    let octets: u64 = wire.iter().map(|one| one["octets"].as_u64().unwrap()).sum();
    assert_eq!(summary["octets"], octets);
}

#[test]
fn the_published_demo_has_no_confirmation_and_warns() {
    let output = expect(0, Machine::new().run(&[FAST, &["--profile", "published"]].concat()));
    assert!(stderr(&output).contains("INSECURE"));
    let text = stdout(&output);
    assert!(text.contains("M4") && !text.contains("FIN_R"));
    let names: Vec<_> = events(&["--profile", "published"])
        .iter()
        .filter_map(|event| event["name"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(names, ["M1", "M2", "M3", "M4", "message", "message"]);
}

#[test]
fn the_text_is_plain_when_piped_and_shows_the_wire() {
    let text = stdout(&expect(0, Machine::new().run(FAST)));
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
    for part in
        ["1. M1: initiator -> responder", "who sees it:", "R31", "Summary", "two RSA keys", " ms"]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(text.lines().any(|line| line.len() > 10_000), "sealed objects stand there in full");
    let short = stdout(&expect(0, Machine::new().run(&[FAST, &["--short"]].concat())));
    assert!(short.lines().all(|line| line.len() < 1000));
}

#[test]
fn help_documents_the_exit_codes() {
    let help = stdout(&expect(0, Machine::new().run(&["--help"])));
    for code in
        ["  0  done", "  3  the peer", "  5  the handshake", "  7  the stream", "  8  a time limit"]
    {
        assert!(help.contains(code), "{code}");
    }
    let version = stdout(&expect(0, Machine::new().run(&["--version"])));
    assert!(version.starts_with("sdmp "));
}

/// A pipe has no colours anyway, so they are forced first.
#[test]
fn no_color_is_obeyed() {
    let machine = Machine::new();
    let coloured = |no_color: bool| {
        let mut command = machine.command(&["key", "show", "nobody"]);
        command.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        stderr(&command.output().unwrap()).contains('\u{1b}')
    };
    assert!(coloured(false));
    assert!(!coloured(true));
}

/// As in `sdmp demo | head -1`: who stops reading has seen enough, and needs no error.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut command = Machine::new().command(FAST);
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdout(writer).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    drop((reader, command));
    assert_eq!(stderr(&expect(1, child.wait_with_output().unwrap())), "");
}
