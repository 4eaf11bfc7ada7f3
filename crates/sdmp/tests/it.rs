//! The tests of the front door, in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that is wrong should stop"
)]

mod first_programs;
mod key_files;
