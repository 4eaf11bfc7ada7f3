//! What the cases can ask of an implementation. This module connects the vectors to the crates of
//! this project; to judge another implementation, hand [`crate::run::run`] a function of your own.

mod container;
pub(crate) mod crypto;
mod envelope;
mod handshake;
mod node;
mod schema;

use crate::error::Error;
use crate::input::Input;
use serde_json::{Map, Value};

/// What came of an operation: what it gave, or how it failed.
pub type Outcome = Result<Map<String, Value>, Failure>;

/// An operation's own refusal of its input.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// Whatever else the error says by names.
    pub details: Map<String, Value>,
    /// The sentence for people.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(code: &str, message: impl ToString) -> Self {
        Self { code: code.to_owned(), details: Map::new(), message: message.to_string() }
    }
}

/// Performs an operation with the crates of this project.
///
/// # Errors
/// A vector that names an unknown operation or lacks what the operation takes.
pub fn perform(operation: &str, input: Input<'_>) -> Result<Outcome, Error> {
    if let Some(schema) = operation.strip_prefix("emit.")
        && let Some(outcome) = container::rewrite(schema, input)?
    {
        return Ok(outcome);
    }
    let perform = container::find(operation)
        .or_else(|| schema::find(operation))
        .or_else(|| crypto::find(operation))
        .or_else(|| envelope::find(operation))
        .or_else(|| handshake::find(operation))
        .or_else(|| node::find(operation))
        .ok_or_else(|| Error::vector(format!("the operation {operation} is unknown")))?;
    perform(input)
}

/// An operation as a function.
type Operation = fn(Input<'_>) -> Result<Outcome, Error>;

/// Named values as an output.
fn output<const N: usize>(members: [(&str, Value); N]) -> Outcome {
    Ok(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
