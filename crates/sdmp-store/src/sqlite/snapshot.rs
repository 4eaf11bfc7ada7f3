//! One state: the lines up to a number.

use std::cell::RefCell;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use sdmp_journal::fact::{BarFact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::sync::Library;
use sdmp_journal::view::{Facts, Tally};
use sdmp_journal::{Fingerprint, Head, Identifier, Line, LineId, Timestamp, View};

use super::rows;
use super::{Failure, Shared, State};
use crate::Error;
use crate::columns::{self, fingerprint, identifier, line_id, signed, unsigned};
use crate::contract::{Event, Gone, Snapshot};
use crate::lookups::control_lookups;

/// A snapshot of a SQLite store.
pub(super) struct SqliteSnapshot {
    shared: Arc<Shared>,
    state: State,
    /// Given back when the snapshot is dropped.
    reader: Option<Connection>,
    failed: RefCell<Option<Error>>,
}

impl SqliteSnapshot {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, Error> {
        let (state, reader) = (shared.state(), shared.reader()?);
        Ok(Self { shared, state, reader: Some(reader), failed: RefCell::new(None) })
    }

    /// A lookup's answer, or that of nothing; the failure is kept for [`Snapshot::check`].
    fn look<T: Default>(&self, look: impl FnOnce(&Connection) -> Result<T, Failure>) -> T {
        let Some(reader) = &self.reader else { return T::default() };
        look(reader).unwrap_or_else(|failure| {
            // A view cannot fail, so the error is kept for `check`, which callers ask before they
            // rely on an answer.
            *self.failed.borrow_mut() = Some(failure.into());
            T::default()
        })
    }
}

impl Drop for SqliteSnapshot {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.shared.give_back(reader);
        }
    }
}

impl View for SqliteSnapshot {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        // Control is in memory: most questions never reach the database.
        let control = self.state.control.meta(id);
        control.or_else(|| self.look(|db| rows::meta(db, id, self.state.head.count())))
    }

    control_lookups!(self => &self.state.control);
}

impl Library for SqliteSnapshot {
    fn head(&self) -> Head {
        self.state.head.clone()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        let after = if *since == LineId::first(&self.state.node) {
            Some(1)
        } else {
            self.look(|db| line_number(db, since))
        };
        let after =
            after.filter(|after| unsigned(*after).is_ok_and(|n| n <= self.state.head.count()))?;
        Some(self.look(|db| lines(db, after, signed(self.state.head.count())?, limit)))
    }

    fn text(&self, id: &Identifier) -> Option<Arc<str>> {
        self.look(|db| {
            let mut statement = db.prepare_cached(
                "SELECT n, size, text, name FROM place JOIN resource USING (n)
                 LEFT JOIN text USING (n) LEFT JOIN blob USING (n)
                 WHERE h = substr(?1, 1, 8) AND id = ?1 AND n <= ?2",
            )?;
            let last = signed(self.state.head.count())?;
            let mut rows = statement.query(params![id.as_octets(), last])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let (text, name): (Option<Vec<u8>>, Option<String>) = (row.get(2)?, row.get(3)?);
            let text = match name {
                Some(name) => self.shared.elsewhere(row.get(0)?, row.get(1)?, &name)?,
                None => text,
            };
            let text = text.map(String::from_utf8).transpose();
            Ok(text.map_err(|_| Error::Damaged("a text"))?.map(Arc::from))
        })
    }

    fn has_address(&self, node: &Fingerprint) -> bool {
        self.look(|db| {
            // The newest counts (N5).
            let mut statement = db.prepare_cached(
                "SELECT address FROM resource JOIN key ON k = signer
                 WHERE fp = ?1 AND kind = 3 AND gone < 2 AND n <= ?2
                 ORDER BY created DESC, id DESC LIMIT 1",
            )?;
            let last = signed(self.state.head.count())?;
            Ok(statement
                .query_row(params![node.as_octets(), last], |row| row.get(0))
                .optional()?
                .unwrap_or(false))
        })
    }
}

