#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a simulation in which something is wrong should stop"
)]

mod checks;
pub mod crowd;
pub mod dice;
pub mod history;
pub mod node;
mod observer;
pub mod people;
mod sessions;
pub mod world;

pub use node::Node;
pub use sdmp_store::suite::people::{Key, Keyed, at};
pub use world::World;
