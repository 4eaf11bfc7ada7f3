//! The tests of this crate's public face, in one program.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

mod channels;
mod common;
#[cfg(feature = "node")]
mod conformance;
#[cfg(feature = "node")]
mod crowd;
mod examples;
mod home;
mod introduction;
#[cfg(feature = "node")]
mod node;
#[cfg(feature = "node")]
mod node_tools;
mod pieces;
mod recording;
#[cfg(all(feature = "node", unix))]
mod slow_carriers;
mod transfer;
mod trust;
mod tunnel;