impl Snapshot for SqliteSnapshot {
    fn clock(&self) -> Option<Timestamp> {
        self.state.clock
    }

    fn gone(&self, id: &Identifier) -> Option<Gone> {
        self.look(|db| {
            let mut statement = db.prepare_cached(
                "SELECT gone, n FROM place JOIN resource USING (n)
                 WHERE h = substr(?1, 1, 8) AND id = ?1 AND n <= ?2",
            )?;
            let last = signed(self.state.head.count())?;
            let found = statement
                .query_row(params![id.as_octets(), last], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((gone, n)) = found else { return Ok(None) };
            let gone = Gone::from_number(gone).ok_or(Error::Damaged("a reason"))?;
            Ok(Some(self.shared.reason(gone, n)))
        })
    }

    fn rows(&self, from: u64, limit: usize) -> Vec<Identifier> {
        self.look(|db| {
            let mut statement = db.prepare_cached(
                "SELECT id FROM resource WHERE n >= ?1 AND n <= ?2 ORDER BY n LIMIT ?3",
            )?;
            let bounds = params![signed(from)?, signed(self.state.head.count())?, count(limit)];
            identifiers(&mut statement, bounds)
        })
    }

    fn check(&self) -> Result<(), Error> {
        self.failed.borrow().clone().map_or(Ok(()), Err)
    }
}

/// A limit as SQLite takes it.
pub(super) fn count(limit: usize) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}

fn identifiers(
    statement: &mut rusqlite::Statement<'_>,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Identifier>, Failure> {
    let mut found = Vec::new();
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        found.push(identifier(&row.get::<_, Vec<u8>>(0)?)?);
    }
    Ok(found)
}

fn line_number(db: &Connection, lid: &LineId) -> Result<Option<i64>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT n FROM place JOIN resource USING (n) WHERE h = substr(?1, 1, 8) AND lid = ?1",
    )?;
    Ok(statement.query_row([lid.as_bytes()], |row| row.get(0)).optional()?)
}

fn lines(db: &Connection, after: i64, last: i64, limit: usize) -> Result<Vec<Line>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT lid, fp, id FROM resource JOIN key ON k = author
         WHERE n > ?1 AND n <= ?2 ORDER BY n LIMIT ?3",
    )?;
    let mut found = Vec::new();
    let mut rows = statement.query(params![after, last, count(limit)])?;
    while let Some(row) = rows.next()? {
        let blob = |place: usize| row.get::<_, Vec<u8>>(place);
        found.push(Line {
            lid: line_id(&blob(0)?)?,
            author: fingerprint(&blob(1)?)?,
            id: identifier(&blob(2)?)?,
        });
    }
    Ok(found)
}

/// Whether a row names this object.
#[cfg(feature = "objects")]
pub(super) fn is_named(db: &Connection, name: &str) -> Result<bool, Failure> {
    Ok(db.prepare_cached("SELECT 1 FROM blob WHERE name = ?1")?.exists([name])?)
}

/// Sealed texts that were not tried, the newest first (N40).
pub(super) fn unopened(db: &Connection, limit: usize) -> Result<Vec<Identifier>, Failure> {
    let mut statement = db
        .prepare_cached("SELECT id FROM sealed JOIN resource USING (n) ORDER BY n DESC LIMIT ?1")?;
    identifiers(&mut statement, [count(limit)])
}

/// What happened after an event.
pub(super) fn events(db: &Connection, after: u64, limit: usize) -> Result<Vec<Event>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT e, id, what, event.gone FROM event JOIN resource USING (n)
         WHERE e > ?1 ORDER BY e LIMIT ?2",
    )?;
    let mut found = Vec::new();
    let mut rows = statement.query(params![signed(after)?, count(limit)])?;
    while let Some(row) = rows.next()? {
        found.push(Event {
            number: unsigned(row.get(0)?)?,
            id: identifier(&row.get::<_, Vec<u8>>(1)?)?,
            what: columns::what(row.get(2)?, row.get(3)?)?,
        });
    }
    Ok(found)
}
