//! What is shown, what takes room, and what goes first.

use sdmp_journal::{Fingerprint, Identifier};
use tokio_postgres::Row;

use super::link::{Failure, Link};
use super::texts::count;
use crate::columns::{fingerprint, identifier, signed, unsigned};

pub(super) fn last_event(link: &Link) -> Result<u64, Failure> {
    let last = link.row("SELECT coalesce(max(e), 0) FROM event", &[])?;
    let last = last.map(|row| row.try_get::<_, i64>(0)).transpose()?;
    Ok(unsigned(last.unwrap_or(0))?)
}

/// Sealed texts that can be shown (N40), the latest line first.
pub(super) fn shown(
    link: &Link,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, Identifier)>, Failure> {
    let before = before.map_or(Ok(i64::MAX), signed)?;
    let found = link.rows(
        "SELECT n, id FROM opened JOIN resource USING (n)
         WHERE n < $1 AND sealed IS NOT NULL ORDER BY n DESC LIMIT $2",
        &[&before, &count(limit)],
    )?;
    let read = |row: &Row| Ok((unsigned(row.try_get(0)?)?, identifier(row.try_get(1)?)?));
    found.iter().map(read).collect()
}

/// How many octets of content are here, by author (N51).
pub(super) fn octets(link: &Link) -> Result<Vec<(Fingerprint, u64)>, Failure> {
    let found = link.rows(
        "SELECT author, sum(size)::bigint FROM resource
         WHERE kind >= 3 AND gone = 0 GROUP BY author ORDER BY author",
        &[],
    )?;
    let read = |row: &Row| Ok((fingerprint(row.try_get(0)?)?, unsigned(row.try_get(1)?)?));
    found.iter().map(read).collect()
}

/// The content of an author that goes first (N50).
pub(super) fn first_to_go(
    link: &Link,
    author: &Fingerprint,
    limit: usize,
) -> Result<Vec<(Identifier, u64)>, Failure> {
    let found = link.rows(
        "SELECT id, size FROM resource LEFT JOIN opened USING (n)
         WHERE author = $1 AND kind > 3 AND gone = 0
         ORDER BY opened.n IS NULL OR sealed IS NOT NULL, n LIMIT $2",
        &[&author.as_octets().as_slice(), &count(limit)],
    )?;
    let read = |row: &Row| Ok((identifier(row.try_get(0)?)?, unsigned(row.try_get(1)?)?));
    found.iter().map(read).collect()
}
