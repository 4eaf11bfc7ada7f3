//! `sdmp pipe`, `sdmp forward` and their counterparts: octets through real programs over loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Stdio};

use crate::common::{Machine, acquainted, expect, stderr};

fn octets(length: u32) -> Vec<u8> {
    (0..length).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

#[test]
fn standard_input_and_output_are_carried_both_ways() {
    let (alice, bob) = acquainted();
    let mut listening = bob.listen(&["--pipe"]);
    let address = listening.address.clone();
    // More than a pipe holds: one side has to read while the other end is still written to.
    let mut out = listening.child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut all = Vec::new();
        out.read_to_end(&mut all).unwrap();
        all
    });
    let (there, back) = (octets(3_000_000), octets(1_000_001));
    let expected = there.clone();
    let client =
        std::thread::spawn(move || alice.run_with(&["pipe", &address, "--peer", "bob"], &there));
    expect(0, listening.finish(&back));
    let client = expect(0, client.join().unwrap());
    assert!(reading.join().unwrap() == expected);
    assert!(client.stdout == back);
}

#[cfg(unix)]
#[test]
fn commands_are_carried_on_either_side() {
    let (alice, bob) = acquainted();
    let listening =
        bob.listen(&["--once", "--", "sh", "-c", "echo \"for $SDMP_PEER\"; tr a-z A-Z"]);
    let address = listening.address.clone();
    let output = expect(0, alice.run_with(&["pipe", &address, "--peer", "bob"], b"hello\n"));
    expect(0, listening.finish(b""));
    assert_eq!(output.stdout, b"for alice\nHELLO\n");

    let listening = bob.listen(&["--pipe"]);
    let address = listening.address.clone();
    let client = std::thread::spawn(move || {
        alice.run(&["pipe", &address, "--peer", "bob", "--", "sh", "-c", "cat; exit 3"])
    });
    let served = expect(0, listening.finish(b"to and fro"));
    assert_eq!(served.stdout, b"to and fro");
    let client = expect(1, client.join().unwrap());
    assert!(stderr(&client).contains("sh failed: exit status: 3"));
}

#[test]
fn a_stream_and_a_conversation_do_not_mix() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--pipe"]);
    let address = listening.address.clone();
    alice.run_with(&["connect", &address, "--peer", "bob"], b"hello\n");
    let served = expect(6, listening.finish(b""));
    assert_eq!(served.stdout, b"");
    assert!(stderr(&served).contains("other than a stream of octets"));

    // The other way round, with an input that does not end: neither side waits for it.
    let mut listening = bob.listen(&["--once"]);
    let input = listening.child.stdin.take();
    let mut client = alice
        .command(&["pipe", &listening.address, "--peer", "bob"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    client.stdin.as_mut().unwrap().write_all(b"hello").unwrap();
    assert_eq!(client.wait().unwrap().code(), Some(7));
    assert_eq!(listening.child.wait().unwrap().code(), Some(6));
    drop(input);
}

/// Starts `sdmp forward` on a free port and waits until it is open.
fn forward(alice: &Machine, to: &str) -> (Child, String) {
    let mut child = alice
        .command(&["forward", "0", to, "--peer", "bob"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    let local = line.strip_prefix("forwarding ").unwrap().split(' ').next().unwrap().to_owned();
    std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    (child, local)
}

/// A service that answers with what it got, once that has ended.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut all = Vec::new();
                stream.read_to_end(&mut all).unwrap();
                stream.write_all(&all).unwrap();
            });
        }
    });
    address
}

