//! Leases: which process has a peer's session, and which asks for a want.

use rusqlite::{Connection, OptionalExtension, params};
use sdmp_container::ResourceName;
use sdmp_journal::Fingerprint;

use super::keys::{self, Keys};
use super::{Failure, snapshot};
use crate::Error;
use crate::columns::{fingerprint, identifier, signed, unsigned};
use crate::contract::{Changes, Lease};

/// Each peer that changes is held, with the fence of this session.
pub(super) fn check(
    db: &Connection,
    changes: &Changes,
    held: &[(Fingerprint, u64)],
) -> Result<(), Failure> {
    for (peer, _) in &changes.peers {
        let fence = held.iter().find(|(key, _)| key == peer).map(|(_, fence)| *fence);
        let found: Option<i64> = match keys::find(db, peer)? {
            Some(k) => db
                .prepare_cached("SELECT fence FROM session WHERE k = ?1")?
                .query_row([k], |row| row.get(0))
                .optional()?,
            None => None,
        };
        if fence.is_none() || found.map(unsigned).transpose()? != fence {
            return Err(Error::Fenced.into());
        }
    }
    Ok(())
}

/// Leases a peer's session, or renews that.
pub(super) fn lease_peer(
    db: &Connection,
    keys: &mut Keys,
    peer: &Fingerprint,
    lease: &Lease,
    fence: Option<u64>,
) -> Result<Option<u64>, Failure> {
    let k = keys.number(db, peer)?;
    let until = lease.until.unix_millis();
    let found: Option<i64> = match fence {
        Some(fence) => db
            .prepare_cached(
                "UPDATE session SET until = ?3 WHERE k = ?1 AND process = ?2 AND fence = ?4 RETURNING fence",
            )?
            .query_row(params![k, lease.process, until, signed(fence)?], |row| row.get(0)),
        None => db
            .prepare_cached(
                "INSERT INTO session VALUES (?1, ?2, 1, ?3)
                 ON CONFLICT (k) DO UPDATE SET process = ?2, fence = fence + 1, until = ?3
                 WHERE session.process = ?2 OR session.until <= ?4 RETURNING fence",
            )?
            .query_row(params![k, lease.process, until, lease.now.unix_millis()], |row| row.get(0)),
    }
    .optional()?;
    Ok(found.map(unsigned).transpose()?)
}

/// Takes wants that are due, in their order.
pub(super) fn take_wants(
    db: &Connection,
    lease: &Lease,
    limit: usize,
) -> Result<Vec<ResourceName>, Failure> {
    let now = lease.now.unix_millis();
    let mut statement = db.prepare_cached(
        "SELECT w, fp, id FROM want JOIN key ON k = author
         WHERE due <= ?1 AND (lease IS NULL OR lease <= ?1) ORDER BY NOT urgent, ord, fp, id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![now, snapshot::count(limit)])?;
    let mut found: Vec<(i64, ResourceName)> = Vec::new();
    while let Some(row) = rows.next()? {
        let author = fingerprint(&row.get::<_, Vec<u8>>(1)?)?;
        let resource = identifier(&row.get::<_, Vec<u8>>(2)?)?;
        found.push((row.get(0)?, ResourceName { author, resource }));
    }
    let mut update = db.prepare_cached("UPDATE want SET process = ?2, lease = ?3 WHERE w = ?1")?;
    for (w, _) in &found {
        update.execute(params![w, lease.process, lease.until.unix_millis()])?;
    }
    Ok(found.into_iter().map(|(_, name)| name).collect())
}
