//! First contact: identities that are offered, fetched and compared, never trusted silently.

use std::io::Write;
use std::net::TcpListener;

use crate::common::{Machine, expect, stderr, stdout};

fn fingerprint(machine: &Machine, key: &str) -> String {
    let shown: serde_json::Value =
        serde_json::from_str(&machine.ok(&["key", "show", key, "--json"])).unwrap();
    shown["fingerprint"].as_str().unwrap().to_owned()
}

fn peers(machine: &Machine) -> Vec<serde_json::Value> {
    let listed = machine.ok(&["peer", "list", "--json"]);
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_offered_identity_is_fetched_but_not_trusted_silently() {
    let (alice, bob) = (Machine::with_key("alice", "alice"), Machine::with_key("bob", "bob"));
    let expected = fingerprint(&bob, "bob");
    let mut serving = bob.start(&["key", "serve", "127.0.0.1:0"]);
    let address = serving.address.clone();
    let fetch = ["peer", "add", "bob", "--fetch", &address];

    let output = expect(3, alice.run(&fetch));
    assert!(stderr(&output).contains("there is no terminal to compare"), "{}", stderr(&output));
    let words = bob.ok(&["key", "show", "bob", "--words"]);
    assert!(stderr(&output).contains(&words), "the words to compare");
    assert!(peers(&alice).is_empty());

    let other = fingerprint(&alice, "alice");
    let output = expect(3, alice.run(&[&fetch[..], &["--fingerprint", &other]].concat()));
    assert!(stderr(&output).contains("another fingerprint"));
    assert!(peers(&alice).is_empty());

    let trusted = alice.ok(&[&fetch[..], &["--fingerprint", &expected]].concat());
    assert_eq!(trusted, format!("{expected}\n"));
    assert!(peers(&alice)[0]["verified"].is_string());
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
}

#[test]
fn a_changed_key_is_refused_and_nothing_changes() {
    let (alice, bob) = (Machine::with_key("alice", "alice"), Machine::with_key("bob", "bob"));
    alice.trust("bob", &bob, "bob");
    let before = peers(&alice);
    let mallory = Machine::with_key("bob", "mallory");
    let serving = mallory.start(&["key", "serve", "127.0.0.1:0", "--once"]);
    let claimed = fingerprint(&mallory, "bob");
    let address = serving.address.clone();
    let output = expect(
        4,
        alice.run(&["peer", "add", "bob", "--fetch", &address, "--fingerprint", &claimed]),
    );
    expect(0, serving.finish(b""));
    assert!(stderr(&output).contains("sdmp peer remove bob"));
    assert_eq!(peers(&alice), before);
}

#[test]
fn what_is_no_identity_is_not_fetched() {
    let alice = Machine::with_key("alice", "alice");
    for offered in [&b"{}\n"[..], b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", &[b' '; 100_000]] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let offered = offered.to_vec();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Who has read enough goes.
            drop(stream.write_all(&offered));
        });
        let output = expect(6, alice.run(&["peer", "add", "bob", "--fetch", &address]));
        serving.join().unwrap();
        assert!(stderr(&output).contains("sdmp key serve"), "says what to do");
    }
    assert!(peers(&alice).is_empty());
}

#[test]
fn a_fingerprint_from_elsewhere_verifies() {
    let (alice, bob) = (Machine::with_key("alice", "alice"), Machine::with_key("bob", "bob"));
    alice.trust("bob", &bob, "bob");
    assert!(peers(&alice)[0]["verified"].is_null());
    assert_eq!(peers(&alice)[0]["expired"], false);
    // No terminal to ask on: both fingerprints are shown, and nothing is marked.
    let output = expect(3, alice.run(&["peer", "verify", "bob"]));
    for (machine, key) in [(&alice, "alice"), (&bob, "bob")] {
        assert!(stdout(&output).contains(&machine.ok(&["key", "show", key, "--words"])));
    }
    assert!(peers(&alice)[0]["verified"].is_null());
    let other = fingerprint(&alice, "alice");
    expect(3, alice.run(&["peer", "verify", "bob", "--fingerprint", &other]));
    assert!(peers(&alice)[0]["verified"].is_null());
    alice.ok(&["peer", "verify", "bob", "--fingerprint", &fingerprint(&bob, "bob")]);
    assert!(peers(&alice)[0]["verified"].is_string());
    assert!(alice.ok(&["peer", "list"]).contains(" verified "));
    // The mark belongs to the key, and goes with it.
    alice.ok(&["peer", "addr", "bob", "127.0.0.1:7"]);
    assert_eq!(peers(&alice)[0]["address"], "127.0.0.1:7");
    assert!(peers(&alice)[0]["verified"].is_string());
    alice.ok(&["peer", "remove", "bob"]);
    alice.trust("bob", &bob, "bob");
    assert!(peers(&alice)[0]["verified"].is_null());
    assert!(peers(&alice)[0]["address"].is_null());
}

/// An on-path attacker could prolong a key, or make a user of a node: the owner's signature is demanded.
#[test]
fn an_unsigned_identity_is_not_fetched() {
    let (alice, bob) = (Machine::with_key("alice", "alice"), Machine::with_key("bob", "bob"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let offered = bob.ok(&["key", "export", "bob"]);
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.write_all(offered.as_bytes()));
    });
    let known = fingerprint(&bob, "bob");
    let add = ["peer", "add", "bob", "--fetch", &address, "--fingerprint", &known];
    let output = expect(6, alice.run(&add));
    serving.join().unwrap();
    assert!(stderr(&output).contains("not signed by its own key"), "{}", stderr(&output));
    assert!(peers(&alice).is_empty());
}
