//! Whom a running listener serves: `peer add`, `peer remove` and `--peer` act on it.

use std::io::{BufRead, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{Machine, acquainted, expect, stderr};

#[test]
fn a_peer_that_is_added_or_removed_counts_at_once() {
    let (alice, bob) = acquainted();
    bob.ok(&["peer", "remove", "alice"]);
    let mut listening = bob.listen(&[]);
    let address = listening.address.clone();
    let connect = ["connect", &address, "--peer", "bob"];
    expect(5, alice.run_with(&connect, b"before\n"));

    bob.trust("alice", &alice, "alice");
    expect(0, alice.run_with(&connect, b"trusted\n"));

    // A session that is open ends with the trust.
    let mut open =
        alice.command(&connect).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    open.stdin.as_mut().unwrap().write_all(b"open\n").unwrap();
    let mut lines = std::io::BufReader::new(listening.child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "open\n" {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the listener ended");
        assert!(!line.contains("before"), "a refused peer delivered: {line}");
    }
    bob.ok(&["peer", "remove", "alice"]);
    let began = Instant::now();
    assert_eq!(open.wait().unwrap().code(), Some(7), "the session is cut");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    expect(5, alice.run_with(&connect, b"after\n"));
    listening.child.kill().unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("after"), "{rest}");
    listening.child.wait().unwrap();
}

#[test]
fn only_the_named_peers_are_served() {
    let (alice, bob) = acquainted();
    let carol = Machine::with_key("carol", "carol");
    carol.trust("bob", &bob, "bob");
    bob.trust("carol", &carol, "carol");
    for more in [&["--forward-to", "127.0.0.1:1"][..], &["--", "cat"], &[]] {
        let mut all = vec!["--peer", "carol"];
        all.extend(more);
        let mut listening = bob.listen(&all);
        let output = alice.run(&["connect", &listening.address, "--peer", "bob"]);
        let refused = expect(5, output);
        assert!(!stderr(&refused).contains("accepted"), "{}", stderr(&refused));
        listening.child.kill().unwrap();
        listening.child.wait().unwrap();
    }
    let listening = bob.listen(&["--once", "--peer", "carol"]);
    expect(0, carol.run(&["connect", &listening.address, "--peer", "bob"]));
    expect(0, listening.finish(b""));
    let output = expect(2, bob.run(&["listen", "127.0.0.1:0", "--peer", "nobody"]));
    assert!(stderr(&output).contains("there is no peer named nobody"));
}

#[test]
fn a_peer_has_a_limit_of_sessions() {
    let (alice, bob) = acquainted();
    let mut listening = bob.listen(&["--max-sessions-per-peer", "1"]);
    let connect = ["connect", &listening.address, "--peer", "bob"];
    let mut open =
        alice.command(&connect).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufReader::new(open.stderr.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(line.starts_with("accepted"), "{line}");
    let second = alice.run_with(&connect, b"one too many\n");
    assert!(!second.status.success(), "{}", stderr(&second));
    drop(open.stdin.take());
    assert!(open.wait().unwrap().success());
    listening.child.kill().unwrap();
    let mut told = String::new();
    listening.child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(!told.contains("one too many"), "{told}");
    listening.child.wait().unwrap();
}
