//! Wants and what becomes of them (N7, N19, N31, N32, N37).

use std::time::Duration;

use sdmp_container::Message;
use sdmp_journal::exchange::{Answered, Given};
use sdmp_journal::sync::{CloseReason, Input, Limits, Next, Outcome, Wish};
use sdmp_journal::{Code, Kind, Resource};

use super::desk::{ALL, Desk, NAME_ONLY, SESSION, asked, fp, id, name};
use crate::common::{Key, at};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// A desk whose peer 2 said that it does not have resource 1.
fn not_found() -> Desk {
    let mut desk = Desk::new(Limits::default());
    desk.meet(2);
    let wishes = desk.hear(2, &[name(ALL, 1)]);
    let (session, request, names) = asked(&wishes).remove(0);
    assert_eq!(names, [name(ALL, 1)]);
    assert!(asked(&desk.answer(session, request, Answered::not_found())).is_empty());
    desk
}

#[test]
fn n31_a_want_has_a_next_action_until_it_is_known_or_its_author_is_not_collected() {
    let mut desk = not_found();
    assert_eq!(desk.next(&name(ALL, 1)), Some(Next::Due(at(6 * 3_600_000))));
    desk.append(1, Kind::Message);
    assert_eq!(desk.next(&name(ALL, 1)), None, "it is known");

    let mut desk = not_found();
    desk.guide.collected.users.clear();
    desk.append(2, Kind::Revoke);
    assert_eq!(desk.next(&name(ALL, 1)), None, "nothing of its author is collected");
}

#[test]
fn n31_new_control_of_its_author_makes_a_want_due_and_other_content_does_not() {
    let mut desk = not_found();
    assert!(asked(&desk.append(2, Kind::Message)).is_empty());
    assert_eq!(asked(&desk.append(3, Kind::Trust)).len(), 1);
}

#[test]
fn n31_a_new_holder_makes_a_want_due() {
    let mut desk = not_found();
    desk.meet(3);
    let wishes = desk.hear(3, &[name(ALL, 1)]);
    let sessions: Vec<u64> = asked(&wishes).iter().map(|(session, ..)| session.0).collect();
    assert_eq!(sessions, [2], "the new holder is asked, and not the one that lacks it");
}

/// A trust that was renewed comes from a third node first: the holder did not know it yet when it
/// was asked. Once its journal tells of it, it is asked again, and not after six hours only.
#[test]
fn n31_a_holder_that_learned_the_control_that_we_had_is_asked_again() {
    let mut desk = not_found();
    let again = asked(&desk.append(2, Kind::Trust)).remove(0);
    assert!(asked(&desk.answer(SESSION, again.1, Answered::not_found())).is_empty());
    desk.wait(MINUTE / 4);
    assert!(asked(&desk.hear(2, &[name(NAME_ONLY, 2)])).is_empty(), "another author's");
    let wishes = desk.hear(2, &[name(ALL, 2)]);
    assert_eq!(asked(&wishes).remove(0).2, [name(ALL, 1)]);
}

#[test]
fn n32_the_pauses_after_not_found_double_from_6_hours_to_32_days() {
    let mut desk = not_found();
    let mut pauses = vec![];
    for _ in 0..10 {
        let Some(Next::Due(due)) = desk.next(&name(ALL, 1)) else { panic!("it is due") };
        let pause = due.unix_millis() - at(desk.now).unix_millis();
        pauses.push(pause / 3_600_000);
        desk.now += pause;
        // The session is long over; another one is opened for the want.
        desk.settle(Input::Tick);
        let (session, request, _) = asked(&desk.meet(2)).remove(0);
        drop(desk.answer(session, request, Answered::not_found()));
    }
    assert_eq!(pauses, [6, 12, 24, 48, 96, 192, 384, 768, 768, 768]);
}

#[test]
fn n7_what_is_set_aside_is_asked_for_after_an_upgrade_and_does_not_count_as_open() {
    let mut desk = Desk::new(Limits::default());
    desk.guide.collected.users.insert(message().user().clone());
    desk.meet(2);
    let (_, request, _) = asked(&desk.hear(2, &[of(&message())])).remove(0);
    give(&mut desk, request, &message());
    desk.judged(Outcome::Aside(Code::ResourceKind));
    assert_eq!(desk.next(&of(&message())), Some(Next::Aside(Code::ResourceKind)));
    assert_eq!(desk.machine.wants().open_from(&fp(2)), 0);
    assert!(asked(&desk.wait(MINUTE / 2)).is_empty());
    desk.machine.upgraded(at(desk.now));
    assert_eq!(asked(&desk.wait(MINUTE / 2)).len(), 1);
}

