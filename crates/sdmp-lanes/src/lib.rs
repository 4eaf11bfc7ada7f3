#![doc = include_str!("../README.md")]

#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod simd;
#[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
#[path = "no_simd.rs"]
mod simd;

mod buffer;
pub mod cbc;
mod engine;
pub mod hash;
pub mod hmac;
mod object;

pub use buffer::Object;
pub use engine::Engine;
pub use object::Key;

/// The object is not what was sealed; it says no more on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the object cannot be opened: it was changed, or sealed under another key or number (R35)")]
pub struct Error;
