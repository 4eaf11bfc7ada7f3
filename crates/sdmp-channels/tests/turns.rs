//! Fairness, windows and memory.

use sdmp_channels::{Event, Fault, Limits, Machine, Outcome, Reason, Step, read};

use crate::{deliver, pair};

/// Reads all that is there; what came of the last attempt.
fn drain(machine: &mut Machine, id: u64) -> (usize, Result<Outcome, Fault>) {
    let (mut all, mut octets) = (0, vec![0; 10_000]);
    loop {
        match machine.read(id, &mut octets) {
            Ok(Outcome::Octets(read)) => all += read,
            other => return (all, other),
        }
    }
}

#[test]
fn a_channel_that_nobody_reads_stops_only_itself() {
    let (mut one, mut other) = pair(Limits::default());
    let slow = one.open("").unwrap().unwrap();
    let quick = one.open("").unwrap().unwrap();
    let (mut sent, mut got) = (0, 0);
    for _ in 0..200 {
        while let Ok(Outcome::Octets(octets)) = one.write(slow, &[1; 8192]) {
            sent += octets;
        }
        one.write(quick, &[2; 8192]).unwrap();
        deliver(&mut one, &mut other);
        got += drain(&mut other, quick).0;
        deliver(&mut other, &mut one);
    }
    assert_eq!(got, 200 * 8192);
    // One window there, and what may wait here.
    assert_eq!(sent, 32 * 1024 + 64 * 1024);
    assert_eq!(drain(&mut other, slow).0, 32 * 1024);
}

#[test]
fn channels_take_turns_and_short_steps_go_first() {
    let (mut one, mut other) = pair(Limits::default());
    let ids: Vec<_> = (0..8).map(|_| one.open("").unwrap().unwrap()).collect();
    deliver(&mut one, &mut other);
    for id in &ids {
        one.write(*id, &[1; 32 * 1024]).unwrap();
    }
    let late = one.open("").unwrap().unwrap();
    let first = read(&one.poll_message().unwrap().unwrap()).unwrap();
    assert_eq!(first[0].step, Step::Open(String::new()));
    assert_eq!(first[0].id, late);
    let shares: Vec<_> = first[1..].iter().map(|frame| frame.id).collect();
    assert_eq!(shares, ids[..shares.len()], "each in its turn");
    assert!(shares.len() >= 5);
}

#[test]
fn a_channel_alone_fills_a_message() {
    let (mut one, mut other) = pair(Limits::default());
    let id = one.open("").unwrap().unwrap();
    deliver(&mut one, &mut other);
    // The window grows while the reader keeps up.
    let mut largest = 0;
    for _ in 0..100 {
        while let Ok(Outcome::Octets(_)) = one.write(id, &[1; 65_536]) {}
        while let Some(message) = one.poll_message().unwrap() {
            largest = largest.max(message.text().len());
            other.handle(&message).unwrap();
        }
        let _: (usize, _) = drain(&mut other, id);
        deliver(&mut other, &mut one);
    }
    assert!(other.grown() > 0);
    assert!((65_536 - 40..=65_536).contains(&largest), "{largest}");
    one.release(id);
    deliver(&mut one, &mut other);
    other.release(id);
    deliver(&mut other, &mut one);
    assert_eq!(other.grown(), 0, "room that is given back");
}

#[test]
fn windows_grow_within_the_common_limit() {
    let limits = Limits::default().with_growth(100_000);
    let (mut one, mut other) = pair(limits);
    let ids: Vec<_> = (0..8).map(|_| one.open("").unwrap().unwrap()).collect();
    for _ in 0..50 {
        for id in &ids {
            while let Ok(Outcome::Octets(_)) = one.write(*id, &[1; 65_536]) {}
        }
        deliver(&mut one, &mut other);
        for id in &ids {
            let _: (usize, _) = drain(&mut other, *id);
        }
        deliver(&mut other, &mut one);
        assert!(other.grown() <= 100_000);
    }
    assert_eq!(other.grown(), 100_000);
}

#[test]
fn ends_and_resets_are_told_apart_to_the_last_octet() {
    for reset in [false, true] {
        let (mut one, mut other) = pair(Limits::default());
        let id = one.open("service").unwrap().unwrap();
        one.write(id, &[1; 30_000]).unwrap();
        deliver(&mut one, &mut other);
        if reset {
            one.reset(id, Reason::Aborted);
        } else {
            one.end(id).unwrap();
        }
        assert_eq!(one.is_sent(id).is_ok(), !reset);
        deliver(&mut one, &mut other);
        assert_eq!(other.poll_event(), Some(Event::Opened(id, "service".to_owned())));
        let last = if reset { Err(Fault::Reset(Reason::Aborted)) } else { Ok(Outcome::End) };
        assert_eq!(drain(&mut other, id), (30_000, last));
        // The other direction goes on after an end.
        assert_eq!(other.write(id, b"answer").is_ok(), !reset);
        deliver(&mut other, &mut one);
        assert_eq!(drain(&mut one, id).0, if reset { 0 } else { 6 });
    }
}

#[test]
fn this_side_waits_for_a_place_and_closes_when_all_have_ended() {
    let (mut one, mut other) = pair(Limits::default().with_opened_here(2));
    let first = one.open("").unwrap().unwrap();
    let second = one.open("").unwrap().unwrap();
    assert_eq!(one.open(""), Ok(None));
    deliver(&mut one, &mut other);
    one.release(first);
    deliver(&mut one, &mut other);
    other.release(first);
    deliver(&mut other, &mut one);
    assert!(std::iter::from_fn(|| one.poll_event()).any(|event| event == Event::Gone));
    assert!(one.open("").unwrap().is_some());
    one.close();
    assert_eq!(one.open(""), Err(Fault::Closing));
    assert!(!one.is_done());
    // The peer does not know yet: its channel is refused, not the session ended.
    let crossing = other.open("").unwrap().unwrap();
    deliver(&mut other, &mut one);
    deliver(&mut one, &mut other);
    assert_eq!(other.write(crossing, b"x"), Err(Fault::Reset(Reason::Closing)));
    one.fail(Fault::Cut);
    assert_eq!(drain(&mut one, second).1, Err(Fault::Cut));
}
