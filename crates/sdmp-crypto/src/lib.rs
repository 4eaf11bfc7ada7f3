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
