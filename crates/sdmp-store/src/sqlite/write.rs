//! What each writing call does, inside a transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use sdmp_journal::fact::{BarFact, Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::view::{Facts, Tally};
use sdmp_journal::{Code, Fingerprint, Identifier, Resource, View};

use super::hashes;
use super::keys::{self, Keys};
use super::rows::{event, insert, insert_text, meta, seal};
use super::{Failure, State, room, snapshot};
use crate::columns::{fingerprint, signed};
use crate::contract::{Append, Appended, Gone, Opening, What};
use crate::lookups::control_lookups;
use crate::objects::Names;
use crate::{Error, Faults, plan};

/// The control in memory, and content out of the transaction under way.
struct Live<'a> {
    db: &'a Connection,
    state: &'a State,
    failed: std::cell::RefCell<Option<Failure>>,
}

impl View for Live<'_> {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        if let Some(meta) = self.state.control.meta(id) {
            return Some(meta);
        }
        meta(self.db, id, self.state.head.count()).unwrap_or_else(|failure| {
            *self.failed.borrow_mut() = Some(failure);
            None
        })
    }

    control_lookups!(self => &self.state.control);
}

/// Judges again and writes (N22); `state` is moved on.
pub(super) fn append(
    db: &Connection,
    keys: &mut Keys,
    state: &mut State,
    append: Append,
    names: &Names,
    faults: &Faults,
) -> Result<Appended, Failure> {
    let live = Live { db, state, failed: std::cell::RefCell::new(None) };
    let plan = plan::plan(append, &live, &state.head, state.clock, &state.node);
    // A lookup that failed has answered something: its failure comes first.

    if let Some(failure) = live.failed.into_inner() {
        return Err(failure);
    }
    let plan::Plan { rows, appended, now } = plan?;
    let (mut blocked, mut came) = (Blocked::default(), BTreeMap::new());
    for row in &rows {
        faults.at("row")?;
        let name = names.get(&row.fact.meta().id).map(String::as_str);
        let gone = match name {
            _ if blocked.covers(db, &row.fact)? => Gone::Blocked,
            Some(_) => Gone::Elsewhere,
            None => Gone::Here,
        };
        insert(db, keys, row, now, gone, name)?;
        if gone < Gone::Revoked && !row.fact.meta().kind.is_control() {
            let octets: &mut i64 = came.entry(keys.number(db, &row.fact.meta().user)?).or_default();
            *octets = octets.saturating_add(signed(row.fact.meta().size)?);
        }
    }
    came.into_iter().try_for_each(|(author, octets)| room::came(db, author, octets))?;
    faults.at("head")?;
    let head = &appended.head;
    hashes::settle(db, state.head.count(), head.count())?;
    db.prepare_cached("UPDATE head SET seq = ?1, last = ?2, next = ?3, clock = ?4")?.execute(
        params![
            signed(head.count())?,
            head.last().as_bytes(),
            head.next().as_bytes(),
            now.unix_millis(),
        ],
    )?;
    state.head = head.clone();
    state.clock = Some(now);
    state.control.admit(rows.into_iter().map(|row| row.fact));
    Ok(appended)
}

/// The authors of an append of whom it is known whether they are blocked.
#[derive(Default)]
struct Blocked(HashMap<Fingerprint, bool>);

impl Blocked {
    /// Content of a blocked author is admitted without its text (N50).
    fn covers(&mut self, db: &Connection, fact: &Fact) -> Result<bool, Failure> {
        let Fact::Content(meta) = fact else { return Ok(false) };
        if let Some(known) = self.0.get(&meta.user) {
            return Ok(*known);
        }
        let mut statement =
            db.prepare_cached("SELECT 1 FROM blocked JOIN key USING (k) WHERE fp = ?1")?;
        let blocked = statement.exists([meta.user.as_octets()])?;
        self.0.insert(meta.user.clone(), blocked);
        Ok(blocked)
    }
}

/// The most texts that go in one transaction, so that it fits into the write-ahead log.
pub(super) const PART: usize = 512;

/// Gives up texts of content (N50).
pub(super) fn give_up(db: &Connection, ids: &[Identifier], reason: Gone) -> Result<usize, Failure> {
    let mut count = 0;
    for id in ids {
        let mut statement = db.prepare_cached(
            "SELECT n FROM place JOIN resource USING (n)
             WHERE h = substr(?1, 1, 8) AND id = ?1 AND kind >= 3 AND gone < 2",
        )?;
        let found: Option<i64> =
            statement.query_row([id.as_octets()], |row| row.get(0)).optional()?;
        if let Some(n) = found {
            take_text(db, n, reason)?;
            count += 1;
        }
    }
    Ok(count)
}

