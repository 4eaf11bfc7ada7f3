//! What is told of a capture: steps, layers, fields, and checks with their outcomes.

use std::fmt::Display;

use super::HIDDEN;
use super::rules::Kind;
use super::wire::Side;
use crate::cli::Profile;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was made here, and holds.
    Holds,
    /// It was made here, and does not hold.
    Fails,
    /// It could not be made here.
    Open,
}

impl Outcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Open => "open",
        }
    }

    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Fails => "✗",
            Self::Open => "?",
        }
    }
}

/// One thing that the rules demand.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Rule numbers, such as `R12, R40`.
    pub(crate) rule: &'static str,
    pub(crate) sentence: String,
    pub(crate) outcome: Outcome,
    /// What was found, or why the check could not be made.
    pub(crate) detail: Option<String>,
}

/// The checks of one object, in the order in which its receiver makes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks(pub(crate) Vec<Check>);

impl Checks {
    pub(crate) fn push(
        &mut self,
        rule: &'static str,
        sentence: &str,
        outcome: Outcome,
        detail: Option<String>,
    ) {
        self.0.push(Check { rule, sentence: sentence.to_owned(), outcome, detail });
    }

    pub(crate) fn holds(&mut self, rule: &'static str, sentence: &str) {
        self.push(rule, sentence, Outcome::Holds, None);
    }

    pub(crate) fn fails(&mut self, rule: &'static str, sentence: &str, why: impl Display) {
        self.push(rule, sentence, Outcome::Fails, Some(why.to_string()));
    }

    pub(crate) fn open(&mut self, rule: &'static str, sentence: &str, why: impl Display) {
        self.push(rule, sentence, Outcome::Open, Some(why.to_string()));
    }

    /// Holds or fails, as `truth` says.
    pub(crate) fn is(&mut self, rule: &'static str, sentence: &str, truth: bool, why: &str) {
        if truth { self.holds(rule, sentence) } else { self.fails(rule, sentence, why) }
    }

    /// What could not be checked by itself and what follows shows to hold.
    pub(crate) fn shown(&mut self, rule: &str, detail: &str) {
        let open = |check: &&mut Check| check.rule == rule && check.outcome == Outcome::Open;
        if let Some(check) = self.0.iter_mut().find(open) {
            check.outcome = Outcome::Holds;
            check.detail = Some(detail.to_owned());
        }
    }

    /// Holds for `Ok`, whose value is given back; else fails with the error's words.
    pub(crate) fn result<T, E: Display>(
        &mut self,
        rule: &'static str,
        sentence: &str,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.holds(rule, sentence);
                Some(value)
            }
            Err(error) => {
                self.fails(rule, sentence, error);
                None
            }
        }
    }
}

/// A value in a layer, and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// JSON pointer.
    pub(crate) pointer: String,
    /// The value, cut short.
    pub(crate) value: String,
    pub(crate) meaning: String,
    pub(crate) rule: &'static str,
}

/// One layer inside an object.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// What it is and how it was reached.
    pub(crate) title: String,
    /// The JSON text, exactly as it was found; a private key is hidden.
    pub(crate) text: String,
    pub(crate) fields: Vec<Field>,
}

/// One object, understood as far as possible.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) from: Option<Side>,
    pub(crate) ms: Option<f64>,
    /// Length on the wire.
    pub(crate) octets: usize,
    /// The text as it was on the wire; a private key is hidden.
    pub(crate) wire: String,
    /// The fields of a sealed object that everybody sees.
    pub(crate) outer: Vec<Field>,
    /// From the outside in.
    pub(crate) layers: Vec<Layer>,
    pub(crate) checks: Checks,
    pub(crate) visible: &'static str,
}

impl Step {
    pub(crate) fn purpose(&self) -> &'static str {
        self.kind.purpose()
    }

    /// Where one layer holds a private key, those around it hold it too, in base64url.
    pub(crate) fn hide_around_secrets(&mut self) {
        if self.layers.iter().any(|layer| layer.text == HIDDEN) {
            for layer in &mut self.layers {
                HIDDEN.clone_into(&mut layer.text);
            }
            // What is sealed shows nothing.
            if self.outer.is_empty() {
                HIDDEN.clone_into(&mut self.wire);
            }
        }
    }

    /// The worst outcome of the checks.
    pub(crate) fn outcome(&self) -> Outcome {
        let has = |outcome| self.checks.0.iter().any(|check| check.outcome == outcome);
        if has(Outcome::Fails) {
            Outcome::Fails
        } else if has(Outcome::Open) {
            Outcome::Open
        } else {
            Outcome::Holds
        }
    }

    /// `initiator -> responder`, as far as it is known.
    pub(crate) fn direction(&self) -> String {
        match self.from {
            Some(from) => format!("{} -> {}", from.name(), from.other().name()),
            None if self.kind == Kind::Container => "a container".to_owned(),
            None => "direction unknown".to_owned(),
        }
    }
}

/// Who a side proved to be.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) fingerprint: String,
    pub(crate) name: Option<String>,
    /// A signature by this key was checked here.
    pub(crate) verified: bool,
}

/// One session, or one container.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) title: String,
    pub(crate) profile: Option<Profile>,
    pub(crate) initiator: Option<Who>,
    pub(crate) responder: Option<Who>,
    pub(crate) session_id: Option<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) notes: Vec<String>,
}

/// Everything that is told of one input.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// `container`, `recording`, `stream` or `capture`.
    pub(crate) input: &'static str,
    pub(crate) sessions: Vec<Session>,
    pub(crate) notes: Vec<String>,
}

impl Story {
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sessions.iter().flat_map(|session| &session.steps)
    }

    /// How many checks came out like this.
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        self.steps()
            .flat_map(|step| &step.checks.0)
            .filter(|check| check.outcome == outcome)
            .count()
    }
}
