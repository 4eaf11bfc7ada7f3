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
#[cfg(feature = "objects")]
pub mod objects;
#[cfg(all(feature = "sqlite", not(feature = "objects")))]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "engines ask where a text is, also where it can only be in the database"
)]
mod objects;
mod plain;
mod plan;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod private;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

pub use contract::{
    Append, Appended, Changes, Event, Gone, Kept, Lease, Opening, Snapshot, Store, What,
};
pub use error::Error;
pub use faults::Faults;
pub use fsck::{Fault, Report, fsck, repair};
pub use memory::Memory;
pub use plain::{Imported, export, import};
pub use plan::{LONGEST_APPEND, LONGEST_APPEND_OCTETS};
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

/// A lock that outlives a panic elsewhere: what it guards is replaced as a whole.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
