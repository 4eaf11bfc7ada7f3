#![doc = include_str!("../README.md")]

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod columns;
mod contract;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod control;
mod error;
mod faults;
mod fsck;
mod lookups;
mod memory;
mod plain;
mod plan;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

pub use contract::{Append, Appended, Changes, Event, Gone, Kept, Opening, Snapshot, Store, What};
pub use error::Error;
pub use faults::Faults;
pub use fsck::{Fault, Report, fsck};
pub use memory::Memory;
pub use plain::{Imported, export, import};
pub use plan::LONGEST_APPEND;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
