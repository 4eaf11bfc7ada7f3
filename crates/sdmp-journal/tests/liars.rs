//! Answers of a liar: each check of the asker's (N28), and the forms of N25 to N27.

use std::sync::Arc;

use sdmp_container::{Message, ResourceName};
use sdmp_journal::exchange::answer::{self, Budget};
use sdmp_journal::exchange::body::identity_of;
use sdmp_journal::exchange::check::{self, Found};
use sdmp_journal::exchange::{
    Answered, Body, Given, Lines, RequestId, Response, Sender, open, seal,
};
use sdmp_journal::{Grants, Head, Line, LineId, Resource};

use crate::common::{Key, Keyed, at};

fn name(resource: &Resource) -> ResourceName {
    ResourceName { author: resource.user().clone(), resource: resource.id().clone() }
}

fn given(data: &Resource, revoked: Option<&Resource>) -> Option<Given> {
    let text = |resource: &Resource| Arc::from(resource.text());
    Some(Given { data: text(data), revoked: revoked.map(text) })
}

struct Things {
    alice: Key,
    mallory: Key,
    node: Key,
    trust: Resource,
    message: Resource,
    other: Resource,
    revocation: Resource,
}

fn things() -> Things {
    let (alice, mallory, node) = (Key::user("alice"), Key::user("mallory"), Key::node("node"));
    let trust = alice.author().trust(&node.fp(), Grants::ALL, None, at(1)).unwrap();
    let says = |text: &str| alice.author().publish(&Message::new(text).into(), at(2)).unwrap();
    let (message, other) = (says("asked for"), says("another"));
    let revocation = alice.author().revoke(message.id(), false, at(3)).unwrap();
    Things { alice, mallory, node, trust, message, other, revocation }
}

fn answer_to(asked: &ResourceName, found: Option<Given>) -> Result<Found, &'static str> {
    let answered = Answered::Resources(vec![found]);
    let mut found =
        check::resources(std::slice::from_ref(asked), &answered).map_err(|error| error.code())?;
    Ok(found.remove(0))
}

const WRONG: &str = "exchange.wrong_answer";

#[test]
fn n28_the_resource_asked_for_is_taken() {
    let things = things();
    let found = answer_to(&name(&things.message), given(&things.message, None)).unwrap();
    assert!(matches!(found, Found::Resource(Ok(resource)) if resource == things.message));
    assert!(matches!(answer_to(&name(&things.message), None), Ok(Found::Nothing)));
}

#[test]
fn n28_another_resource_is_a_wrong_answer() {
    let things = things();
    let answer = answer_to(&name(&things.message), given(&things.other, None));
    assert_eq!(answer.unwrap_err(), WRONG);
}

#[test]
fn n28_a_resource_of_another_author_is_a_wrong_answer() {
    let things = things();
    let mut asked = name(&things.message);
    asked.author = things.mallory.fp();
    assert_eq!(answer_to(&asked, given(&things.message, None)).unwrap_err(), WRONG);
    let revoked = answer_to(&asked, given(&things.revocation, None));
    assert_eq!(revoked.unwrap_err(), WRONG);
}

#[test]
fn n28_a_revocation_of_something_else_is_a_wrong_answer() {
    let things = things();
    let answer = answer_to(&name(&things.other), given(&things.revocation, None));
    assert_eq!(answer.unwrap_err(), WRONG);
}

#[test]
fn n28_a_revocation_stands_for_what_it_names() {
    let things = things();
    let found = answer_to(&name(&things.message), given(&things.revocation, None)).unwrap();
    assert!(matches!(found, Found::Revoked { revocation, resource: None }
        if revocation == things.revocation));
    // Asked for itself it is no answer about something else.
    let found = answer_to(&name(&things.revocation), given(&things.revocation, None)).unwrap();
    assert!(matches!(found, Found::Resource(Ok(_))));
}

#[test]
fn n28_what_stands_beside_a_revocation_is_what_it_names() {
    let things = things();
    let of_trust = things.alice.author().revoke(things.trust.id(), false, at(4)).unwrap();
    let asked = name(&things.trust);
    let found = answer_to(&asked, given(&of_trust, Some(&things.trust))).unwrap();
    assert!(matches!(found, Found::Revoked { resource: Some(Ok(_)), .. }));
    assert_eq!(answer_to(&asked, given(&of_trust, Some(&things.other))).unwrap_err(), WRONG);
    let beside_none = answer_to(&asked, given(&things.trust, Some(&things.trust)));
    assert_eq!(beside_none.unwrap_err(), WRONG, "nothing is revoked");
}

#[test]
fn n28_an_identity_asked_for_by_its_key_is_that_keys() {
    let things = things();
    let asked = identity_of(&things.node.fp());
    let found = answer_to(&asked, given(&things.node.identity(), None)).unwrap();
    assert!(matches!(found, Found::Resource(Ok(_))));
    for wrong in [&things.alice.identity(), &things.trust, &things.message] {
        assert_eq!(answer_to(&asked, given(wrong, None)).unwrap_err(), WRONG);
    }
    let identity = things.node.identity();
    let ended = things.node.author().revoke(identity.id(), false, at(5)).unwrap();
    assert!(matches!(
        answer_to(&asked, given(&ended, Some(&identity))),
        Ok(Found::Revoked { resource: Some(Ok(_)), .. })
    ));
    // Without the identity nobody can tell what it revokes.
    assert_eq!(answer_to(&asked, given(&ended, None)).unwrap_err(), WRONG);
}

