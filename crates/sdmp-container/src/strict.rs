//! The strict JSON parser (R3, R4).
//!
//! It is written by hand because a general parser keeps one of two duplicate members, replaces or
//! splits lone surrogates, rounds integers, and has no code for each of these faults.
//!
//! It reads the text once, in time linear in its length, and never recurses deeper than
//! [`Limits::MAX_DEPTH`](crate::Limits::MAX_DEPTH).

mod locate;
mod number;
mod parser;
mod string;
mod value;

pub use locate::position_of;
pub(crate) use locate::{line_and_column, locate};
pub use number::Number;
pub use parser::parse;
pub(crate) use parser::{check_start, fault_of_utf8, parse_text};
pub use value::{Members, Object, Value};
