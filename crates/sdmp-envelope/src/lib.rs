#![cfg_attr(feature = "aws-lc-rs", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "aws-lc-rs"),
    doc = "What joins SDMP 0.12 containers to cryptography, without recipient encryption."
)]

mod check;
mod content;
mod error;
mod identity;

pub mod compat;
#[cfg(feature = "aws-lc-rs")]
pub mod encrypted;
pub mod network;
pub mod private_key;
pub mod signature;

pub use content::{ContentKey, PADDING_BLOCK};
pub use error::Error;
pub use identity::{Identity, LocalIdentity};
