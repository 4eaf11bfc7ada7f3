//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that is wrong should stop"
)]

mod bounds;
mod common;
mod hostile;
