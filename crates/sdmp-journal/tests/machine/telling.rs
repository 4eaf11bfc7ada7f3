//! What peers are told, and when (N30, N33).

use std::sync::Arc;
use std::time::Duration;

use sdmp_journal::exchange::{Answered, Body, Lines, Response};
use sdmp_journal::sync::{Access, CloseReason, Input, Limits, Wish};
use sdmp_journal::{Kind, LineId};

use super::desk::{Desk, SESSION, bodies, broadcasts, fp, requests};

const SECOND: Duration = Duration::from_secs(1);

/// A peer that asks for this node's journal, and the lines that it gets.
fn asks(desk: &mut Desk, since: LineId) -> Vec<LineId> {
    let identifier = "asks".parse().unwrap();
    let wishes = desk.receive(SESSION, Body::RequestJournal { identifier, since, limit: 4_096 });
    let lines = bodies(&wishes).into_iter().find_map(|(_, body)| match &*body {
        Body::Response(Response { answered: Answered::Lines(lines), .. }) => Some(lines.clone()),
        _ => None,
    });
    lines.unwrap().entries.iter().map(|line| line.lid).collect()
}

#[test]
fn n30_a_session_begins_with_a_journal_request() {
    let mut desk = Desk::new(Limits::default());
    assert_eq!(requests(&desk.connect(2)).len(), 1);
}

#[test]
fn n30_the_peers_journal_request_says_what_it_has_so_a_lost_broadcast_comes_again() {
    let mut desk = Desk::new(Limits::default());
    desk.meet(2);
    let first = desk.guide.head.last();
    assert!(asks(&mut desk, first).is_empty());
    desk.append(1, Kind::Message);
    let told = desk.guide.head.last();
    assert_eq!(desk.machine.peer(&fp(2)).unwrap().sent, told, "it was broadcast");
    // The broadcast was lost with its session; the peer asks from where it is.
    desk.settle(Input::Closed { session: SESSION });
    desk.meet(2);
    assert_eq!(asks(&mut desk, first), [told]);
}

#[test]
fn n30_a_session_that_is_judged_otherwise_closes() {
    let mut desk = Desk::new(Limits::default());
    desk.meet(2);
    assert!(!closes(&desk.append(1, Kind::Trust)), "nothing has changed for it");
    desk.guide.access = Access::ControlOnly;
    assert!(closes(&desk.append(2, Kind::Trust)));
}

fn closes(wishes: &[Wish]) -> bool {
    wishes.iter().any(|wish| matches!(wish, Wish::Close { reason: CloseReason::Done, .. }))
}

/// How many milliseconds pass before a second line is told, after a first that was told at once.
fn second_line_after(kind: Kind, own: bool, signature: Duration) -> i64 {
    let mut desk = Desk::new(Limits::default());
    desk.machine.signature_took(signature);
    desk.guide.own = own;
    desk.meet(2);
    let head = desk.guide.head.last();
    asks(&mut desk, head);
    assert_eq!(broadcasts(&desk.append(1, Kind::Message)).len(), 1, "at once");
    assert!(broadcasts(&desk.append(2, kind)).is_empty());
    let began = desk.now;
    for _ in 0..600 {
        if !broadcasts(&desk.wait(SECOND / 4)).is_empty() {
            break;
        }
    }
    desk.now - began
}

#[test]
fn n33_lines_gather_a_second_for_own_nodes_and_control_and_30_seconds_for_the_rest() {
    let quick = Duration::from_millis(2);
    assert_eq!(second_line_after(Kind::Trust, false, quick), 1_000);
    assert_eq!(second_line_after(Kind::Message, true, quick), 1_000);
    assert_eq!(second_line_after(Kind::Message, false, quick), 30_000);
}

#[test]
fn n33_signing_that_takes_long_makes_lines_gather_longer() {
    assert_eq!(second_line_after(Kind::Trust, false, SECOND * 2), 20_000);
    assert_eq!(second_line_after(Kind::Message, false, SECOND * 4), 40_000);
}

#[test]
fn n33_one_signed_object_serves_all_peers_that_lack_the_same_lines() {
    let mut desk = Desk::new(Limits::default());
    desk.meet(2);
    desk.meet(3);
    let told = broadcasts(&desk.append(1, Kind::Message));
    assert_eq!(told.len(), 2);
    assert!(Arc::ptr_eq(&told[0], &told[1]));
}

#[test]
fn n33_a_line_is_told_once() {
    let mut desk = Desk::new(Limits::default());
    desk.meet(2);
    desk.append(1, Kind::Trust);
    desk.now += 10_000;
    let told = broadcasts(&desk.append(2, Kind::Trust));
    let [body] = told.as_slice() else { panic!("{told:?}") };
    let Body::Broadcast(Lines { since, entries }) = &**body else { unreachable!() };
    assert_eq!((*since, entries.len()), (desk.guide.lines[0].lid, 1));
}
