//! Runs cases and compares what comes of them with what must.

use crate::error::Error;
use crate::input::Input;
use crate::load::LocatedCase;
use crate::operation::Outcome;
use crate::vector::{Area, Expected};
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it must.
    Passed,
    /// Otherwise; with a sentence that says how.
    Failed(String),
}

/// A case that has run.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// The case.
    pub located: LocatedCase,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

impl CaseReport {
    /// Whether it ended as it must.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    /// The area of the case.
    #[must_use]
    pub const fn area(&self) -> Area {
        self.located.area
    }
}

/// Runs cases against an implementation, given as a function from an operation and its input to an
/// outcome. A panic of the implementation is a failure of the case.
pub fn run(
    cases: &[LocatedCase],
    implementation: impl Fn(&str, Input<'_>) -> Result<Outcome, Error>,
) -> Vec<CaseReport> {
    cases
        .iter()
        .map(|located| {
            let started = Instant::now();
            let case = &located.case;
            let call = || implementation(&case.operation, Input(&case.input));
            let verdict = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
                Ok(Ok(outcome)) => compare(&case.expected, &outcome),
                Ok(Err(error)) => Verdict::Failed(error.to_string()),
                Err(_) => Verdict::Failed("the implementation panicked".to_owned()),
            };
            CaseReport { located: located.clone(), verdict, elapsed: started.elapsed() }
        })
        .collect()
}

fn compare(expected: &Expected, outcome: &Outcome) -> Verdict {
    match (expected, outcome) {
        (Expected::Valid { output, .. }, Ok(found)) => compare_members(output, found),
        (Expected::Valid { .. }, Err(failure)) => Verdict::Failed(format!(
            "must be valid, but was refused with {}: {}",
            failure.code, failure.message
        )),
        (Expected::Invalid { error, .. }, Ok(_)) => {
            Verdict::Failed(format!("must be refused with {error}, but was accepted"))
        }
        (Expected::Invalid { error, details }, Err(failure)) if *error == failure.code => {
            compare_members(details, &failure.details)
        }
        (Expected::Invalid { error, .. }, Err(failure)) => Verdict::Failed(format!(
            "must be refused with {error}, but was refused with {}: {}",
            failure.code, failure.message
        )),
    }
}

fn compare_members(expected: &Map<String, Value>, found: &Map<String, Value>) -> Verdict {
    for (name, value) in expected {
        match found.get(name) {
            Some(other) if other == value => {}
            Some(other) => {
                return Verdict::Failed(format!("{name} must be {value}, but is {other}"));
            }
            None => {
                return Verdict::Failed(format!("{name} must be {value}, but did not come out"));
            }
        }
    }
    Verdict::Passed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Failure;
    use serde_json::json;

    fn verdict(expected: Value, implementation: fn() -> Result<Outcome, Error>) -> Verdict {
        let case = serde_json::from_value(json!({
            "id": "a", "comment": "b", "rules": ["R1"], "operation": "x.y", "input": {}, "expected": expected
        }));
        let located = LocatedCase { area: Area::Container, case: case.expect("a case") };
        run(&[located], |_, _| implementation()).remove(0).verdict
    }

    fn gives_one() -> Result<Outcome, Error> {
        Ok(Ok(json!({"n": 1, "more": 2}).as_object().cloned().unwrap_or_default()))
    }

    fn refuses() -> Result<Outcome, Error> {
        Ok(Err(Failure::new("x.bad", "bad")))
    }

    #[test]
    fn what_must_pass_passes() {
        assert_eq!(verdict(json!({"valid": true}), gives_one), Verdict::Passed);
        assert_eq!(verdict(json!({"valid": true, "output": {"n": 1}}), gives_one), Verdict::Passed);
        assert_eq!(verdict(json!({"error": "x.bad"}), refuses), Verdict::Passed);
    }

    #[test]
    fn everything_else_fails() {
        let failed = |verdict| matches!(verdict, Verdict::Failed(_));
        assert!(failed(verdict(json!({"valid": true, "output": {"n": 2}}), gives_one)));
        assert!(failed(verdict(json!({"valid": true, "output": {"m": 1}}), gives_one)));
        assert!(failed(verdict(json!({"valid": true}), refuses)));
        assert!(failed(verdict(json!({"error": "x.bad"}), gives_one)));
        assert!(failed(verdict(json!({"error": "x.other"}), refuses)));
        assert!(failed(verdict(json!({"error": "x.bad", "details": {"at": 1}}), refuses)));
        assert!(failed(verdict(json!({"valid": true}), || Err(Error::vector("x")))));
        assert!(failed(verdict(json!({"valid": true}), || panic!("deliberate"))));
    }
}
