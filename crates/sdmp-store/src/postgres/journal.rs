//! An append: judged again and written, inside a transaction that has locked the head.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sdmp_journal::fact::{BarFact, Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::view::{Facts, Tally};
use sdmp_journal::{Body, Fingerprint, Identifier, View};

use super::link::{Failure, Link};
use super::{State, rows};
use crate::Faults;
use crate::columns::{fingerprint, signed};
use crate::contract::{Append, Appended, Gone};
use crate::lookups::control_lookups;
use crate::plan::{self, Row};

/// The control in memory, and content out of the tables: what an append names is fetched at once.
struct Live<'a> {
    link: &'a Link,
    state: &'a State,
    fetched: HashMap<Identifier, Option<Meta>>,
    failed: RefCell<Option<Failure>>,
}

impl<'a> Live<'a> {
    fn new(link: &'a Link, state: &'a State, append: &Append) -> Result<Self, Failure> {
        let mut fetched = HashMap::new();
        for candidate in &append.candidates {
            let resource = candidate.resource();
            fetched.insert(resource.id().clone(), None);
            if let Body::Revoke { resource: target, .. } = resource.body() {
                fetched.insert(target.clone(), None);
            }
        }
        let ids: Vec<&[u8]> = fetched.keys().map(|id| id.as_octets().as_slice()).collect();
        for meta in rows::metas(link, &ids, state.head.count())? {
            fetched.insert(meta.id.clone(), Some(meta));
        }
        Ok(Self { link, state, fetched, failed: RefCell::new(None) })
    }
}

impl View for Live<'_> {
    fn meta(&self, id: &Identifier) -> Option<Meta> {
        if let Some(meta) = self.state.control.meta(id) {
            return Some(meta);
        }
        if let Some(fetched) = self.fetched.get(id) {
            return fetched.clone();
        }
        let found = rows::metas(self.link, &[id.as_octets()], self.state.head.count());
        found.map_or_else(
            |failure| {
                *self.failed.borrow_mut() = Some(failure);
                None
            },
            |mut metas| metas.pop(),
        )
    }

    control_lookups!(self => &self.state.control);
}

/// Judges again and writes (N22); `state` is moved on.
pub(super) fn append(
    link: &Link,
    state: &mut State,
    append: Append,
    node: &Fingerprint,
    faults: &Faults,
) -> Result<Appended, Failure> {
    // The size is checked before anything is looked up for it.
    plan::check_length(&append)?;
    let live = Live::new(link, state, &append)?;
    let plan = plan::plan(append, &live, &state.head, state.clock, node);
    // A lookup that failed has answered something: its failure comes first.
    if let Some(failure) = live.failed.into_inner() {
        return Err(failure);
    }
    let plan::Plan { rows, appended, now } = plan?;
    for _ in &rows {
        faults.at("row")?;
    }
    if !rows.is_empty() {
        let blocked = blocked(link, &rows)?;
        let gone = |row: &Row| match &row.fact {
            Fact::Content(meta) if blocked.contains(&meta.user) => Gone::Blocked,
            Fact::Identity(_) | Fact::Trust(_) | Fact::Revocation(_) | Fact::Content(_) | _ => {
                Gone::Here
            }
        };
        let rows: Vec<(&Row, Gone)> = rows.iter().map(|row| (row, gone(row))).collect();
        rows::insert(link, &rows, now)?;
    }
    faults.at("head")?;
    let head = &appended.head;
    link.execute(
        "UPDATE head SET seq = $1, last = $2, next = $3, clock = $4",
        &[
            &signed(head.count())?,
            &head.last().as_bytes().as_slice(),
            &head.next().as_bytes().as_slice(),
            &now.unix_millis(),
        ],
    )?;
    state.head = head.clone();
    state.clock = Some(now);
    state.control.admit(rows.into_iter().map(|row| row.fact));
    Ok(appended)
}

/// Those of the authors that are blocked (N50).
fn blocked(link: &Link, rows: &[Row]) -> Result<HashSet<Fingerprint>, Failure> {
    let authors: HashSet<&[u8]> =
        rows.iter().map(|row| row.fact.meta().user.as_octets().as_slice()).collect();
    let authors: Vec<&[u8]> = authors.into_iter().collect();
    let found = link.rows("SELECT fp FROM blocked WHERE fp = ANY ($1)", &[&authors])?;
    found.iter().map(|row| Ok(fingerprint(row.try_get(0)?)?)).collect()
}
