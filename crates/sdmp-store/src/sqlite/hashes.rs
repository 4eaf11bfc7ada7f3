//! Rows by the hashes that name them: identifiers of resources and of lines.

use rusqlite::{Connection, params};

use super::Failure;
use crate::plan::Row;

/// The parts in which new entries are moved to the large table.
const PARTS: u64 = 128;

/// After how many rows the next part is moved.
const ROWS: u64 = 64;

/// More than any first octets.
const END: [u8; 9] = [u8::MAX; 9];

/// Enters a row.
pub(super) fn insert(db: &Connection, row: &Row, n: i64) -> Result<(), Failure> {
    let mut statement = db.prepare_cached(
        "INSERT INTO recent VALUES (substr(?1, 1, 8), ?3), (substr(?2, 1, 8), ?3)",
    )?;
    let id = row.fact.meta().id.as_octets();
    statement.execute(params![id, row.line.lid.as_bytes(), n])?;
    Ok(())
}

/// Enters a row that may be entered already.
pub(super) fn insert_again(db: &Connection, n: i64) -> Result<(), Failure> {
    let mut statement = db.prepare_cached(
        "INSERT OR IGNORE INTO recent SELECT substr(id, 1, 8), n FROM resource WHERE n = ?1
         UNION ALL SELECT substr(lid, 1, 8), n FROM resource WHERE n = ?1",
    )?;
    statement.execute([n])?;
    Ok(())
}

/// Moves entries to the large table, while the journal grows from `before` to `after` lines.
///
/// Hashes lie at random places of an index, so a commit of 64 rows wrote 128 of its pages. What is moved
/// here lies side by side: two entries a row in a few pages, whatever the number of rows. Which part comes
/// next follows from the number of lines, so nothing has to be kept.
pub(super) fn settle(db: &Connection, before: u64, after: u64) -> Result<(), Failure> {
    for step in before.div_euclid(ROWS)..after.div_euclid(ROWS) {
        let part = u8::try_from(step.rem_euclid(PARTS)).unwrap_or(0);
        let from = part.saturating_mul(2);
        let next = from.checked_add(2).map(|next| [next]);
        let bounds = params![[from], next.as_ref().map_or(END.as_slice(), <[u8; 1]>::as_slice)];
        db.prepare_cached(
            "INSERT OR IGNORE INTO hash SELECT h, n FROM recent WHERE h >= ?1 AND h < ?2",
        )?
        .execute(bounds)?;
        db.prepare_cached("DELETE FROM recent WHERE h >= ?1 AND h < ?2")?.execute(bounds)?;
    }
    Ok(())
}

/// Writes all entries anew.
pub(super) fn rebuild(db: &Connection) -> Result<(), Failure> {
    db.execute_batch(
        "DELETE FROM recent; DELETE FROM hash;
         INSERT INTO hash SELECT substr(id, 1, 8), n FROM resource
           UNION SELECT substr(lid, 1, 8), n FROM resource",
    )?;
    Ok(())
}
