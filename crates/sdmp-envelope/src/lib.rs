//! What joins SDMP 0.12 containers to cryptography: identities, private keys, signature
//! containers and encrypted containers.
#![doc = ""]

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

pub use content::{ContentKey, STEP};
pub use error::Error;
pub use identity::{Identity, LocalIdentity};
