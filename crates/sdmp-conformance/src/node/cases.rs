//! The cases.

mod answers;
mod control;
mod exchange;
mod questions;
mod resources;

use super::case::Case;

/// All, in the order in which they run.
#[must_use]
pub fn all() -> Vec<&'static Case> {
    let tables =
        [resources::CASES, control::CASES, exchange::CASES, answers::CASES, questions::CASES];
    tables.into_iter().flatten().collect()
}
