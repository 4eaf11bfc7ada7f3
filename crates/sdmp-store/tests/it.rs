//! The tests of this crate's public face, in one program.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that is wrong should stop"
)]

mod engines;
mod kill;
mod objects;
mod postgres;
mod sqlite;
