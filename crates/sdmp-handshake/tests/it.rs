//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod allocations;
mod batches;
mod between;
mod by_value;
mod confirmation;
mod diagram;
mod finality;
mod key_log;
mod limits;
mod model;
mod objects;
mod pair;
mod proofs;
mod received;
mod refusal;
mod refusal_time;
mod round_trip;
mod schedule;
mod simulate;
mod simulator;
mod streams;
mod traffic;
mod values;
