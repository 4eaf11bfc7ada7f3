//! Facts and rows: what is written of resources, and read again.

use std::collections::HashMap;

use sdmp_container::IdentityType;
use sdmp_journal::fact::{Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::{Grants, Identifier, Kind, Resource, Timestamp};
use tokio_postgres::Row as SqlRow;

use super::link::{Failure, Link};
use crate::Error;
use crate::columns::{
    event_numbers, fingerprint, identifier, key_of_identity, kind, kind_number, signed, time,
    unsigned,
};
use crate::contract::{Gone, What};
use crate::plan::{Row, has_address};

/// What is known of resources on lines up to `count`.
pub(super) fn metas(link: &Link, ids: &[&[u8]], count: u64) -> Result<Vec<Meta>, Failure> {
    let rows = link.rows(
        "SELECT r.id, r.kind, r.author, r.signer, t.id, r.created, r.n, r.size
         FROM resource r LEFT JOIN resource t ON t.n = r.trust WHERE r.id = ANY ($1) AND r.n <= $2",
        &[&ids, &signed(count)?],
    )?;
    rows.iter().map(read_meta).collect()
}

fn read_meta(row: &SqlRow) -> Result<Meta, Failure> {
    let blob = |place: usize| row.try_get::<_, &[u8]>(place);
    let trust: Option<&[u8]> = row.try_get(4)?;
    let created: Option<i64> = row.try_get(5)?;
    Ok(Meta {
        id: identifier(blob(0)?)?,
        kind: kind(row.try_get(1)?)?,
        user: fingerprint(blob(2)?)?,
        signer: fingerprint(blob(3)?)?,
        trust: trust.map(identifier).transpose()?,
        created: created.map(time).transpose()?,
        line: unsigned(row.try_get(6)?)?,
        size: unsigned(row.try_get(7)?)?,
    })
}

/// The control on the lines after `from` up to `to`, in their order.
pub(super) fn control(link: &Link, from: u64, to: u64) -> Result<Vec<Fact>, Failure> {
    let rows = link.rows(
        "SELECT r.id, r.kind, r.author, r.signer, t.id, r.created, r.n, r.size,
           coalesce(i.expires, trust.expires), i.type, x.text, trust.trustee, trust.bits, v.target, v.authorized
         FROM resource r LEFT JOIN resource t ON t.n = r.trust LEFT JOIN identity i ON i.n = r.n
         LEFT JOIN text x ON x.n = i.n LEFT JOIN trust ON trust.n = r.n LEFT JOIN revocation v ON v.n = r.n
         WHERE r.kind < 3 AND r.n > $1 AND r.n <= $2 ORDER BY r.n",
        &[&signed(from)?, &signed(to)?],
    )?;
    rows.iter().map(|row| fact(row, read_meta(row)?)).collect()
}

fn fact(row: &SqlRow, meta: Meta) -> Result<Fact, Failure> {
    let missing = || Error::Damaged("the index of control");
    let expires: Option<i64> = row.try_get(8)?;
    let expires = expires.map(time).transpose()?;
    Ok(match meta.kind {
        Kind::Identity => {
            let number: Option<i64> = row.try_get(9)?;
            let text: Option<Vec<u8>> = row.try_get(10)?;
            let kind = match number.ok_or_else(missing)? {
                0 => IdentityType::User,
                _ => IdentityType::Node,
            };
            let key = key_of_identity(text.ok_or(Error::Damaged("the text of an identity"))?)?;
            Fact::Identity(IdentityFact { meta, kind, expires: expires.ok_or_else(missing)?, key })
        }
        Kind::Trust => {
            let trustee: Option<&[u8]> = row.try_get(11)?;
            let bits: Option<i64> = row.try_get(12)?;
            let bits = bits.and_then(|bits| u8::try_from(bits).ok());
            Fact::Trust(TrustFact {
                meta,
                trustee: fingerprint(trustee.ok_or_else(missing)?)?,
                grants: bits.and_then(Grants::from_bits).ok_or(Error::Damaged("authorizations"))?,
                expires,
            })
        }
        Kind::Revoke => {
            let target: Option<&[u8]> = row.try_get(13)?;
            let authorized: Option<bool> = row.try_get(14)?;
            Fact::Revocation(RevocationFact {
                meta,
                target: identifier(target.ok_or_else(missing)?)?,
                authorized: authorized.ok_or_else(missing)?,
            })
        }
        Kind::Node | Kind::User | Kind::Message | Kind::Receipt | Kind::None | Kind::Encrypted => {
            Fact::Content(meta)
        }
    })
}

/// The columns of rows that are written together.
#[derive(Default)]
struct Columns<'a> {
    n: Vec<i64>,
    id: Vec<&'a [u8]>,
    lid: Vec<&'a [u8]>,
    kind: Vec<i64>,
    author: Vec<&'a [u8]>,
    signer: Vec<&'a [u8]>,
    trust: Vec<Option<i64>>,
    created: Vec<Option<i64>>,
    size: Vec<i64>,
    gone: Vec<i64>,
    address: Vec<bool>,
}