fn message() -> Resource {
    Key::user("author").author().publish(&Message::new("m").into(), at(0)).unwrap()
}

fn of(resource: &Resource) -> sdmp_container::ResourceName {
    let (author, resource) = (resource.user().clone(), resource.id().clone());
    sdmp_container::ResourceName { author, resource }
}

fn give(
    desk: &mut Desk,
    request: sdmp_journal::exchange::RequestId,
    resource: &Resource,
) -> Vec<Wish> {
    let given = Given { data: resource.text().into(), revoked: None };
    desk.answer(SESSION, request, Answered::Resources(vec![Some(given)]))
}

/// Whether a resource of a key that is collected under its own name only is judged.
fn is_judged(resource: &Resource) -> bool {
    let mut desk = Desk::new(Limits::default());
    desk.guide.collected.keys.insert(resource.user().clone());
    desk.meet(2);
    let (_, request, _) = asked(&desk.hear(2, &[of(resource)])).remove(0);
    let wishes = give(&mut desk, request, resource);
    let judged = wishes.iter().any(|wish| matches!(wish, Wish::Judge { .. }));
    assert_eq!(desk.next(&of(resource)).is_some(), judged, "what is not wanted leaves no want");
    assert!(!wishes.iter().any(|wish| matches!(wish, Wish::Close { .. })), "without blame");
    judged
}

#[test]
fn n19_of_a_contacts_contact_only_identities_and_revocations_are_taken() {
    let key = Key::user("author");
    let trust = key.author().trust(&fp(9), sdmp_journal::Grants::ALL, None, at(0)).unwrap();
    assert!(is_judged(&key.identity()));
    assert!(is_judged(&key.author().revoke(key.identity().id(), false, at(0)).unwrap()));
    assert!(!is_judged(&message()));
    assert!(!is_judged(&trust));
}

/// Asks for a resource, and waits for an answer that does not come.
fn unanswered(limits: Limits, time: Duration) -> (bool, bool) {
    let mut desk = Desk::new(limits);
    desk.meet(2);
    assert_eq!(asked(&desk.hear(2, &[name(ALL, 1)])).len(), 1);
    let wishes = desk.wait(time);
    let closed = wishes.iter().any(|wish| {
        matches!(wish, Wish::Close { reason: CloseReason::Code(_) | CloseReason::Done, .. })
    });
    (matches!(desk.next(&name(ALL, 1)), Some(Next::Asked(_))), closed)
}

#[test]
fn n37_over_a_slow_carrier_an_answer_is_awaited_for_hours_and_the_session_stays() {
    let mut slow = Limits::default();
    slow.answer = HOUR * 8;
    (slow.idle, slow.quiet, slow.session) = (HOUR * 24, HOUR * 24, HOUR * 24 * 30);
    assert_eq!(unanswered(slow, HOUR * 7), (true, false));
    let (_, closed) = unanswered(Limits::default(), HOUR * 7);
    assert!(closed, "by the default the session is long over");
}

#[test]
fn n32_what_is_not_answered_in_60_seconds_goes_back() {
    let asks_again = |time| {
        let mut desk = Desk::new(Limits::default());
        desk.meet(2);
        assert_eq!(asked(&desk.hear(2, &[name(ALL, 1)])).len(), 1);
        asked(&desk.wait(time)).len()
    };
    assert_eq!((asks_again(MINUTE - Duration::from_millis(1)), asks_again(MINUTE)), (0, 1));
}

#[test]
fn n51_a_resource_without_room_waits_and_is_asked_for_when_there_is_room() {
    let mut desk = Desk::new(Limits::default());
    desk.guide.collected.users.insert(message().user().clone());
    desk.meet(2);
    let (_, request, _) = asked(&desk.hear(2, &[of(&message())])).remove(0);
    give(&mut desk, request, &message());
    assert!(asked(&desk.judged(Outcome::NoRoom)).is_empty());
    assert!(!desk.guide.kinds.contains_key(&id(1)));
    assert_eq!(asked(&desk.settle(Input::Room)).len(), 1);
}
