//! What the program prints: it never delays the work, and never controls the terminal.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::common::{Machine, acquainted, expect, stderr, stdout};

/// Fills more than a pipe holds with refusals; then a trusted peer is served all the same.
#[test]
fn unread_output_does_not_stop_a_listener() {
    let (alice, bob) = acquainted();
    for more in [&[][..], &["--json"]] {
        // Neither stream is read after the address.
        let listening = bob.listen(&[&["-vv"], more].concat());
        for _ in 0..400 {
            let mut stranger = TcpStream::connect(&listening.address).unwrap();
            drop(stranger.write_all(b"nonsense"));
            drop(stranger.shutdown(std::net::Shutdown::Write));
            drop(stranger.read_to_end(&mut Vec::new()));
        }
        let connect = ["connect", &listening.address, "--peer", "bob"];
        expect(0, alice.run_with(&connect, b"hello\n"));
        let mut listening = listening;
        listening.child.kill().unwrap();
        listening.child.wait().unwrap();
    }
}

/// One line for a source, then the number of the others.
#[test]
fn refusals_of_one_source_are_counted() {
    let (_, bob) = acquainted();
    let listening = bob.listen(&["--json"]);
    for _ in 0..8 {
        let mut stranger = TcpStream::connect(&listening.address).unwrap();
        stranger.write_all(b"nonsense").unwrap();
        drop(stranger.read_to_end(&mut Vec::new()));
    }
    // The last refusal is reported a moment after it was sent.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let id = listening.child.id().to_string();
    assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
    let output = expect(0, listening.finish(b""));
    assert_eq!(stderr(&output).matches("refused a connection").count(), 1);
    assert!(stderr(&output).contains("refused 7 more connections from"), "{}", stderr(&output));
    assert_eq!(stdout(&output).matches("\"event\":\"rejected\"").count(), 2);
    assert!(stdout(&output).contains("\"more\":7"), "{}", stdout(&output));
}

/// Names of local files come from archives and downloads.
#[test]
fn names_of_files_are_escaped_in_every_message() {
    let (alice, _) = acquainted();
    let name = "x\u{1b}]0;title\u{7}\u{9b}31m\u{202e}";
    let file = alice.path().join(name);
    fs::write(&file, "{\"sdmp\":1}").unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        &["send", "127.0.0.1:1", "--peer", "bob", file][..],
        &["container", "check", file],
        &["container", "check", "one", file],
        &["container", "check", "--schema-dir", file],
        &["peer", "add", "x", file],
        &["key", "import", file, "--name", "x"],
        &["key", "import", file],
        &["sign", file, "--key", "alice"],
        &["verify", file],
        &["verify", "--identity", file],
        &["inspect", file],
        &["recv", "--out", file],
        &["man", file],
        &["--config", file, "key", "list"],
        &["--passphrase-file", file, "key", "new", "x"],
        &["connect", "127.0.0.1:1", "--peer", "bob", "--key-log", file, "--key", "none"],
        &[file],
    ] {
        let output = alice.run(arguments);
        let all = stdout(&output) + &stderr(&output);
        let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!all.contains(bad), "{arguments:?}: {all:?}");
    }
}

/// A schema's words are foreign too, and so are texts in JSON.
#[test]
fn foreign_text_in_reports_is_escaped() {
    let (alice, bob) = acquainted();
    let schemas = alice.path().join("schemas");
    let host = "A".repeat(86);
    fs::create_dir_all(schemas.join(&host)).unwrap();
    let schema = r#"{"type":"object","required":["\u001b]0;owned\u0007\u001b[2J"]}"#;
    fs::write(schemas.join(&host).join(format!("{host}.json")), schema).unwrap();
    let container =
        format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["sdmp://{host}/{host}"]}}}}"#);
    let check = ["container", "check", "--schema-dir", schemas.to_str().unwrap()];
    for more in [&[][..], &["--json"]] {
        let output = alice.run_with(&[&check[..], more].concat(), container.as_bytes());
        let all = stdout(&output) + &stderr(&output);
        assert!(all.contains("owned") && !all.contains('\u{1b}'), "{all:?}");
    }
    let listening = bob.listen(&["--once", "--json"]);
    let connect = ["connect", &listening.address, "--peer", "bob"];
    expect(0, alice.run_with(&connect, "a\u{7f}\u{9b}2J\u{202e}\n".as_bytes()));
    let output = expect(0, listening.finish(b""));
    assert!(
        stdout(&output).contains(r#""message":"a\u007f\u009b2J\u202e""#),
        "{}",
        stdout(&output)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_an_error() {
    for arguments in [&["--help"][..], &["--version"], &["help", "send"], &["schema", "list"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Machine::new().command(arguments).stdout(Stdio::from(full)).output().unwrap();
        assert!(stderr(&expect(1, output)).contains("cannot write to standard output"));
    }
}

/// With several peers, a line says whose it is.
#[test]
fn lines_of_several_peers_are_told_apart() {
    let (alice, bob) = acquainted();
    let carol = Machine::with_key("carol", "carol");
    carol.trust("bob", &bob, "bob");
    bob.trust("carol", &carol, "carol");
    let listening = bob.listen(&[]);
    for (machine, line) in [(&alice, "carol: one\n"), (&carol, "two\n")] {
        let connect = ["connect", &listening.address, "--peer", "bob"];
        expect(0, machine.run_with(&connect, line.as_bytes()));
    }
    let id = listening.child.id().to_string();
    assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
    let output = expect(0, listening.finish(b""));
    assert_eq!(stdout(&output), "alice: carol: one\ncarol: two\n");
}
