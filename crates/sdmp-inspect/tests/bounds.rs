//! What a hostile file may cost: time and memory that are linear in it, and small.

use std::time::Duration;

use crate::common::{MESSAGE, creation, line, now, recording, render, sealed};
use sdmp_container::b64url;
use sdmp_handshake::KeyLog as _;
use sdmp_inspect::key_log::SessionKeys;
use sdmp_inspect::{Input, Keys, KnownIdentities, Report, inspect};

/// Memory that does not depend on the input.
const BASE: u64 = 8 << 20;

/// What is known of one object, however short: its checks, with their sentences.
const EACH_OBJECT: usize = 8 << 10;

/// What is known of one session, however short.
const EACH_SESSION: usize = 16 << 10;

/// Of the thread's own time, in an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(10);

/// The processor time of this thread: a busy machine does not make it longer.
#[cfg(unix)]
fn spent() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// Elsewhere only memory and output are measured.
#[cfg(not(unix))]
fn spent() -> Duration {
    Duration::ZERO
}

/// Inspects and renders an input; checks what that cost.
fn within_bounds(what: &str, input: &[u8], log: &SessionKeys) -> Report {
    let started = spent();
    let mut report = None;
    let mut rendered = 0;
    let used = allocation_counter::measure(|| {
        let keys = Keys::none().with_log(log);
        let told = inspect(&Input::new(input), &keys, &KnownIdentities::new(), now());
        rendered = render(&told);
        report = Some(told);
    });
    let took = spent() - started;
    let report = report.unwrap();
    // The reader stops at 20,000 objects and 4,096 sessions.
    let shown = report.steps().count() * EACH_OBJECT + report.sessions.len() * EACH_SESSION;
    let most = BASE + u64::try_from(64 * input.len() + shown).unwrap();
    println!("{what}: {} octets, {took:?}, at most {} octets", input.len(), used.bytes_max);
    assert!(used.bytes_max < most, "{what}: {} octets of memory", used.bytes_max);
    assert!(took < PATIENCE, "{what}: {took:?}");
    assert!(rendered < (1 << 20) + 64 * input.len() + shown, "{what}: {rendered} octets of output");
    report
}