#[test]
fn connections_are_forwarded_through_one_session() {
    let (alice, bob) = acquainted();
    let mut listening = bob.listen(&["--forward-to", &echo()]);
    let (mut forwarding, local) = forward(&alice, &listening.address);
    let clients: Vec<_> = (1..=4)
        .map(|number| {
            let mut stream = TcpStream::connect(&local).unwrap();
            std::thread::spawn(move || {
                let sent = octets(number * 200_000);
                stream.write_all(&sent).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
                let mut back = Vec::new();
                stream.read_to_end(&mut back).unwrap();
                assert!(back == sent);
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    forwarding.kill().unwrap();
    forwarding.wait().unwrap();
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
}

/// The service is not there: the connection ends, and the others are served all the same.
#[test]
fn a_service_that_is_not_there_ends_the_connection() {
    let (alice, bob) = acquainted();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut listening = bob.listen(&["--forward-to", &nobody]);
    let (mut forwarding, local) = forward(&alice, &listening.address);
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&local).unwrap();
        // An end or a reset: either way nothing came.
        assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
    }
    assert!(forwarding.try_wait().unwrap().is_none());
    forwarding.kill().unwrap();
    forwarding.wait().unwrap();
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn the_outcome_of_a_command_is_known_on_both_sides() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--once", "--", "sh", "-c", "echo answer; exit 3"]);
    let big = octets(3_000_000);
    let output = alice.run_with(&["pipe", &listening.address, "--peer", "bob"], &big);
    let output = expect(1, output);
    assert_eq!(output.stdout, b"answer\n");
    assert!(stderr(&output).contains("the command of bob failed: exit status 3"));
    let listener = expect(1, listening.finish(b""));
    assert!(stderr(&listener).contains("sh failed: exit status: 3"));
}

/// What says where secrets are is no business of a command that peers talk with.
#[cfg(unix)]
#[test]
fn a_command_does_not_inherit_where_secrets_are() {
    let (alice, bob) = acquainted();
    let listening = bob.listen(&["--once", "--", "env"]);
    let output = alice.run_with(&["pipe", &listening.address, "--peer", "bob"], b"");
    let output = String::from_utf8(expect(0, output).stdout).unwrap();
    expect(0, listening.finish(b""));
    assert!(output.contains("SDMP_PEER=alice"), "{output}");
    assert!(!output.contains("SDMP_DATA"), "{output}");
}

/// What comes back over a new connection, or why there is none.
fn asked(at: &str, octets: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(octets)?;
    stream.shutdown(Shutdown::Write)?;
    let mut back = Vec::new();
    stream.read_to_end(&mut back)?;
    Ok(back)
}

/// Tries until it works, as long as a test may take.
fn answered(at: &str) {
    for _ in 0..300 {
        if asked(at, b"hello").is_ok_and(|back| back == b"hello") {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("no answer at {at}");
}

/// `-R` goes on when the peer was away: dials that fail meanwhile do not end it.
#[test]
fn a_port_of_the_peer_comes_back_with_the_peer() {
    let (alice, bob) = acquainted();
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = free().port().to_string();
    let at = format!("127.0.0.1:{port}");
    let mut listening = bob.listen(&["--allow-port", &port]);
    let place = listening.address.clone();
    let mut exposing = alice
        .command(&["forward", "-R", &port, &place, "--peer", "bob", "--to", &echo()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    answered(&at);
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
    // Long enough for a dial that finds nothing there.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(exposing.try_wait().unwrap().is_none(), "it goes on");
    let mut listening = bob.start(&["listen", &place, "--allow-port", &port]);
    answered(&at);
    exposing.kill().unwrap();
    exposing.wait().unwrap();
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();

    // A port that is not allowed ends it at once.
    let mut listening = bob.listen(&["--allow-port", "1"]);
    let all = ["forward", "-R", &port, &listening.address, "--peer", "bob", "--to", "127.0.0.1:1"];
    let refused = alice.run(&all);
    assert!(!refused.status.success());
    assert!(stderr(&refused).contains("does not allow this"), "{}", stderr(&refused));
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
}

/// `--socks`: a client names a destination, which the peer allows, or is told that it does not.
#[test]
fn socks_clients_are_served_by_the_program() {
    let (alice, bob) = acquainted();
    let service = echo();
    let mut listening = bob.listen(&["--allow", &service]);
    let to = ["forward", "--socks", "0", &listening.address, "--peer", "bob"];
    let mut child = alice.command(&to).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    let local = line.strip_prefix("forwarding ").unwrap().split(' ').next().unwrap().to_owned();
    std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    let port: u16 = service.rsplit(':').next().unwrap().parse().unwrap();
    for (port, reply) in [(port, 0), (port ^ 1, 2)] {
        let mut stream = TcpStream::connect(&local).unwrap();
        stream.write_all(&[5, 1, 0]).unwrap();
        let mut method = [0; 2];
        stream.read_exact(&mut method).unwrap();
        assert_eq!(method, [5, 0]);
        stream.write_all(&[5, 1, 0, 1, 127, 0, 0, 1]).unwrap();
        stream.write_all(&port.to_be_bytes()).unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer[1], reply);
        if reply == 0 {
            stream.write_all(b"through").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut back = Vec::new();
            stream.read_to_end(&mut back).unwrap();
            assert_eq!(back, b"through");
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
}
