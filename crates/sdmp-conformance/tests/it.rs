//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod extensions;
mod handshake_vectors;
mod peer;
mod transcript;
mod vectors;
mod wrong_nodes;
mod wrong_peers;