#[test]
fn n28_a_bad_copy_with_the_right_payload_is_no_wrong_answer() {
    let things = things();
    let text = things.message.text().replace("{\"identifier\"", "{\"x\":1,\"identifier\"");
    let copy = Some(Given { data: text.into(), revoked: None });
    let found = answer_to(&name(&things.message), copy.clone()).unwrap();
    assert!(matches!(found, Found::Resource(Err(error)) if error.code() == "resource.form"));
    assert_eq!(answer_to(&name(&things.other), copy).unwrap_err(), WRONG);
    let nothing = Some(Given { data: "{\"signature\":{}}".into(), revoked: None });
    assert_eq!(answer_to(&name(&things.message), nothing).unwrap_err(), WRONG);
}

#[test]
fn n28_more_answers_than_questions_or_lines_for_resources_are_wrong() {
    let things = things();
    let asked = [name(&things.message)];
    let two = Answered::Resources(vec![None, None]);
    assert_eq!(check::resources(&asked, &two).unwrap_err().code(), WRONG);
    let lines = Answered::Lines(Lines { since: LineId::first(&things.node.fp()), entries: vec![] });
    assert_eq!(check::resources(&asked, &lines).unwrap_err().code(), WRONG);
    assert_eq!(check::resources(&asked, &Answered::BadRequest).unwrap_err().code(), WRONG);
}

#[test]
fn n28_lines_have_the_since_that_was_asked_for() {
    let things = things();
    let since = LineId::first(&things.node.fp());
    let answered = |since| Answered::Lines(Lines { since, entries: vec![] });
    assert!(matches!(check::lines(&since, &answered(since)), Ok(Some(_))));
    assert!(matches!(check::lines(&since, &Answered::not_found()), Ok(None)));
    let other = LineId::after("another");
    assert_eq!(check::lines(&since, &answered(other)).unwrap_err().code(), WRONG);
    for wrong in [
        Answered::BadRequest,
        Answered::Resources(vec![None, None]),
        Answered::Resources(vec![given(&things.message, None)]),
    ] {
        assert_eq!(check::lines(&since, &wrong).unwrap_err().code(), WRONG);
    }
}

fn sender(things: &Things) -> Sender {
    let (user, trust) = (things.alice.fp(), things.trust.id().clone());
    Sender { node: things.node.local.clone(), user, trust }
}

fn bodies(things: &Things) -> Vec<Body> {
    let identifier: RequestId = "r \"1\"\\".parse().unwrap();
    let since = LineId::first(&things.node.fp());
    let mut head = Head::new(&things.node.fp());
    let mut line = || head.append(things.alice.fp(), things.message.id().clone());
    let entries: Vec<Line> = (0..3).map(|_| line()).collect();
    let lines = Lines { since, entries };
    let response = |answered| Body::Response(Response { identifier: identifier.clone(), answered });
    let both = given(&things.revocation, Some(&things.message));
    vec![
        Body::Broadcast(lines.clone()),
        Body::RequestJournal { identifier: identifier.clone(), since, limit: 7 },
        Body::RequestResource {
            identifier: identifier.clone(),
            names: vec![name(&things.message), name(&things.other)],
        },
        Body::RequestResource { identifier: identifier.clone(), names: vec![name(&things.other)] },
        response(Answered::BadRequest),
        response(Answered::not_found()),
        response(Answered::Lines(lines)),
        response(Answered::Resources(vec![both.clone()])),
        response(Answered::Resources(vec![None, both, None])),
        response(Answered::Resources(vec![given(&things.message, None), None])),
    ]
}

#[test]
fn n25_n26_each_body_is_read_as_it_was_written() {
    let things = things();
    for body in bodies(&things) {
        let text = seal(&sender(&things), &body, at(9)).unwrap();
        let opened = open(text.text(), things.node.local.identity(), &Keyed).unwrap();
        assert_eq!(opened.created, Some(at(9)));
        assert_eq!(opened.body, Ok(body));
    }
}

#[test]
fn n25_another_signer_or_a_changed_object_is_unexpected() {
    let things = things();
    for body in bodies(&things) {
        let text = seal(&sender(&things), &body, at(9)).unwrap();
        let as_another = open(text.text(), things.mallory.local.identity(), &Keyed);
        assert_eq!(as_another.unwrap_err().code(), "exchange.unexpected");
        let cut = open(
            text.text().replacen("\"signature\":\"", "\"signature\":\"AAAA", 1),
            things.node.local.identity(),
            &Keyed,
        );
        assert_eq!(cut.unwrap_err().code(), "exchange.unexpected");
    }
    let resource = open(things.message.text(), things.alice.local.identity(), &Keyed);
    assert_eq!(resource.unwrap_err().code(), "exchange.unexpected", "no exchange object");
}

#[test]
fn n26_identifiers_of_requests_are_1_to_127_printable_characters() {
    for good in ["x", &"y".repeat(127), "a b~!"] {
        assert_eq!(good.parse::<RequestId>().unwrap().as_str(), good);
    }
    for bad in ["", &"y".repeat(128), "a\n", "\u{7f}", "ü"] {
        assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
    }
}

#[test]
fn n27_an_answer_holds_what_fits_and_one_at_least() {
    let things = things();
    let names = [name(&things.message), name(&things.other), name(&things.revocation)];
    let size = things.message.text().len();
    let answer = |octets| {
        let give = |_: &ResourceName| given(&things.message, None);
        match answer::resources(&names, give, Budget(octets)) {
            Answered::Resources(found) => found.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([0, size, 2 * size - 1, 2 * size, 3 * size].map(answer), [1, 1, 1, 2, 3]);
    let nothing = answer::resources(&names[..1], |_| None, Budget::default());
    let unknown_line = answer::lines(LineId::after("x"), None);
    assert_eq!(nothing, Answered::not_found());
    assert_eq!(unknown_line, nothing, "one form, whatever was asked for");
}
