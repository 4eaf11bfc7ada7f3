#![doc = include_str!("../README.md")]

mod contract;
mod error;
mod faults;
mod memory;
mod plan;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use contract::{
    Append, Appended, Changes, Event, Gone, Kept, Opening, Snapshot, Store, What,
};
pub use error::Error;
pub use faults::Faults;
pub use memory::Memory;
pub use plan::LONGEST_APPEND;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
