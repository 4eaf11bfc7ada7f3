#![doc = include_str!("../README.md")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "what is shown of a kind that has nothing special is one sensible default"
)]

mod container;
pub mod escape;
mod fields;
mod input;
mod inspect;
pub mod key_log;
mod known;
mod message_kind;
mod redact;
pub mod render;
mod report;
mod session;
mod shorten;
mod transcript;

pub use input::{Input, InputKind, recording};
pub use inspect::{Keys, inspect, inspect_session};
pub use known::KnownIdentities;
pub use message_kind::Kind;
pub use report::{Check, Checks, Field, Layer, Outcome, Report, Session, Step, Who};
pub use transcript::{Piece, Seen, Transcript};
