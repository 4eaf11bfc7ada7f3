#![doc = include_str!("../README.md")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "errors of other crates and of the system grow variants; here each match has one sensible default"
)]

pub mod address;
mod blocking;
pub mod channels;
pub mod error;
pub mod file;
pub mod fingerprint;
pub mod home;
pub mod introduction;
#[cfg(feature = "node")]
pub mod node;
pub mod opener;
pub mod recording;
pub mod transfer;
pub mod trust;
pub mod tunnel;
mod wear;

pub use address::Address;
pub use error::Error;
pub use home::{Home, Named};
#[cfg(feature = "node")]
pub use node::Node;
pub use opener::Opener;
pub use recording::Recorder;
pub use trust::HomeTrust;
