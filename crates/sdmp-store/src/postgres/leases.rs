//! Leases: which process has a peer's session, and which asks for a want.

use sdmp_container::ResourceName;
use sdmp_journal::Fingerprint;

use super::link::{Failure, Link};
use super::texts::count;
use crate::Error;
use crate::columns::{fingerprint, identifier, signed, unsigned};
use crate::contract::{Changes, Lease};

/// Each peer that changes is held, with the fence of this session.
pub(super) fn check(
    link: &Link,
    changes: &Changes,
    held: &[(Fingerprint, u64)],
) -> Result<(), Failure> {
    for (peer, _) in &changes.peers {
        let fence = held.iter().find(|(key, _)| key == peer).map(|(_, fence)| *fence);
        let row =
            link.row("SELECT fence FROM session WHERE fp = $1", &[&peer.as_octets().as_slice()])?;
        let found = row.map(|row| row.try_get::<_, i64>(0)).transpose()?;
        if fence.is_none() || found.map(unsigned).transpose()? != fence {
            return Err(Error::Fenced.into());
        }
    }
    Ok(())
}

/// Leases a peer's session, or renews that.
pub(super) fn lease_peer(
    link: &Link,
    peer: &Fingerprint,
    lease: &Lease,
    fence: Option<u64>,
) -> Result<Option<u64>, Failure> {
    let peer = peer.as_octets().as_slice();
    let until = lease.until.unix_millis();
    let row = match fence {
        Some(fence) => link.row(
            "UPDATE session SET until = $3 WHERE fp = $1 AND process = $2 AND fence = $4 RETURNING fence",
            &[&peer, &lease.process, &until, &signed(fence)?],
        )?,
        None => link.row(
            "INSERT INTO session VALUES ($1, $2, 1, $3)
             ON CONFLICT (fp) DO UPDATE SET process = $2, fence = session.fence + 1, until = $3
             WHERE session.process = $2 OR session.until <= $4 RETURNING fence",
            &[&peer, &lease.process, &until, &lease.now.unix_millis()],
        )?,
    };
    let fence = row.map(|row| row.try_get::<_, i64>(0)).transpose()?;
    Ok(fence.map(unsigned).transpose()?)
}

/// Takes wants that are due, in their order.
pub(super) fn take_wants(
    link: &Link,
    lease: &Lease,
    limit: usize,
) -> Result<Vec<ResourceName>, Failure> {
    let rows = link.rows(
        "WITH due AS (SELECT author, id FROM want WHERE due <= $2 AND (lease IS NULL OR lease <= $2)
           ORDER BY NOT urgent, ord, author, id LIMIT $4),
         taken AS (UPDATE want SET process = $1, lease = $3 FROM due
           WHERE want.author = due.author AND want.id = due.id
           RETURNING want.author, want.id, urgent, ord)
         SELECT author, id FROM taken ORDER BY NOT urgent, ord, author, id",
        &[
            &lease.process,
            &lease.now.unix_millis(),
            &lease.until.unix_millis(),
            &count(limit),
        ],
    )?;
    let name = |row: &tokio_postgres::Row| -> Result<ResourceName, Failure> {
        Ok(ResourceName {
            author: fingerprint(row.try_get(0)?)?,
            resource: identifier(row.try_get(1)?)?,
        })
    };
    rows.iter().map(name).collect()
}
