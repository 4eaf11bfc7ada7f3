//! The tests of this crate's public face, in one program: linking one for each file would take
//! longer than running them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that is wrong should stop"
)]

mod common;
mod container;
mod demo;
mod hostile_sender;
mod inspect;
mod introduce;
mod keys;
mod machine;
mod output;
#[cfg(target_os = "linux")]
mod prompt;
mod running_listener;
mod session;
#[cfg(unix)]
mod signals;
mod transfer;
mod tunnel;
