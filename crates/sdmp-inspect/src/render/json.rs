//! A report as JSON.

use sdmp_handshake::{Profile, Role};
use serde_json::{Value, json};

use crate::escape::json_object;
use crate::report::{Field, Report, Session, Step, Who};

/// Members in their order, as the text of one object.
pub type Members = Vec<(&'static str, Value)>;

/// The whole report as one object on one line; docs/inspect.md describes it.
#[must_use]
pub fn report(report: &Report) -> String {
    let sessions: Vec<Value> = report.sessions.iter().map(session).collect();
    json_object(&[
        ("input", report.input.into()),
        ("sessions", sessions.into()),
        ("notes", report.notes.clone().into()),
    ])
}

fn session(session: &Session) -> Value {
    let steps: Vec<Value> = session
        .steps
        .iter()
        .map(|step| Value::Object(self::step(step).into_iter().map(owned).collect()))
        .collect();
    json!({
        "title": session.title,
        "profile": session.profile.map(Profile::name),
        "initiator": session.initiator.as_ref().map(who),
        "responder": session.responder.as_ref().map(who),
        "session": session.session_id,
        "objects": steps,
        "notes": session.notes,
    })
}

fn owned((name, value): (&'static str, Value)) -> (String, Value) {
    (name.to_owned(), value)
}

fn who(who: &Who) -> Value {
    json!({"fingerprint": who.fingerprint, "name": who.name, "verified": who.verified})
}

/// One object of the wire, as members in their order.
#[must_use]
pub fn step(step: &Step) -> Members {
    let checks: Vec<Value> = step
        .checks
        .0
        .iter()
        .map(|check| {
            json!({
                "rule": check.rule,
                "check": check.sentence,
                "outcome": check.outcome.name(),
                "detail": check.detail,
            })
        })
        .collect();
    let inside: Vec<Value> = step
        .layers
        .iter()
        .map(|layer| {
            json!({"layer": layer.title, "text": layer.text, "fields": fields(&layer.fields)})
        })
        .collect();
    vec![
        ("name", step.kind.name().into()),
        ("purpose", step.purpose().into()),
        ("from", step.from.map(Role::name).into()),
        ("to", step.from.map(|from| from.other().name()).into()),
        ("octets", step.octets.into()),
        ("ms", step.ms.map(|ms| (ms * 100.0).round() / 100.0).into()),
        ("wire", step.wire.as_str().into()),
        ("outside", fields(&step.outer)),
        ("inside", inside.into()),
        ("visible", step.visible.into()),
        ("checks", checks.into()),
    ]
}

fn fields(fields: &[Field]) -> Value {
    fields
        .iter()
        .map(|field| {
            json!({
                "pointer": field.pointer,
                "value": field.value,
                "meaning": field.meaning,
                "rule": field.rule,
            })
        })
        .collect()
}
