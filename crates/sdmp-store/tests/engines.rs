//! The suite, for each engine.

use sdmp_journal::Fingerprint;
use sdmp_store::suite::Place;
use sdmp_store::{Error, Faults, Memory, Sqlite, sqlite};
use tempfile::TempDir;

pub(crate) struct MemoryPlace(Memory);

impl Place for MemoryPlace {
    type Store = Memory;

    fn new(node: &Fingerprint) -> Self {
        Self(Memory::new(node.clone()))
    }

    fn open(&self, faults: Faults) -> Result<Memory, Error> {
        Ok(self.0.reopen(faults))
    }
}

pub(crate) struct SqlitePlace {
    directory: TempDir,
    node: Fingerprint,
}

impl SqlitePlace {
    pub(crate) fn options(&self) -> sqlite::Options {
        let place = self.directory.path();
        sqlite::Options::new(place.join("store"), self.node.clone())
            .with_token(place.join("token"))
            .with_reserve(1 << 16)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }
}

impl Place for SqlitePlace {
    type Store = Sqlite;

    fn new(node: &Fingerprint) -> Self {
        Self { directory: TempDir::new().unwrap(), node: node.clone() }
    }

    fn open(&self, faults: Faults) -> Result<Sqlite, Error> {
        Sqlite::open(&self.options().with_faults(faults))
    }
}

sdmp_store::suite!(memory, MemoryPlace);
sdmp_store::suite!(in_sqlite, SqlitePlace);