fn take_text(db: &Connection, n: i64, reason: Gone) -> Result<(), Failure> {
    room::changes(db, n, false)?;
    db.prepare_cached("DELETE FROM text WHERE n = ?1")?.execute([n])?;
    db.prepare_cached("DELETE FROM blob WHERE n = ?1")?.execute([n])?;
    db.prepare_cached("UPDATE resource SET gone = ?2 WHERE n = ?1")?
        .execute(params![n, reason.number()])?;
    seal(db, n)?;
    event(db, n, What::Gone(reason))
}

/// Blocks an author, whose first texts go; or ends that, which brings none back.
pub(super) fn block(
    db: &Connection,
    keys: &mut Keys,
    author: &Fingerprint,
    blocked: bool,
) -> Result<usize, Failure> {
    if !blocked {
        if let Some(k) = keys::find(db, author)? {
            db.execute("DELETE FROM blocked WHERE k = ?1", [k])?;
        }
        return Ok(0);
    }
    let k = keys.number(db, author)?;
    db.execute("INSERT OR IGNORE INTO blocked (k) VALUES (?1)", [k])?;
    let mut statement = db.prepare_cached(
        "SELECT n FROM resource WHERE author = ?1 AND kind >= 3 AND gone < 2 ORDER BY n LIMIT ?2",
    )?;
    let some = params![k, snapshot::count(PART)];
    let lines = statement.query_map(some, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    lines.iter().try_for_each(|n| take_text(db, *n, Gone::Blocked))?;
    db.prepare_cached("UPDATE blocked SET rest = ?2 WHERE k = ?1")?
        .execute(params![k, lines.len() >= PART])?;
    Ok(lines.len())
}

/// Whom a person has blocked, as far as more of their texts are to go.
pub(super) fn half_blocked(db: &Connection) -> Result<Vec<Fingerprint>, Failure> {
    let mut statement =
        db.prepare_cached("SELECT fp FROM blocked JOIN key USING (k) WHERE rest")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(fingerprint(&row.get::<_, Vec<u8>>(0)?)?);
    }
    Ok(found)
}

/// Texts that are not where the object store should have them: what that has lost counts as evicted.
pub(super) fn evict_missing(db: &Connection, lines: &BTreeSet<i64>) -> Result<(), Failure> {
    for n in lines {
        let mut statement = db.prepare_cached("SELECT 1 FROM blob WHERE n = ?1")?;
        if statement.exists([n])? {
            take_text(db, *n, Gone::Evicted)?;
        }
    }
    Ok(())
}

/// Puts a text back (N50); in the object store it has this name.
pub(super) fn restore(
    db: &Connection,
    resource: &Resource,
    name: Option<&str>,
) -> Result<bool, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT n FROM place JOIN resource USING (n) JOIN key ON k = signer
         WHERE h = substr(?1, 1, 8) AND id = ?1 AND fp = ?2 AND gone NOT IN (0, 1)",
    )?;
    let named = params![resource.id().as_octets(), resource.signer().as_octets()];
    let found: Option<i64> = statement.query_row(named, |row| row.get(0)).optional()?;
    let Some(n) = found else { return Ok(false) };
    room::changes(db, n, true)?;
    insert_text(db, n, resource.text(), name)?;
    let gone = if name.is_some() { Gone::Elsewhere } else { Gone::Here };
    db.prepare_cached("UPDATE resource SET gone = ?2 WHERE n = ?1")?
        .execute(params![n, gone.number()])?;
    seal(db, n)?;
    event(db, n, What::Back)?;
    Ok(true)
}

/// Notes that a sealed text was tried (N40): each inner identifier is shown once.
pub(super) fn opened(db: &Connection, id: &Identifier, result: &Opening) -> Result<bool, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT n FROM place JOIN resource USING (n) WHERE h = substr(?1, 1, 8) AND id = ?1",
    )?;
    let found: Option<i64> = statement.query_row([id.as_octets()], |row| row.get(0)).optional()?;
    let n = found.ok_or(Error::Damaged("a resource that was opened is not known"))?;
    let (sealed, code) = match result {
        Opening::Shown(inner) => {
            let mut statement =
                db.prepare_cached("SELECT 1 FROM opened WHERE sealed = ?1 AND n <> ?2")?;
            let before = statement.exists(params![inner.as_octets(), n])?;
            (Some(inner).filter(|_| !before), None)
        }
        Opening::Failed(code) => (None, Some(Code::as_str(*code))),
    };
    db.prepare_cached("INSERT OR REPLACE INTO opened VALUES (?1, ?2, ?3)")?.execute(params![
        n,
        sealed.map(Identifier::as_octets),
        code
    ])?;
    seal(db, n)?;
    event(db, n, if sealed.is_some() { What::Shown } else { What::NotShown })?;
    Ok(sealed.is_some() || matches!(result, Opening::Failed(_)))
}
