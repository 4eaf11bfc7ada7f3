//! One state: the lines up to a number.

use std::cell::RefCell;
use std::sync::Arc;

use sdmp_journal::fact::{BarFact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::sync::Library;
use sdmp_journal::view::{Facts, Tally};
use sdmp_journal::{Fingerprint, Head, Identifier, Line, LineId, Timestamp, View};

use super::link::{Failure, Link};
use super::texts::count;
use super::{State, rows};
use crate::Error;
use crate::columns::{fingerprint, identifier, line_id, signed};
use crate::contract::{Gone, Snapshot};
use crate::lookups::control_lookups;

/// A snapshot of a PostgreSQL store.
pub(super) struct PostgresSnapshot {
    node: Fingerprint,
    state: State,
    link: Arc<Link>,
    failed: RefCell<Option<Error>>,
}

impl PostgresSnapshot {
    pub(super) fn new(node: Fingerprint, state: State, link: Arc<Link>) -> Self {
        Self { node, state, link, failed: RefCell::new(None) }
    }

    /// A lookup's answer, or that of nothing; the failure is kept for [`Snapshot::check`].
    fn look<T: Default>(&self, look: impl FnOnce(&Link, i64) -> Result<T, Failure>) -> T {
        let count = signed(self.state.head.count()).map_err(Failure::from);
        count.and_then(|count| look(&self.link, count)).unwrap_or_else(|failure| {
            *self.failed.borrow_mut() = Some(failure.into());
            T::default()
        })
    }
}

impl View for PostgresSnapshot {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        let control = self.state.control.meta(id);
        let count = self.state.head.count();
        control
            .or_else(|| self.look(|link, _| Ok(rows::metas(link, &[id.as_octets()], count)?.pop())))
    }

    control_lookups!(self => &self.state.control);
}

impl Library for PostgresSnapshot {
    fn head(&self) -> Head {
        self.state.head.clone()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        let after = if *since == LineId::first(&self.node) {
            Some(1)
        } else {
            self.look(|link, last| {
                let found = link.row(
                    "SELECT n FROM resource WHERE lid = $1 AND n <= $2",
                    &[&since.as_bytes().as_slice(), &last],
                )?;
                Ok(found.map(|row| row.try_get::<_, i64>(0)).transpose()?)
            })
        }?;
        Some(self.look(|link, last| lines(link, after, last, limit)))
    }

    fn text(&self, id: &Identifier) -> Option<Arc<str>> {
        self.look(|link, last| {
            let found = link.row(
                "SELECT text FROM text JOIN resource USING (n) WHERE id = $1 AND n <= $2",
                &[&id.as_octets().as_slice(), &last],
            )?;
            let text = found.map(|row| row.try_get::<_, Vec<u8>>(0)).transpose()?;
            let text = text.map(String::from_utf8).transpose();
            Ok(text.map_err(|_| Error::Damaged("a text"))?.map(Arc::from))
        })
    }

    fn has_address(&self, node: &Fingerprint) -> bool {
        self.look(|link, last| {
            // The newest counts (N5); without a date it is the oldest.
            let found = link.row(
                "SELECT address FROM resource WHERE signer = $1 AND kind = 3 AND gone = 0 AND n <= $2
                 ORDER BY created DESC NULLS LAST, id DESC LIMIT 1",
                &[&node.as_octets().as_slice(), &last],
            )?;
            Ok(found.map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
        })
    }
}

impl Snapshot for PostgresSnapshot {
    fn clock(&self) -> Option<Timestamp> {
        self.state.clock
    }

    fn gone(&self, id: &Identifier) -> Option<Gone> {
        self.look(|link, last| {
            let found = link.row(
                "SELECT gone FROM resource WHERE id = $1 AND n <= $2",
                &[&id.as_octets().as_slice(), &last],
            )?;
            let Some(row) = found else { return Ok(None) };
            let gone = Gone::from_number(row.try_get(0)?);
            Ok(Some(gone.ok_or(Error::Damaged("a reason"))?))
        })
    }

    fn rows(&self, from: u64, limit: usize) -> Vec<Identifier> {
        self.look(|link, last| {
            let found = link.rows(
                "SELECT id FROM resource WHERE n >= $1 AND n <= $2 ORDER BY n LIMIT $3",
                &[&signed(from)?, &last, &count(limit)],
            )?;
            found.iter().map(|row| Ok(identifier(row.try_get(0)?)?)).collect()
        })
    }

    fn check(&self) -> Result<(), Error> {
        self.failed.borrow().clone().map_or(Ok(()), Err)
    }
}

fn lines(link: &Link, after: i64, last: i64, limit: usize) -> Result<Vec<Line>, Failure> {
    let found = link.rows(
        "SELECT lid, author, id FROM resource WHERE n > $1 AND n <= $2 ORDER BY n LIMIT $3",
        &[&after, &last, &count(limit)],
    )?;
    let read = |row: &tokio_postgres::Row| -> Result<Line, Failure> {
        let blob = |place: usize| row.try_get::<_, &[u8]>(place);
        Ok(Line {
            lid: line_id(blob(0)?)?,
            author: fingerprint(blob(1)?)?,
            id: identifier(blob(2)?)?,
        })
    };
    found.iter().map(read).collect()
}
