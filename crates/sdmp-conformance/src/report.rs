//! Reports on a run, for people and for machines.

mod html;
mod junit;

use crate::coverage::Coverage;
use crate::run::{CaseReport, Verdict};
use crate::vector::Area;
use serde_json::{Value, json};
use std::fmt::Write;

/// Everything that a run has shown.
#[derive(Debug, Clone)]
pub struct Report {
    /// The cases, in the order in which they ran.
    pub cases: Vec<CaseReport>,
    /// The cases of each rule.
    pub coverage: Coverage,
}

impl Report {
    /// Whether every case ended as it must and no rule lacks cases without an excuse.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures().next().is_none() && self.coverage.complaints.is_empty()
    }

    /// The cases that failed, with what was wrong.
    pub fn failures(&self) -> impl Iterator<Item = (&CaseReport, &str)> {
        self.cases.iter().filter_map(|case| match &case.verdict {
            Verdict::Passed => None,
            Verdict::Failed(why) => Some((case, why.as_str())),
        })
    }

    /// How many cases of an area passed, and how many there are.
    #[must_use]
    pub fn totals(&self, area: Area) -> (usize, usize) {
        let cases = || self.cases.iter().filter(move |case| case.area() == area);
        (cases().filter(|case| case.passed()).count(), cases().count())
    }

    /// A table by area and by rule, then everything that is wrong.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from("area          passed  of\n");
        for area in Area::ALL {
            let (passed, all) = self.totals(area);
            if all == 0 {
                continue;
            }
            append(&mut text, format_args!("{:<12} {passed:>7} {all:>3}\n", area.name()));
        }
        text.push_str("\nrule    valid  invalid\n");
        for (rule, count) in &self.coverage.counts {
            append(&mut text, format_args!("{rule:<7} {:>5} {:>8}\n", count.valid, count.invalid));
        }
        for (rule, _, reason) in &self.coverage.excused {
            append(&mut text, format_args!("excused: {rule}: {reason}\n"));
        }
        for (case, why) in self.failures() {
            append(&mut text, format_args!("FAILED {}: {why}\n", case.located.name()));
        }
        for complaint in &self.coverage.complaints {
            append(&mut text, format_args!("MISSING {complaint}\n"));
        }
        let failed = self.failures().count();
        append(
            &mut text,
            format_args!(
                "{} cases, {failed} failed, {} complaints about coverage\n",
                self.cases.len(),
                self.coverage.complaints.len()
            ),
        );
        text
    }

    /// The whole report as a JSON value.
    #[must_use]
    pub fn json(&self) -> Value {
        let cases: Vec<Value> = self
            .cases
            .iter()
            .map(|case| {
                let failure = match &case.verdict {
                    Verdict::Passed => Value::Null,
                    Verdict::Failed(why) => json!(why),
                };
                json!({
                    "name": case.located.name(),
                    "area": case.area().name(),
                    "operation": case.located.case.operation,
                    "rules": case.located.case.rules,
                    "comment": case.located.case.comment,
                    "expects_valid": case.located.case.expected.is_valid(),
                    "passed": case.passed(),
                    "failure": failure,
                    "milliseconds": case.elapsed.as_secs_f64() * 1000.0,
                })
            })
            .collect();
        let rules: Vec<Value> = self
            .coverage
            .counts
            .iter()
            .map(|(rule, count)| json!({"rule": rule, "valid": count.valid, "invalid": count.invalid}))
            .collect();
        json!({
            "protocol": "SDMP 0.12",
            "success": self.is_success(),
            "cases": cases,
            "rules": rules,
            "complaints": self.coverage.complaints,
        })
    }

    /// One self-contained page.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// JUnit's XML, as continuous-integration servers read it.
    #[must_use]
    pub fn junit(&self) -> String {
        junit::document(self)
    }
}

/// Writing to a string cannot fail.
fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _: std::fmt::Result = text.write_fmt(arguments);
}

/// Text as XML and HTML write it; characters that XML cannot carry become a question mark.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            other if other.is_control() => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    escaped
}
