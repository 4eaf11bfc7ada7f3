//! What nodes say to each other inside a session (N25 to N28).
//!
//! An exchange object is a signed resource that is never published: lines that were added to a
//! journal, a request, or an answer. [`open`] checks what came, [`seal`] writes what goes;
//! [`answer`] finds what a peer may be given, and [`check`] holds an answer against the request.

pub mod answer;
pub mod body;
pub mod check;
mod frame;
mod read;
mod write;

pub use body::{Answered, Body, Given, Lines, RequestId, Response};
pub use frame::{Opened, Sender, open, read_payload, seal, write_payload};

/// The most lines of one object (N26, N51).
pub const MAX_LINES: usize = 4_096;
/// The most resources that one request names (N32, N51).
pub const MAX_NAMES: usize = 64;
/// The most octets of resources in one answer (N27).
pub const MAX_ANSWER: usize = 8 << 20;