/// A long name before many values is the longest: what it costs would grow with the square.
#[test]
fn hostile_containers_cost_little() {
    let none = SessionKeys::default();
    let long = "A".repeat(1 << 18);
    let name = "A".repeat(1 << 15);
    let zeros = "0,".repeat(1 << 15);
    let names: String = (0..4000).map(|n| format!("\"{n:08}\":{{}},")).collect();
    let deep = "[".repeat(1 << 16);
    for (what, text) in [
        ("a long name before many values", format!(r#"{{"{long}":[{zeros}0]}}"#)),
        ("long names inside each other", format!(r#"{{"{name}":{{"{name}":[{zeros}0]}}}}"#)),
        ("many members", format!("{{{names}\"z\":1}}")),
        ("deep", format!("{{\"a\":{deep}")),
        ("many empty objects", format!("{{\"a\":[{}0]}}", "{},".repeat(1 << 14))),
        ("escapes", format!(r#"{{"private_key":"{}"}}"#, r"\u0041".repeat(1 << 13))),
        ("one long text", format!(r#"{{"a":"{}"}}"#, "\u{202e}".repeat(1 << 14))),
        ("an object without an end", format!("{{\"a\":\"{name}{name}")),
    ] {
        within_bounds(what, text.as_bytes(), &none);
        // The same inside a container's header, and as what is signed.
        let payload = b64url::encode(text.as_bytes());
        let signed = format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["signature"]}},"signature":{{"identifier":"A","payload":"{payload}","signatures":[{{"protected":"{payload}","signature":"AA"}}]}}}}"#
        );
        within_bounds(&format!("{what}, signed"), signed.as_bytes(), &none);
    }
}

#[test]
fn hostile_recordings_cost_little() {
    let none = SessionKeys::default();
    let many = |count: u32, line: &dyn Fn(u32) -> String| (0..count).map(line).collect::<String>();
    let begin =
        r#"{"event":"session","session":"s","role":"initiator","format":9}"#.to_owned() + "\n";
    let name = "n".repeat(1 << 15);
    for (what, text) in [
        ("many small objects", many(1000, &|_| line("s", "initiator", "{}"))),
        ("many sessions", many(600, &|n| line(&n.to_string(), "initiator", "{}"))),
        ("one session begins again and again", begin.repeat(2000)),
        ("long names of sessions", many(8, &|n| line(&format!("{n}{name}"), "initiator", "{}"))),
        ("lines that are none", "{\"event\":\n".repeat(10_000)),
        ("session creation objects", line("s", "initiator", &creation()).repeat(50)),
        (
            "a long name in an object",
            line("s", "initiator", &format!(r#"{{"{name}":[{}0]}}"#, "0,".repeat(1 << 15))),
        ),
    ] {
        within_bounds(what, text.as_bytes(), &none);
    }
    let stream = "{}".repeat(2000);
    within_bounds("a stream of small objects", stream.as_bytes(), &none);
}

/// A key log of many sessions, none of them right.
fn foreign_log(sessions: u16) -> SessionKeys {
    let secrets = SessionKeys::default();
    for number in 0..sessions {
        let mut name = [0; 32];
        name[..2].copy_from_slice(&number.to_be_bytes());
        for label in ["HS_I2R", "HS_R2I", "AP_I2R", "AP_R2I"] {
            secrets.log(label, &name, &[9; 64]);
        }
    }
    secrets
}

/// The tries are those of the whole input: many sessions cost no more than one.
#[test]
fn keys_that_do_not_fit_are_tried_a_limited_number_of_times() {
    let secrets = foreign_log(3000);
    let object = sealed(1, 0, MESSAGE);
    // Without M1 a session has no name, so every key is tried.
    let sessions: String =
        (0..20).map(|n| line(&n.to_string(), "initiator", &object).repeat(2)).collect();
    let report = within_bounds("many sessions, many keys", sessions.as_bytes(), &secrets);
    let why = |session: usize| {
        let check = report.sessions[session].steps[1].checks.iter().find(|one| one.rule == "R35");
        check.unwrap().detail.clone().unwrap()
    };
    assert!(why(0).contains("does not hold the keys"), "{}", why(0));
    assert!(why(19).contains("not all keys were tried"), "{}", why(19));
    let (recording, _) = recording();
    let rest: String = recording.lines().skip(1).map(|line| format!("{line}\n")).collect();
    within_bounds("one long session, many keys", rest.repeat(3).as_bytes(), &secrets);
}

#[test]
fn a_hostile_key_log_costs_little() {
    let text = format!("HS_I2R {} {}\n", "0a".repeat(32), "b".repeat(1 << 18)).repeat(4)
        + &"x\n".repeat(1 << 16);
    let started = spent();
    let used = allocation_counter::measure(|| {
        let (secrets, notes) = SessionKeys::parse(text.as_bytes());
        assert!(secrets.is_empty() && notes.len() == 2);
    });
    assert!(used.bytes_max < 1 << 20 && spent() - started < PATIENCE);
}

/// Segments of one octet each, the first one missing; and a connection for every packet.
#[test]
fn hostile_captures_cost_little() {
    let none = SessionKeys::default();
    let header =
        [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    let packet = |port: u16, sequence: u32, data: &[u8]| -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend([8, 0, 0x45, 0]);
        frame.extend(u16::try_from(40 + data.len()).unwrap().to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend(port.to_be_bytes());
        frame.extend([0x1d, 0xf3]);
        frame.extend(sequence.to_be_bytes());
        frame.extend([0, 0, 0, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
        frame.extend(data);
        let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
        [&[0; 8][..], &length, &length, &frame].concat()
    };
    let file = |count: u32, packets: &dyn Fn(u32) -> Vec<u8>| {
        [&header[..], &(0..count).flat_map(packets).collect::<Vec<u8>>()].concat()
    };
    let gap = file(5000, &|n| packet(9, if n == 0 { 1 } else { n + 1 }, b"{"));
    within_bounds("a capture with a gap", &gap, &none);
    let small = file(500, &|n| packet(9, n * 2, b"{}"));
    let report = within_bounds("a capture of small objects", &small, &none);
    assert_eq!(report.sessions.len(), 1);
    let ports = file(300, &|n| packet(u16::try_from(n).unwrap(), 0, b"{}"));
    let report = within_bounds("a capture of many connections", &ports, &none);
    assert_eq!(report.sessions.len(), 300);
}
