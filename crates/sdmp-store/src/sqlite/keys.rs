//! Keys by short numbers.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use sdmp_journal::Fingerprint;

use super::Failure;

/// The numbers of the keys that were met lately.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<Fingerprint, i64>);

/// More than a busy node meets in a while; a bound, because strangers' journals name keys.
const MOST: usize = 16_384;

impl Keys {
    /// The number of a key, which is given one if it has none.
    pub(super) fn number(&mut self, db: &Connection, key: &Fingerprint) -> Result<i64, Failure> {
        if let Some(number) = self.0.get(key) {
            return Ok(*number);
        }
        let number = match find(db, key)? {
            Some(number) => number,
            None => {
                db.prepare_cached("INSERT INTO key (fp) VALUES (?1)")?
                    .execute([key.as_octets()])?;
                db.last_insert_rowid()
            }
        };
        // Emptied rather than sorted by use: filling it again costs one look-up a key.
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key.clone(), number);
        Ok(number)
    }

    /// Forgets all: after a transaction that was taken back, numbers may be others.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The number of a key, if it has one.
pub(super) fn find(db: &Connection, key: &Fingerprint) -> Result<Option<i64>, Failure> {
    let mut statement = db.prepare_cached("SELECT k FROM key WHERE fp = ?1")?;
    Ok(statement.query_row([key.as_octets()], |row| row.get(0)).optional()?)
}
