//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that is wrong should stop"
)]

mod allocations;
mod batches;
mod common;
mod compat;
mod encrypted;
mod hidden;
mod identity;
mod memory;
mod network;
mod private_key;
mod resources;
mod signature;
