//! `sdmp listen` and `sdmp connect`: two real programs over loopback, and peers that misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::common::{Machine, acquainted, expect, stderr, stdout};

const CONNECT: [&str; 4] = ["--key", "alice", "--peer", "bob"];

fn connect<'a>(address: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["connect", address];
    all.extend(CONNECT);
    all.extend(more);
    all
}

#[test]
fn lines_become_messages_both_ways() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let client = std::thread::spawn(move || {
        alice.run_with(
            &connect(&address, &["--group", "ffdhe2048"]),
            "hello\nümläut → ✓\n".as_bytes(),
        )
    });
    let served = expect(0, listening.finish(b"welcome\n"));
    let client = expect(0, client.join().unwrap());
    assert_eq!(stdout(&served), "hello\nümläut → ✓\n");
    assert_eq!(stdout(&client), "welcome\n");
}

#[test]
fn events_are_json_lines() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--json"]);
    let address = listening.address.clone();
    let fingerprint = |machine: &Machine, key| {
        let shown: serde_json::Value =
            serde_json::from_str(&machine.ok(&["key", "show", key, "--json"])).unwrap();
        shown["fingerprint"].as_str().unwrap().to_owned()
    };
    let (alices, bobs) = (fingerprint(&alice, "alice"), fingerprint(&bob, "bob"));
    let client =
        std::thread::spawn(move || alice.run_with(&connect(&address, &["--json"]), b"one\ntwo\n"));
    let served = expect(0, listening.finish(b"three\n"));
    let client = expect(0, client.join().unwrap());
    let served = stdout(&served);
    let lines: Vec<_> = served.lines().collect();
    let accepted: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert!(lines[0].starts_with(&format!(r#"{{"event":"accepted","peer":"{alices}""#)));
    assert_eq!(accepted["name"], "alice");
    assert_eq!(
        lines[1..],
        [
            r#"{"event":"message","message":"one"}"#,
            r#"{"event":"message","message":"two"}"#,
            r#"{"event":"closed","clean":true}"#
        ]
    );
    let client = stdout(&client);
    let lines: Vec<_> = client.lines().collect();
    let also: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(also["peer"], bobs.as_str());
    assert_eq!(also["session"], accepted["session"], "R44");
    assert_eq!(
        lines[1..],
        [r#"{"event":"message","message":"three"}"#, r#"{"event":"closed","clean":true}"#]
    );
}

/// R30: exit 3 on the side that does not trust, 5 on the side that is refused; nothing delivered.
#[test]
fn an_untrusted_peer_delivers_nothing() {
    let (_, bob) = acquainted();
    let mallory = Machine::with_key("alice", "mallory");
    mallory.trust("bob", &bob, "bob");
    let listening = bob.listen(&["--key", "bob", "--once", "--json"]);
    let address = listening.address.clone();
    let client =
        std::thread::spawn(move || mallory.run_with(&connect(&address, &["--json"]), b"evil\n"));
    let served = expect(3, listening.finish(b"secret\n"));
    let client = expect(5, client.join().unwrap());
    assert_eq!(stdout(&served), "{\"event\":\"rejected\",\"code\":\"untrusted.unknown\"}\n");
    assert_eq!(stdout(&client), "{\"event\":\"rejected\",\"code\":\"rejected.sealed\"}\n");
    assert!(stderr(&served).contains("sdmp peer add"), "says what to do");
}

/// R30: the initiator accepts the pinned peer only.
#[test]
fn another_peer_than_the_asked_one_is_refused() {
    let (alice, _) = acquainted();
    let carol = Machine::with_key("bob", "carol");
    carol.trust("alice", &alice, "alice");
    let listening = carol.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let client =
        std::thread::spawn(move || alice.run_with(&connect(&address, &["--json"]), b"secret\n"));
    let served = listening.finish(b"");
    let client = expect(4, client.join().unwrap());
    assert!(stderr(&client).contains("its key is new"), "says what to do");
    assert_eq!(served.status.code(), Some(5));
    assert_eq!(stdout(&served), "");
    assert_eq!(stdout(&client), "{\"event\":\"rejected\",\"code\":\"untrusted.not_pinned\"}\n");
}

/// Passes the connection on, and cuts it after so many octets from the initiator.
fn cutting_relay(to: String, allowed: usize) -> String {
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut client, _) = relay.accept().unwrap();
        let mut server = TcpStream::connect(to).unwrap();
        let (mut from_server, mut to_client) =
            (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
        let mut passed = 0;
        let mut buffer = [0; 1024];
        while passed < allowed {
            let wanted = buffer.len().min(allowed - passed);
            let read = client.read(&mut buffer[..wanted]).unwrap();
            server.write_all(&buffer[..read]).unwrap();
            passed += read;
        }
        std::thread::sleep(Duration::from_millis(300));
        drop(client.shutdown(std::net::Shutdown::Both));
        drop(server.shutdown(std::net::Shutdown::Both));
    });
    address
}

/// R41: M1 (1,113 octets and LF with ffdhe3072), M3, FIN_I and one message pass; then the cut.
#[test]
fn a_cut_stream_is_no_clean_end() {
    const PASSED: usize = 1114 + 3 * 11_114;
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--json"]);
    let address = cutting_relay(listening.address.clone(), PASSED);
    let mut client = alice
        .command(&connect(&address, &["--json"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    input.write_all(b"got through\n").unwrap();
    let client_ended = client.wait_with_output().unwrap();
    drop(input);
    let served = expect(7, listening.finish(b""));
    let served = stdout(&served);
    let lines: Vec<_> = served.lines().collect();
    assert_eq!(lines[1], r#"{"event":"message","message":"got through"}"#);
    assert_eq!(lines[2], r#"{"event":"closed","clean":false,"code":"truncated"}"#);
    assert_eq!(lines.len(), 3);
    expect(7, client_ended);
}

/// What the listener prints and how it ends when a peer sends this.
fn after(sent: &[u8]) -> (std::process::Output, Vec<u8>) {
    let (_, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--json"]);
    let mut stream = TcpStream::connect(&listening.address).unwrap();
    // The listener may refuse before it has read everything.
    drop(stream.write_all(sent));
    drop(stream.shutdown(std::net::Shutdown::Write));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    (listening.finish(b"secret\n"), answer)
}

/// R37, R42: each of these is refused in plaintext, and nothing is printed as received.
#[test]
fn malformed_peers_are_refused() {
    let deep = "[".repeat(5000);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5000));
    let group = r#"{"sdmp":{"version":"0.12.0","schemas":["shared_key"]},"connection":{"g":2,"p":"_w","N":"Ag"}}"#;
    let message = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"let me in"}"#;
    let twice =
        r#"{"sdmp":{"version":"0.12.0","schemas":["shared_key"]},"sdmp":{},"connection":{}}"#;
    for sent in
        ["GET / HTTP/1.1\r\n\r\n", "\u{0}\u{1}\u{2}", "{}", group, message, twice, &deep, &long]
    {
        let (output, answer) = after(sent.as_bytes());
        let code = output.status.code();
        assert_eq!(code, Some(5), "{sent:.40}: {}", stderr(&output));
        let events = stdout(&output);
        assert!(events.starts_with("{\"event\":\"rejected\",\"code\":\""), "{sent:.40}: {events}");
        assert_eq!(events.lines().count(), 1);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains("\"status\":\"bad_request\""), "{sent:.40}: {answer}");
    }
}

#[test]
fn a_peer_that_leaves_at_once_had_no_session() {
    let (output, answer) = after(b"");
    let output = expect(5, output);
    assert!(stderr(&output).contains("before there was a session"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "{\"event\":\"rejected\",\"code\":\"session.none\"}\n");
    assert!(answer.is_empty());
}

/// R42: 5 s to M1, dropped in silence.
#[test]
fn a_silent_peer_times_out() {
    let (_, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--json"]);
    let mut stream = TcpStream::connect(&listening.address).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
    let output = expect(8, listening.finish(b""));
    assert_eq!(stdout(&output), "{\"event\":\"rejected\",\"code\":\"timeout.first_message\"}\n");
}

/// R42: 10 s for the whole handshake, on the initiator's side too.
#[test]
fn a_silent_listener_times_out() {
    let (alice, _) = acquainted();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let output = expect(8, alice.run(&connect(&address, &["--json"])));
    assert_eq!(stdout(&output), "{\"event\":\"rejected\",\"code\":\"timeout.handshake\"}\n");
}

#[test]
fn without_once_the_listener_outlives_bad_peers_and_serves_several() {
    let (alice, bob) = acquainted();
    let mut listening = bob.listen(&["--key", "bob", "--json"]);
    drop(TcpStream::connect(&listening.address).unwrap());
    for round in ["one\n", "two\n"] {
        let address = listening.address.clone();
        expect(0, alice.run_with(&connect(&address, &[]), round.as_bytes()));
    }
    terminate(&listening.child);
    let mut events = String::new();
    listening.child.stdout.take().unwrap().read_to_string(&mut events).unwrap();
    assert_eq!(listening.child.wait().unwrap().code(), Some(0));
    assert_eq!(events.matches("\"event\":\"accepted\"").count(), 2);
    assert_eq!(events.matches("\"event\":\"closed\",\"clean\":true").count(), 2);
    assert!(events.contains("\"message\":\"one\"") && events.contains("\"message\":\"two\""));
    assert!(events.contains("{\"event\":\"rejected\",\"code\":\"session.none\"}"));
}

fn terminate(child: &std::process::Child) {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
}

#[test]
fn the_published_profile_works_and_warns() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--profile", "published", "--json"]);
    let address = listening.address.clone();
    let client = std::thread::spawn(move || {
        alice.run_with(&connect(&address, &["--profile", "published"]), b"hello\n")
    });
    let served = expect(0, listening.finish(b"welcome\n"));
    let client = expect(0, client.join().unwrap());
    assert_eq!(stdout(&client), "welcome\n");
    assert!(stderr(&client).contains("warning: the published profile is INSECURE"));
    let events = stdout(&served);
    assert!(events.contains(r#"{"event":"message","message":"hello"}"#));
    assert!(events.contains(r#"{"event":"closed","clean":false}"#), "R41: unauthenticated");
}

/// R44: what two different profiles look like.
#[test]
fn two_profiles_refuse_each_other() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let client = std::thread::spawn(move || {
        alice.run_with(&connect(&address, &["--profile", "published"]), b"hello\n")
    });
    let served = expect(5, listening.finish(b"welcome\n"));
    let client = expect(5, client.join().unwrap());
    assert_eq!((stdout(&served), stdout(&client)), (String::new(), String::new()));
}

/// R23: a group over the limit is refused; a higher limit lets it in.
#[test]
fn groups_are_limited() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--max-group-bits", "2048"]);
    let address = listening.address.clone();
    let refused = expect(5, alice.run_with(&connect(&address, &["--group", "ffdhe3072"]), b""));
    assert_eq!(stdout(&refused), "");
    let served = expect(5, listening.finish(b""));
    assert!(stderr(&served).contains("R23"), "{}", stderr(&served));

    let listening = bob.listen(&["--key", "bob", "--once", "--max-group-bits", "6144"]);
    let address = listening.address.clone();
    expect(0, alice.run_with(&connect(&address, &["--group", "ffdhe6144"]), b""));
    expect(0, listening.finish(b""));
}

#[test]
fn the_terminal_is_out_of_the_peers_reach() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    expect(0, alice.run_with(&connect(&address, &[]), b"\x1b[2Jgone\n"));
    let served = expect(0, listening.finish(b""));
    assert_eq!(stdout(&served), "\\u{1b}[2Jgone\n");
}

#[test]
fn input_that_is_no_text_is_not_sent() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let client = expect(2, alice.run_with(&connect(&address, &[]), b"fine\n\xff\xfe\n"));
    assert!(stderr(&client).contains("line 2 of standard input is not UTF-8"));
    let served = expect(7, listening.finish(b""));
    assert_eq!(stdout(&served), "fine\n");
}

#[test]
fn addresses_that_do_not_work_say_so() {
    let (alice, bob) = acquainted();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = expect(1, bob.run(&["listen", &address, "--key", "bob"]));
    assert!(stderr(&output).contains(&format!("cannot listen on {address}")));
    drop(taken);
    let output = expect(1, alice.run(&connect(&address, &[])));
    assert!(stderr(&output).contains("cannot connect to "));
    let output = expect(2, alice.run(&connect("nonsense", &[])));
    assert!(stderr(&output).contains("HOST:PORT"));
}

/// Starts a listener elsewhere than on TCP, and waits until it is open.
fn listen_at(bob: &Machine, address: &str) -> (std::process::Child, String) {
    let mut child = bob
        .command(&["listen", address, "--key", "bob", "--once"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    // Its later words are not needed, but they must be read.
    std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    (child, address)
}

#[test]
fn every_kind_of_address_carries_a_session() {
    let (alice, bob) = acquainted();
    let folder = tempfile::tempdir().unwrap();
    let mailbox = format!("files:{}", folder.path().display());
    let mut addresses =
        vec!["tcp:127.0.0.1:0".to_owned(), "ws://127.0.0.1:0/sdmp".to_owned(), mailbox];
    if cfg!(unix) {
        addresses.push(format!("unix:{}/socket", bob.path().display()));
    }
    for address in addresses {
        let (child, address) = listen_at(&bob, &address);
        expect(0, alice.run_with(&connect(&address, &[]), b"hello\n"));
        let served = expect(0, child.wait_with_output().unwrap());
        assert_eq!(stdout(&served), "hello\n", "{address}");
    }
}

/// Two programs joined by pipes: their standard output carries the session, and nothing else.
#[test]
fn standard_input_and_output_carry_a_session() {
    let (alice, bob) = acquainted();
    let start = |machine: &Machine, arguments: &[&str]| {
        machine
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut one = start(&bob, &["listen", "stdio", "--key", "bob", "--json"]);
    let mut other =
        start(&alice, &["connect", "stdio", "--key", "alice", "--peer", "bob", "--json"]);
    let (mut from_one, mut to_one) = (one.stdout.take().unwrap(), one.stdin.take().unwrap());
    let (mut from_other, mut to_other) =
        (other.stdout.take().unwrap(), other.stdin.take().unwrap());
    let there = std::thread::spawn(move || std::io::copy(&mut from_one, &mut to_other));
    let back = std::thread::spawn(move || std::io::copy(&mut from_other, &mut to_one));
    // Neither has lines to send: the connecting side closes, and the other follows.
    let (one, other) = (one.wait_with_output().unwrap(), other.wait_with_output().unwrap());
    for output in [one, other] {
        let events = stderr(&expect(0, output));
        assert!(events.contains("\"event\":\"accepted\""), "{events}");
        assert!(events.contains("{\"event\":\"closed\",\"clean\":true}"), "{events}");
    }
    drop((there.join().unwrap(), back.join().unwrap()));
}

#[test]
fn secrets_are_logged_on_request_with_a_warning_and_for_the_owner_alone() {
    let (alice, bob) = acquainted();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys");
    let listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let name = file.to_str().unwrap().to_owned();
    let client = std::thread::spawn(move || {
        alice.run_with(&connect(&address, &["--group", "ffdhe2048", "--key-log", &name]), b"")
    });
    expect(0, listening.finish(b""));
    let client = expect(0, client.join().unwrap());
    assert!(stderr(&client).contains("warning: the secrets of this session go to"));
    let log = std::fs::read_to_string(&file).unwrap();
    let labels: Vec<_> = log.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(labels, ["HS_I2R", "HS_R2I", "AP_I2R", "AP_R2I", "EXPORTER", "SESSION_ID"]);
    assert!(log.lines().all(|line| line.split(' ').nth(1).unwrap().len() == 64));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// Half-close: what a program still writes after the peer's end is sent, however slowly.
#[test]
fn slow_lines_after_the_peers_end_arrive() {
    // Longer than a person's next line is waited for after the peer's end.
    let pause = || std::thread::sleep(Duration::from_millis(1300));
    // At the connecting side.
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let mut client = alice
        .command(&connect(&address, &[]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let served = std::thread::spawn(move || listening.finish(b"welcome\n"));
    let mut input = client.stdin.take().unwrap();
    for line in ["one\n", "two\n", "three\n"] {
        input.write_all(line.as_bytes()).unwrap();
        pause();
    }
    drop(input);
    expect(0, client.wait_with_output().unwrap());
    assert_eq!(stdout(&expect(0, served.join().unwrap())), "one\ntwo\nthree\n");

    // At the listening side, which is called by a program that only receives.
    let mut listening = bob.listen(&["--key", "bob", "--once"]);
    let address = listening.address.clone();
    let client = std::thread::spawn(move || alice.run(&connect(&address, &[])));
    pause();
    listening.child.stdin.as_mut().unwrap().write_all(b"one\n").unwrap();
    pause();
    expect(0, listening.finish(b"two\n"));
    assert_eq!(stdout(&expect(0, client.join().unwrap())), "one\ntwo\n");
}

/// A peer that has not ended and sends nothing is cut after the time that was asked for.
#[test]
fn the_silence_limit_can_be_chosen() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--once", "--silence-limit", "1"]);
    let mut client = alice
        .command(&connect(&listening.address, &[]))
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    expect(8, listening.child.wait_with_output().unwrap());
    assert_eq!(client.wait().unwrap().code(), Some(7));
}

/// Also while a program that has spoken, and then says nothing for ever, is waited for: nothing else
/// would tell that the session is over.
#[test]
fn the_silence_limit_ends_a_wait_for_input_that_never_ends() {
    let (alice, bob) = acquainted();
    let mut listening = bob.listen(&["--once", "--silence-limit", "1"]);
    let mut input = listening.child.stdin.take().unwrap();
    input.write_all(b"one\n").unwrap();
    let client = alice.run(&connect(&listening.address, &["--silence-limit", "9"]));
    assert_eq!((client.status.code(), stdout(&client)), (Some(7), "one\n".to_owned()));
    expect(8, listening.child.wait_with_output().unwrap());

    // The same for octets.
    let mut listening = bob.listen(&["--pipe", "--silence-limit", "1"]);
    let _input = listening.child.stdin.take().unwrap();
    let pipe = ["pipe", &listening.address, "--peer", "bob"];
    assert_eq!(alice.run_with(&pipe, b"x").status.code(), Some(7));
    expect(8, listening.child.wait_with_output().unwrap());
}

/// A peer that takes nothing is cut after the time that was asked for (R42).
#[test]
fn the_stall_limit_can_be_chosen() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--key", "bob", "--pipe"]);
    let address = listening.address.clone();
    let client = alice
        .command(&[
            "pipe",
            &address,
            "--peer",
            "bob",
            "--stall-limit",
            "1",
            "--",
            "cat",
            "/dev/zero",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nothing reads the listener's standard output.
    expect(8, client.wait_with_output().unwrap());
    let mut child = listening.child;
    child.kill().unwrap();
    child.wait().unwrap();
}
