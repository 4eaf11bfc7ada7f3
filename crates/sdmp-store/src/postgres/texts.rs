//! Texts: given up, put back, opened; and what is told of them.

use sdmp_journal::{Code, Fingerprint, Identifier, Resource};

use super::link::{Failure, Link};
use super::rows;
use crate::Error;
use crate::columns::{identifier, signed, unsigned, what};
use crate::contract::{Event, Gone, Opening, What};

/// Gives up texts of content (N50), in the order in which they are named.
pub(super) fn give_up(link: &Link, ids: &[Identifier], reason: Gone) -> Result<usize, Failure> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_octets().as_slice()).collect();
    let found = link.rows(
        "SELECT n FROM resource JOIN (SELECT id, min(place) AS place
           FROM unnest($1::bytea[]) WITH ORDINALITY AS named (id, place) GROUP BY id) named USING (id)
         WHERE kind >= 3 AND gone = 0 ORDER BY place",
        &[&ids],
    )?;
    let lines = found.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    take_texts(link, &lines, reason)
}

fn take_texts(link: &Link, lines: &[i64], reason: Gone) -> Result<usize, Failure> {
    link.execute("DELETE FROM text WHERE n = ANY ($1)", &[&lines])?;
    link.execute("UPDATE resource SET gone = $2 WHERE n = ANY ($1)", &[&lines, &reason.number()])?;
    rows::events(link, lines, What::Gone(reason))?;
    Ok(lines.len())
}

/// Blocks an author, whose texts go; or ends that, which brings none back.
pub(super) fn block(link: &Link, author: &Fingerprint, blocked: bool) -> Result<usize, Failure> {
    let author = author.as_octets().as_slice();
    if !blocked {
        link.execute("DELETE FROM blocked WHERE fp = $1", &[&author])?;
        return Ok(0);
    }
    link.execute("INSERT INTO blocked VALUES ($1) ON CONFLICT DO NOTHING", &[&author])?;
    let found = link.rows(
        "SELECT n FROM resource WHERE author = $1 AND kind >= 3 AND gone = 0 ORDER BY n",
        &[&author],
    )?;
    let lines = found.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    take_texts(link, &lines, Gone::Blocked)
}

/// Puts a text back (N50).
pub(super) fn restore(link: &Link, resource: &Resource) -> Result<bool, Failure> {
    let found = link.row(
        "UPDATE resource SET gone = 0 WHERE id = $1 AND signer = $2 AND gone NOT IN (0, 1) RETURNING n",
        &[&resource.id().as_octets().as_slice(), &resource.signer().as_octets().as_slice()],
    )?;
    let Some(row) = found else { return Ok(false) };
    let n: i64 = row.try_get(0)?;
    link.execute("INSERT INTO text VALUES ($1, $2)", &[&n, &resource.text().as_bytes()])?;
    rows::events(link, &[n], What::Back)?;
    Ok(true)
}

/// Notes that a sealed text was tried (N40): each inner identifier is shown once.
pub(super) fn opened(link: &Link, id: &Identifier, result: &Opening) -> Result<bool, Failure> {
    let n = rows::lines_of(link, &[id])?.remove(id);
    let n = n.ok_or(Error::Damaged("a resource that was opened is not known"))?;
    let (sealed, code) = match result {
        Opening::Shown(inner) => {
            let before = link.row(
                "SELECT 1 FROM opened WHERE sealed = $1 AND n <> $2",
                &[&inner.as_octets().as_slice(), &n],
            )?;
            (Some(inner.as_octets().as_slice()).filter(|_| before.is_none()), None)
        }
        Opening::Failed(code) => (None, Some(Code::as_str(*code))),
    };
    link.execute(
        "INSERT INTO opened VALUES ($1, $2, $3)
         ON CONFLICT (n) DO UPDATE SET sealed = excluded.sealed, code = excluded.code",
        &[&n, &sealed, &code],
    )?;
    rows::events(link, &[n], if sealed.is_some() { What::Shown } else { What::NotShown })?;
    Ok(sealed.is_some() || matches!(result, Opening::Failed(_)))
}

/// Sealed texts that were not tried, the newest first (N40).
pub(super) fn unopened(link: &Link, limit: usize) -> Result<Vec<Identifier>, Failure> {
    let found = link.rows(
        "SELECT id FROM resource WHERE kind = 8 AND gone = 0
         AND NOT EXISTS (SELECT 1 FROM opened WHERE opened.n = resource.n) ORDER BY n DESC LIMIT $1",
        &[&count(limit)],
    )?;
    found.iter().map(|row| Ok(identifier(row.try_get(0)?)?)).collect()
}

/// What happened after an event.
pub(super) fn events(link: &Link, after: u64, limit: usize) -> Result<Vec<Event>, Failure> {
    let found = link.rows(
        "SELECT e, id, what, event.gone FROM event JOIN resource USING (n)
         WHERE e > $1 ORDER BY e LIMIT $2",
        &[&signed(after)?, &count(limit)],
    )?;
    let read = |row: &tokio_postgres::Row| -> Result<Event, Failure> {
        Ok(Event {
            number: unsigned(row.try_get(0)?)?,
            id: identifier(row.try_get(1)?)?,
            what: what(row.try_get(2)?, row.try_get(3)?)?,
        })
    };
    found.iter().map(read).collect()
}

/// A limit as SQL takes it.
pub(super) fn count(limit: usize) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}
