//! The tests of this crate's public face, in one program.

#![allow(
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod address;
mod attacks;
mod authority;
mod batch;
mod common;
mod cost;
mod example;
mod histories;
mod introduction;
mod journal;
mod judge;
mod liars;
mod machine;
mod sealed;
