//! What is known of an input: sessions, their objects with layers and fields, and checks with outcomes.

use std::fmt::Display;

use sdmp_handshake::{Profile, Role};

use crate::message_kind::Kind;
use crate::redact::HIDDEN;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made here, and holds.
    Holds,
    /// It was made here, and does not hold.
    Fails,
    /// It could not be made here.
    Open,
}

impl Outcome {
    /// `holds`, `fails` or `open`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Open => "open",
        }
    }

    /// `✓`, `✗` or `?`.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Fails => "✗",
            Self::Open => "?",
        }
    }
}

/// One thing that the rules demand.
#[derive(Clone, Debug)]
pub struct Check {
    /// Rule numbers, such as `R12, R40`.
    pub rule: &'static str,
    /// What is demanded.
    pub sentence: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, or why the check could not be made.
    pub detail: Option<String>,
}

/// The checks of one object, in the order in which its receiver makes them.
#[derive(Clone, Debug, Default)]
pub struct Checks(pub(crate) Vec<Check>);

impl Checks {
    /// All of them, in the order in which the receiver makes them.
    pub fn iter(&self) -> std::slice::Iter<'_, Check> {
        self.0.iter()
    }

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
pub struct Field {
    /// JSON pointer.
    pub pointer: String,
    /// The value, cut short.
    pub value: String,
    /// What the member means.
    pub meaning: String,
    /// The rule that describes it.
    pub rule: &'static str,
}

/// One layer inside an object.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it is and how it was reached.
    pub title: String,
    /// The JSON text, exactly as it was found; a private key is hidden.
    pub text: String,
    /// Its members with their meanings.
    pub fields: Vec<Field>,
}

/// One object, understood as far as possible.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place in the protocol.
    pub kind: Kind,
    /// Who sent it, where that is known.
    pub from: Option<Role>,
    /// Milliseconds since the beginning of the session.
    pub ms: Option<f64>,
    /// Length on the wire.
    pub octets: usize,
    /// The text as it was on the wire; a private key is hidden.
    pub wire: String,
    /// The fields of a sealed object that an eavesdropper sees.
    pub outer: Vec<Field>,
    /// From the outside in.
    pub layers: Vec<Layer>,
    /// What its receiver had to check.
    pub checks: Checks,
    /// Who can see what.
    pub visible: &'static str,
}

impl Step {
    /// What it says, in one sentence.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.kind.purpose()
    }

    /// Where one layer holds a private key, those around it hold it too, in base64url.
    pub(crate) fn hide_around_secrets(&mut self) {
        if self.layers.iter().any(|layer| layer.text == HIDDEN) {
            // An outer layer holds the inner one in another encoding, so all of them are hidden.
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
    pub fn outcome(&self) -> Outcome {
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
    pub fn direction(&self) -> String {
        match self.from {
            Some(from) => format!("{} -> {}", from.name(), from.other().name()),
            None if self.kind == Kind::Container => "a container".to_owned(),
            None => "direction unknown".to_owned(),
        }
    }
}

/// Who a side proved to be.
#[derive(Clone, Debug)]
pub struct Who {
    /// The fingerprint of its key (R15), in base64url.
    pub fingerprint: String,
    /// Its name among the known identities.
    pub name: Option<String>,
    /// A signature by this key was checked here.
    pub verified: bool,
}

/// One session, or one container.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where it was seen.
    pub title: String,
    /// The profile, where it shows.
    pub profile: Option<Profile>,
    /// Who opened the session, where that is known.
    pub initiator: Option<Who>,
    /// Who answered, where that is known.
    pub responder: Option<Who>,
    /// The public name of the session (R44), in base64url.
    pub session_id: Option<String>,
    /// Its objects, in their order.
    pub steps: Vec<Step>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// Everything that is known of one input.
#[derive(Clone, Debug)]
pub struct Report {
    /// `container`, `recording`, `stream` or `capture`.
    pub input: &'static str,
    /// One for each session; one for a container.
    pub sessions: Vec<Session>,
    /// What is wrong with the input itself.
    pub notes: Vec<String>,
}

impl Report {
    /// The objects of all sessions.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sessions.iter().flat_map(|session| &session.steps)
    }

    /// How many checks came out like this.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.steps()
            .flat_map(|step| &step.checks.0)
            .filter(|check| check.outcome == outcome)
            .count()
    }
}
