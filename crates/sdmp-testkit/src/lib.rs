#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

#[cfg(feature = "pair")]
pub mod attacker;
pub mod examples;
pub mod hex;
#[cfg(feature = "keys")]
pub mod keys;
#[cfg(feature = "people")]
pub mod nodes;
pub mod older;
#[cfg(feature = "pair")]
pub mod pair;
#[cfg(feature = "carrier")]
pub mod probe;
#[cfg(feature = "keys")]
pub mod random;
#[cfg(feature = "pair")]
pub mod sessions;
pub mod vectors;
