//! SIGINT and SIGTERM end every command in every state, and say what was cut.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Machine, acquainted};

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// The exit code, and how long the program took.
fn ending(child: &mut Child, limit: Duration) -> (Option<i32>, Duration) {
    let began = Instant::now();
    while began.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("still running after {limit:?}");
}

/// A program whose streams are held open and not read.
fn start(machine: &Machine, arguments: &[&str]) -> Child {
    machine
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until a program that says nothing has had time to start.
fn ready() {
    std::thread::sleep(Duration::from_secs(2));
}

/// Two seconds of silence, and what a busy machine adds.
const SILENT: Duration = Duration::from_secs(10);

/// Commands that wait for something and have no session: one signal ends them at once. A listener
/// that no peer has called has done what it was asked.
#[test]
fn a_command_without_a_session_ends_at_once() {
    let (alice, bob) = acquainted();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = silent.local_addr().unwrap().to_string();
    let out = bob.path().join("in");
    let out = out.to_str().unwrap();
    let listen = ["listen", "127.0.0.1:0"];
    let cases: [(&Machine, Vec<&str>, [i32; 2]); 12] = [
        (&bob, listen.to_vec(), [0, 0]),
        (&bob, [&listen[..], &["--once"]].concat(), [0, 0]),
        (&bob, [&listen[..], &["--pipe"]].concat(), [0, 0]),
        (&bob, [&listen[..], &["--", "cat"]].concat(), [0, 0]),
        (&bob, vec!["recv", "127.0.0.1:0", "--out", out, "--once"], [0, 0]),
        (&bob, vec!["key", "serve", "127.0.0.1:0"], [0, 0]),
        (&alice, vec!["forward", "0", "127.0.0.1:1", "--peer", "bob"], [0, 0]),
        (&alice, vec!["connect", &nowhere, "--peer", "bob"], [130, 143]),
        (&alice, vec!["pipe", &nowhere, "--peer", "bob"], [130, 143]),
        (&alice, vec!["peer", "add", "carol", "--fetch", &nowhere], [130, 143]),
        (&alice, vec!["sign", "--key", "alice"], [130, 143]),
        (&alice, vec!["inspect"], [130, 143]),
    ];
    let mut running = Vec::new();
    for (machine, arguments, codes) in &cases {
        for (name, code) in [("-INT", codes[0]), ("-TERM", codes[1])] {
            let mut child = start(machine, arguments);
            if code == 0 {
                let mut errors = BufReader::new(child.stderr.take().unwrap());
                wait_for(&mut errors, "listening on |forwarding ");
                // Kept, for a closed pipe is another state.
                running.push((child, name, code, arguments, Some(errors)));
            } else {
                running.push((child, name, code, arguments, None));
            }
        }
    }
    ready();
    for (mut child, name, code, arguments, errors) in running {
        signal(&child, name);
        let (ended, _) = ending(&mut child, SILENT);
        assert_eq!(ended, Some(code), "{arguments:?} {name}");
        drop(errors);
    }
}

/// A session whose peer does nothing: cut after two seconds, or at once by the second signal.
#[test]
fn a_session_that_is_silent_is_cut() {
    let (alice, bob) = acquainted();
    let out = bob.path().join("in");
    let out = out.to_str().unwrap();
    let listen = ["listen", "127.0.0.1:0"];
    let cases = [
        ([&listen[..], &["--once"]].concat(), "connect"),
        (listen.to_vec(), "connect"),
        ([&listen[..], &["--pipe"]].concat(), "pipe"),
        ([&listen[..], &["--", "cat"]].concat(), "pipe"),
        (vec!["recv", "127.0.0.1:0", "--out", out, "--once"], "connect"),
    ];
    let cut = |arguments: &[&str], peer: &str, second: bool| {
        let mut listening = bob.start(arguments);
        let mut caller = start(&alice, &[peer, &listening.address, "--peer", "bob"]);
        wait_for(&mut listening.errors, "accepted");
        signal(&listening.child, "-INT");
        if second {
            std::thread::sleep(Duration::from_millis(200));
            signal(&listening.child, "-TERM");
        }
        let (code, took) = ending(&mut listening.child, SILENT);
        let expected = if second { [Some(143), Some(7)] } else { [Some(7), Some(7)] };
        assert!(expected.contains(&code), "{arguments:?}: {code:?} after {took:?}");
        caller.kill().unwrap();
        caller.wait().unwrap();
    };
    // Side by side: each takes two seconds in which nothing is done.
    std::thread::scope(|scope| {
        for (arguments, peer) in &cases {
            for second in [false, true] {
                let cut = &cut;
                scope.spawn(move || cut(arguments, peer, second));
            }
        }
    });
}

/// As many connections as are carried at once, and more, wait for a peer that never answers.
#[test]
fn a_full_tunnel_is_cut() {
    let (alice, _) = acquainted();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = silent.local_addr().unwrap().to_string();
    for second in [false, true] {
        let mut child = start(&alice, &["forward", "0", &nowhere, "--peer", "bob"]);
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let local = wait_for(&mut errors, "forwarding ");
        let local = local.split(' ').nth(1).unwrap().to_owned();
        let _clients: Vec<_> = (0..300).map(|_| TcpStream::connect(&local).unwrap()).collect();
        std::thread::sleep(Duration::from_millis(300));
        signal(&child, "-TERM");
        if second {
            std::thread::sleep(Duration::from_millis(100));
            signal(&child, "-INT");
        }
        let (code, took) = ending(&mut child, SILENT);
        assert_eq!(code, Some(if second { 130 } else { 7 }), "after {took:?}");
    }
}

fn wait_for(lines: &mut impl std::io::BufRead, what: &str) -> String {
    let mut line = String::new();
    while !what.split('|').any(|what| line.contains(what)) {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "no {what}");
    }
    line
}

/// A conversation whose peer answers ends with both closes: nothing was cut.
#[test]
fn a_signal_closes_a_conversation_properly() {
    let (alice, bob) = acquainted();
    let mut listening = bob.start(&["listen", "127.0.0.1:0"]);
    listening.child.stdin.take();
    let mut caller = start(&alice, &["connect", &listening.address, "--peer", "bob"]);
    wait_for(&mut listening.errors, "accepted");
    caller.stdin.as_mut().unwrap().write_all(b"hello\n").unwrap();
    ready();
    signal(&caller, "-INT");
    assert_eq!(ending(&mut caller, SILENT).0, Some(0));
    signal(&listening.child, "-TERM");
    assert_eq!(ending(&mut listening.child, SILENT).0, Some(0));
}

/// What moves has five seconds: a stream that ends within them is whole.
#[test]
fn a_stream_under_way_may_end() {
    let (alice, bob) = acquainted();
    let mut listening = bob.start(&["listen", "127.0.0.1:0", "--", "cat"]);
    let mut caller = start(&alice, &["pipe", &listening.address, "--peer", "bob"]);
    wait_for(&mut listening.errors, "accepted");
    signal(&listening.child, "-TERM");
    let mut input = caller.stdin.take().unwrap();
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(400));
        input.write_all(b"x").unwrap();
    }
    drop(input);
    let output = caller.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"xxxxxxxx"[..]));
    assert_eq!(ending(&mut listening.child, SILENT).0, Some(0));
}
