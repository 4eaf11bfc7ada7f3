//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod agreement;
mod common;
mod core_schemas;
mod extension_schemas;
mod files;
mod hostile;
