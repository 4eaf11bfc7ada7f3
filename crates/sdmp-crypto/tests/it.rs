//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod common;
mod dh;
mod forgeries;
mod rsa;
mod rsa_encoding;
mod rsa_encrypted;
mod wycheproof;
