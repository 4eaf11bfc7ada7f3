//! What is shown, what takes room, and what goes first.

use rusqlite::{Connection, params};
use sdmp_journal::{Fingerprint, Identifier};

use super::snapshot::count;
use super::{Failure, keys};
use crate::columns::{fingerprint, identifier, signed, unsigned};

pub(super) fn last_event(db: &Connection) -> Result<u64, Failure> {
    let last = db
        .prepare_cached("SELECT max(e) FROM event")?
        .query_row([], |row| row.get::<_, Option<i64>>(0))?;
    Ok(unsigned(last.unwrap_or(0))?)
}

/// Sealed texts that can be shown (N40), the latest line first.
pub(super) fn shown(
    db: &Connection,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, Identifier)>, Failure> {
    let before = before.map_or(Ok(i64::MAX), signed)?;
    let mut statement = db.prepare_cached(
        "SELECT n, id FROM opened JOIN resource USING (n)
         WHERE n < ?1 AND sealed IS NOT NULL ORDER BY n DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![before, count(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((unsigned(row.get(0)?)?, identifier(&row.get::<_, Vec<u8>>(1)?)?));
    }
    Ok(found)
}

/// How many octets of content are here, by author (N51). Counted as it comes and goes: to add them up would read
/// every row.
pub(super) fn octets(db: &Connection) -> Result<Vec<(Fingerprint, u64)>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT fp, octets FROM taken CROSS JOIN key USING (k) WHERE octets > 0 ORDER BY fp",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((fingerprint(&row.get::<_, Vec<u8>>(0)?)?, unsigned(row.get(1)?)?));
    }
    Ok(found)
}

/// Counts octets of content that came, by the number of its author.
pub(super) fn came(db: &Connection, author: i64, octets: i64) -> Result<(), Failure> {
    let mut statement = db.prepare_cached(
        "INSERT INTO taken VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET octets = octets + ?2",
    )?;
    statement.execute([author, octets])?;
    Ok(())
}

/// Counts the text of a line that comes back, or goes; before its row says so.
pub(super) fn changes(db: &Connection, n: i64, comes: bool) -> Result<(), Failure> {
    let mut statement = db.prepare_cached(
        "UPDATE taken SET octets = octets + ?2 * (SELECT size FROM resource WHERE n = ?1)
         WHERE k = (SELECT author FROM resource WHERE n = ?1)",
    )?;
    statement.execute([n, if comes { 1 } else { -1 }])?;
    Ok(())
}

/// Counts all anew.
pub(super) fn recount(db: &Connection) -> Result<(), Failure> {
    db.execute_batch(
        "DELETE FROM taken; INSERT INTO taken SELECT author, sum(size) FROM resource
         WHERE kind >= 3 AND gone < 2 GROUP BY author",
    )?;
    Ok(())
}

/// The content of an author that goes first (N50).
pub(super) fn first_to_go(
    db: &Connection,
    author: &Fingerprint,
    limit: usize,
) -> Result<Vec<(Identifier, u64)>, Failure> {
    let Some(author) = keys::find(db, author)? else { return Ok(Vec::new()) };
    let mut statement = db.prepare_cached(
        "SELECT id, size FROM resource LEFT JOIN opened USING (n)
         WHERE author = ?1 AND kind >= 3 AND gone < 2 AND kind > 3
         ORDER BY opened.n IS NULL OR sealed IS NOT NULL, n LIMIT ?2",
    )?;
    let mut rows = statement.query(params![author, count(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((identifier(&row.get::<_, Vec<u8>>(0)?)?, unsigned(row.get(1)?)?));
    }
    Ok(found)
}
