//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::as_conversions,
    clippy::duplicate_mod,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that is wrong should stop"
)]

mod book_examples;
mod carriers;
mod common;
mod examples;
mod files;
mod hostile;
mod hostile_files;
mod hostile_limits;
mod hostile_listener;
mod hostile_websocket;
mod runtime;
mod session;
mod stream;
mod wrappers;
