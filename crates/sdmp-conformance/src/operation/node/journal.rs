//! Journals and the clock (N2, N21 to N24).

use super::super::{Failure, Outcome, output};
use super::{failed, key, known, time, value};
use crate::error::Error;
use crate::input::Input;
use crate::keys::timestamp;
use sdmp_journal::view::Known;
use sdmp_journal::{Clock, Cursor, Line, LineId, Read, Teller, journal};
use serde_json::json;

/// `node`, `lines`, `known` -> `count`, `last`, `next`.
pub(super) fn check(input: Input<'_>) -> Result<Outcome, Error> {
    let lines = input.list("lines").filter_map(serde_json::Value::as_str);
    Ok(match journal::check(&known(input)?, &key(input, "node")?, lines) {
        Ok(head) => output([
            ("count", json!(head.count())),
            ("last", json!(head.last().to_string())),
            ("next", json!(head.next().to_string())),
        ]),
        Err((line, code)) => {
            let mut failure = Failure::new(code.as_str(), code);
            failure.details.insert("line".to_owned(), json!(line));
            Err(failure)
        }
    })
}

/// `peer`, `known`, `steps` -> `results`, `count`, `last`. A step that must be something else, or a
/// malformed one, fails with its code.
pub(super) fn cursor(input: Input<'_>) -> Result<Outcome, Error> {
    let view = known(input)?;
    let mut cursor = Cursor::new(key(input, "peer")?);
    let mut results = Vec::new();
    for step in input.list("steps") {
        let step =
            step.as_object().ok_or_else(|| Error::vector("a step is an object".to_owned()))?;
        let step = Input(step);
        let read = read(&mut cursor, &view, step)?;
        let name = match &read {
            Read::Lines(_) => "lines",
            Read::End => "end",
            Read::Ask => "ask",
            Read::Fork => "fork",
            Read::Later(_) => "later",
            Read::Malformed => "malformed",
        };
        let is_wrong = step.optional_text("must_be").is_some_and(|must| must != name);
        if let Some(code) = read.code().filter(|_| is_wrong || read == Read::Malformed) {
            return Ok(failed(code));
        }
        results.push(name);
    }
    Ok(output([
        ("results", json!(results)),
        ("count", json!(cursor.head().count())),
        ("last", json!(cursor.last().to_string())),
    ]))
}

fn read(cursor: &mut Cursor, view: &Known, step: Input<'_>) -> Result<Read, Error> {
    let lines: Option<Vec<Line>> =
        step.list("entries").map(|line| line.as_str()?.parse().ok()).collect();
    let Some(lines) = lines else { return Ok(Read::Malformed) };
    let since: LineId = value(step, "since")?;
    let is_own = step.0.get("own").and_then(serde_json::Value::as_bool).unwrap_or(false);
    Ok(cursor.read(view, (since, &lines), is_own, time(step, "now")?))
}

/// `stored`?, `started`, `system`, `heard`, `append` -> `now`.
pub(super) fn clock(input: Input<'_>) -> Result<Outcome, Error> {
    let stored = input.optional_text("stored").map(timestamp).transpose()?;
    let system = time(input, "system")?;
    let mut clock = Clock::start(stored, time(input, "started")?);
    for heard in input.list("heard").filter_map(serde_json::Value::as_object).map(Input) {
        let created = time(heard, "created")?;
        let user = heard.optional_text("user").map(|_| key(heard, "user")).transpose()?;
        let from = user.as_ref().map_or(Teller::Own, Teller::Other);
        clock.heard(created, from, system);
    }
    let append = input.0.get("append").and_then(serde_json::Value::as_bool).unwrap_or(true);
    let now = if append { clock.time_to_append(system) } else { clock.now(system) };
    Ok(match now {
        Ok(now) => output([("now", json!(now.to_string()))]),
        Err(code) => failed(code),
    })
}
