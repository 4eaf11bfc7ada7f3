//! Octets only: what is below is the README, and each module says which rules it keeps.
//!
#![doc = include_str!("../README.md")]

pub mod content;
pub mod dh;
pub mod error;
pub mod hash;
pub mod hkdf;
pub mod random;
pub mod rsa;
pub mod secret;

pub use error::Error;