/// Writes admitted resources: rows, indexes, texts and events (N22), each with a statement for all.
pub(super) fn insert(link: &Link, rows: &[(&Row, Gone)], now: Timestamp) -> Result<(), Failure> {
    let mut columns = Columns::default();
    let (mut lines, mut texts) = (Vec::new(), Vec::new());
    for (row, gone) in rows {
        let (meta, n) = (row.fact.meta(), signed(row.n)?);
        columns.n.push(n);
        columns.id.push(meta.id.as_octets());
        columns.lid.push(row.line.lid.as_bytes());
        columns.kind.push(kind_number(meta.kind));
        columns.author.push(meta.user.as_octets());
        columns.signer.push(meta.signer.as_octets());
        columns.trust.push(row.trust.map(signed).transpose()?);
        columns.created.push(meta.created.map(Timestamp::unix_millis));
        columns.size.push(signed(meta.size)?);
        columns.gone.push(gone.number());
        columns.address.push(row.has_address);
        if *gone == Gone::Here {
            lines.push(n);
            texts.push(row.text.as_bytes());
        }
    }
    link.execute(
        "INSERT INTO resource
         SELECT n, id, lid, kind, author, signer, trust, created, $12, size, gone, address FROM unnest(
           $1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bytea[],
           $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::boolean[])
         AS r (n, id, lid, kind, author, signer, trust, created, size, gone, address)",
        &[
            &columns.n, &columns.id, &columns.lid, &columns.kind, &columns.author, &columns.signer,
            &columns.trust, &columns.created, &columns.size, &columns.gone, &columns.address,
            &now.unix_millis(),
        ],
    )?;
    link.execute(
        "INSERT INTO text SELECT * FROM unnest($1::bigint[], $2::bytea[])",
        &[&lines, &texts],
    )?;
    for (row, _) in rows {
        insert_index(link, &row.fact, signed(row.n)?)?;
    }
    events(link, &columns.n, What::Admitted)
}

fn insert_index(link: &Link, fact: &Fact, n: i64) -> Result<(), Failure> {
    match fact {
        Fact::Identity(fact) => link.execute(
            "INSERT INTO identity VALUES ($1, $2, $3)",
            &[&n, &i64::from(fact.kind == IdentityType::Node), &fact.expires.unix_millis()],
        )?,
        Fact::Trust(fact) => link.execute(
            "INSERT INTO trust VALUES ($1, $2, $3, $4)",
            &[
                &n,
                &fact.trustee.as_octets().as_slice(),
                &i64::from(fact.grants.bits()),
                &fact.expires.map(Timestamp::unix_millis),
            ],
        )?,
        Fact::Revocation(fact) => link.execute(
            "INSERT INTO revocation VALUES ($1, $2, $3)",
            &[&n, &fact.target.as_octets().as_slice(), &fact.authorized],
        )?,
        Fact::Content(_) | _ => 0,
    };
    Ok(())
}

/// Notes what happened to the resources on these lines. Numbers have no gaps: the head is locked.
pub(super) fn events(link: &Link, lines: &[i64], what: What) -> Result<(), Failure> {
    let (number, gone) = event_numbers(what);
    link.execute(
        "INSERT INTO event SELECT (SELECT coalesce(max(e), 0) FROM event) + place, n, $2, $3
         FROM unnest($1::bigint[]) WITH ORDINALITY AS happened (n, place)",
        &[&lines, &number, &gone],
    )?;
    Ok(())
}

/// The numbers of the lines of these resources.
pub(super) fn lines_of(
    link: &Link,
    ids: &[&Identifier],
) -> Result<HashMap<Identifier, i64>, Failure> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_octets().as_slice()).collect();
    let rows = link.rows("SELECT id, n FROM resource WHERE id = ANY ($1)", &[&ids])?;
    rows.iter().map(|row| Ok((identifier(row.try_get(0)?)?, row.try_get(1)?))).collect()
}

/// Writes what the tables say of a line anew, out of its text.
pub(super) fn reindex(link: &Link, line: u64, resource: &Resource) -> Result<(), Failure> {
    let fact = Fact::of(resource, line);
    let (meta, n) = (fact.meta(), signed(line)?);
    let trust = match &meta.trust {
        Some(trust) => lines_of(link, &[trust])?.remove(trust),
        None => None,
    };
    for table in ["identity", "trust", "revocation"] {
        link.batch(&format!("DELETE FROM {table} WHERE n = {n}"))?;
    }
    link.execute(
        "UPDATE resource SET kind = $2, author = $3, signer = $4, trust = $5, created = $6, size = $7,
         address = $8 WHERE n = $1",
        &[
            &n,
            &kind_number(meta.kind),
            &meta.user.as_octets().as_slice(),
            &meta.signer.as_octets().as_slice(),
            &trust,
            &meta.created.map(Timestamp::unix_millis),
            &signed(meta.size)?,
            &has_address(resource),
        ],
    )?;
    insert_index(link, &fact, n)
}

/// Writes the indexes of all control anew.
pub(super) fn reindex_control(link: &Link) -> Result<(), Failure> {
    link.rows("SELECT 1 FROM head FOR UPDATE", &[])?;
    let rows = link.rows("SELECT n, text FROM text JOIN resource USING (n) WHERE kind < 3", &[])?;
    for row in &rows {
        // What is no resource is for the check to report.
        if let Ok(resource) = Resource::parse(row.try_get::<_, Vec<u8>>(1)?) {
            reindex(link, unsigned(row.try_get(0)?)?, &resource)?;
        }
    }
    Ok(())
}
