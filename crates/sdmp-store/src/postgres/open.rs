//! Opening: the schema, its tables, the token.

use sdmp_journal::{Fingerprint, Head};

use super::link::{Failure, Link};
use super::{Options, VERSION, rows};
use crate::columns::{fingerprint, line_id, signed, time, unsigned};
use crate::{Error, private};

/// The steps from one version of the tables to the next, each one transaction, forward only.
const MIGRATIONS: [&str; 2] = [include_str!("001.sql"), include_str!("002.sql")];

/// Brings the tables to this program's version, and compares the tokens (N47). Two processes that
/// open at the same time do it one after the other.
pub(super) fn prepare(link: &Link, options: &Options) -> Result<(), Error> {
    let result = in_transaction(link, |link| migrate(link, options));
    result.map_err(Error::from)?;
    if options.repair {
        in_transaction(link, rows::reindex_control).map_err(Error::from)?;
    }
    let row = link.row("SELECT node, token, seq FROM head", &[]).map_err(Error::from)?;
    let row = row.ok_or(Error::Damaged("the head"))?;
    let read = |place: usize| row.try_get::<_, Vec<u8>>(place).map_err(Failure::from);
    if fingerprint(&read(0).map_err(Error::from)?)? != options.node {
        return Err(Error::OtherNode);
    }
    let seq: i64 = row.try_get(2).map_err(|error| Error::from(Failure::from(error)))?;
    let second = options.token.as_deref();
    private::check_token(second, options.moved, &read(1).map_err(Error::from)?, seq == 1)
}

/// All of it, or nothing.
pub(super) fn in_transaction<T>(
    link: &Link,
    work: impl FnOnce(&Link) -> Result<T, Failure>,
) -> Result<T, Failure> {
    link.batch("BEGIN")?;
    let result = work(link).and_then(|value| link.batch("COMMIT").map(|()| value));
    if result.is_err() {
        // Fails where the connection has gone, and the transaction with it.
        drop(link.batch("ROLLBACK"));
    }
    result
}

fn migrate(link: &Link, options: &Options) -> Result<(), Failure> {
    let schema = &options.schema;
    link.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[schema])?;
    // What is there is not made again: a role without the right to make schemas can open its own.
    let exists = !link.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[schema])?.is_empty();
    if !exists {
        link.batch(&format!("CREATE SCHEMA {schema}"))?;
    }
    link.batch("CREATE TABLE IF NOT EXISTS version (number BIGINT PRIMARY KEY)")?;
    let found = link.row("SELECT coalesce(max(number), 0) FROM version", &[])?;
    let found: i64 = found.map_or(Ok(0), |row| row.try_get(0))?;
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION }.into());
    }
    let done = usize::try_from(found).map_err(|_| Error::Damaged("the version"))?;
    for (number, step) in (found + 1..).zip(MIGRATIONS.iter().skip(done)) {
        options.faults.at("migrate")?;
        link.batch(step)?;
        if number == 1 {
            first(link, &options.node)?;
        }
        link.execute("INSERT INTO version VALUES ($1)", &[&number])?;
        options.faults.at("migrated")?;
    }
    Ok(())
}

/// The head of a new journal (N21), and its token (N47).
fn first(link: &Link, node: &Fingerprint) -> Result<(), Failure> {
    let head = Head::new(node);
    link.execute(
        "INSERT INTO head VALUES (1, $1, $2, $3, $4, NULL,
         uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 0)",
        &[
            &node.as_octets().as_slice(),
            &signed(head.count())?,
            &head.last().as_bytes().as_slice(),
            &head.next().as_bytes().as_slice(),
        ],
    )?;
    Ok(())
}

/// The head as it stands in the tables.
pub(super) struct HeadRow {
    pub(super) head: Head,
    pub(super) clock: Option<sdmp_journal::Timestamp>,
    pub(super) fence: i64,
}

/// Reads the head; `is_locked` makes other transactions that write wait for the end of this one.
pub(super) fn head(link: &Link, is_locked: bool) -> Result<HeadRow, Failure> {
    let row = if is_locked {
        link.row("SELECT seq, last, next, clock, fence FROM head FOR UPDATE", &[])?
    } else {
        link.row("SELECT seq, last, next, clock, fence FROM head", &[])?
    };
    let row = row.ok_or(Error::Damaged("the head"))?;
    let line =
        |place: usize| -> Result<_, Failure> { Ok(line_id(row.try_get::<_, &[u8]>(place)?)?) };
    let clock: Option<i64> = row.try_get(3)?;
    Ok(HeadRow {
        head: Head::restore(unsigned(row.try_get(0)?)?, line(1)?, line(2)?),
        clock: clock.map(time).transpose()?,
        fence: row.try_get(4)?,
    })
}
