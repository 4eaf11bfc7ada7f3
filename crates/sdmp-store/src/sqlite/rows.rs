//! Facts and rows: what is written of a resource, and read again.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use sdmp_container::IdentityType;
use sdmp_crypto::rsa::PublicKey;
use sdmp_journal::fact::{Fact, IdentityFact, Meta, RevocationFact, TrustFact};
use sdmp_journal::{Fingerprint, Grants, Head, Identifier, Kind, Resource, Timestamp};

use super::{Failure, hashes, room};
use crate::columns::{
    event_numbers, fingerprint, identifier, key_of_identity, kind, kind_number, line_id, signed,
    time, unsigned,
};
use crate::contract::{Gone, What};
use crate::plan::{Row, has_address};
use crate::{Error, sqlite::keys::Keys};

/// What is known of a resource on a line up to `count`.
pub(super) fn meta(db: &Connection, id: &Identifier, count: u64) -> Result<Option<Meta>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT r.id, r.kind, a.fp, s.fp, t.id, r.created, r.n, r.size
         FROM place JOIN resource r USING (n) JOIN key a ON a.k = r.author JOIN key s ON s.k = r.signer
         LEFT JOIN resource t ON t.n = r.trust
         WHERE h = substr(?1, 1, 8) AND r.id = ?1 AND r.n <= ?2",
    )?;
    let found =
        statement.query_row(params![id.as_octets(), signed(count)?], |row| Ok(read_meta(row)));
    found.optional()?.transpose()
}

fn read_meta(row: &SqlRow<'_>) -> Result<Meta, Failure> {
    let trust: Option<Vec<u8>> = row.get(4)?;
    let created: Option<i64> = row.get(5)?;
    Ok(Meta {
        id: identifier(&row.get::<_, Vec<u8>>(0)?)?,
        kind: kind(row.get(1)?)?,
        user: fingerprint(&row.get::<_, Vec<u8>>(2)?)?,
        signer: fingerprint(&row.get::<_, Vec<u8>>(3)?)?,
        trust: trust.as_deref().map(identifier).transpose()?,
        created: created.map(time).transpose()?,
        line: unsigned(row.get(6)?)?,
        size: unsigned(row.get(7)?)?,
    })
}

/// All control, in the order of its lines: what authority is computed from. Content is not read.
pub(super) fn control(db: &Connection) -> Result<Vec<Fact>, Failure> {
    let mut facts = Vec::new();
    let mut statement = db.prepare(
        "SELECT r.id, r.kind, a.fp, s.fp, t.id, r.created, r.n, r.size
         FROM resource r JOIN key a ON a.k = r.author JOIN key s ON s.k = r.signer
         LEFT JOIN resource t ON t.n = r.trust WHERE r.kind < 3 ORDER BY r.n",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let meta = read_meta(row)?;
        facts.push(fact(db, meta)?);
    }
    Ok(facts)
}

fn fact(db: &Connection, meta: Meta) -> Result<Fact, Failure> {
    let n = signed(meta.line)?;
    Ok(match meta.kind {
        Kind::Identity => {
            let (kind, expires) = db
                .prepare_cached("SELECT type, expires FROM identity WHERE n = ?1")?
                .query_row([n], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            let kind = if kind == 0 { IdentityType::User } else { IdentityType::Node };
            let key = identity_key(db, n)?;
            Fact::Identity(IdentityFact { meta, kind, expires: time(expires)?, key })
        }
        Kind::Trust => {
            let (trustee, bits, expires) = db
                .prepare_cached(
                    "SELECT k.fp, bits, expires FROM trust t JOIN key k ON k.k = t.trustee WHERE n = ?1",
                )?
                .query_row([n], |row| {
                    Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, u8>(1)?, row.get::<_, Option<i64>>(2)?))
                })?;
            Fact::Trust(TrustFact {
                meta,
                trustee: fingerprint(&trustee)?,
                grants: Grants::from_bits(bits).ok_or(Error::Damaged("authorizations"))?,
                expires: expires.map(time).transpose()?,
            })
        }
        Kind::Revoke => {
            let (target, authorized) = db
                .prepare_cached("SELECT target, authorized FROM revocation WHERE n = ?1")?
                .query_row([n], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
            Fact::Revocation(RevocationFact { meta, target: identifier(&target)?, authorized })
        }
        Kind::Node | Kind::User | Kind::Message | Kind::Receipt | Kind::None | Kind::Encrypted => {
            Fact::Content(meta)
        }
    })
}

/// The key of an identity, out of its text.
fn identity_key(db: &Connection, n: i64) -> Result<PublicKey, Failure> {
    let text: Vec<u8> = db
        .prepare_cached("SELECT text FROM text WHERE n = ?1")?
        .query_row([n], |row| row.get(0))?;
    Ok(key_of_identity(text)?)
}

/// Writes an admitted resource: row, indexes, text and event (N22).
pub(super) fn insert(
    db: &Connection,
    keys: &mut Keys,
    row: &Row,
    now: Timestamp,
    gone: Gone,
    name: Option<&str>,
) -> Result<(), Failure> {
    let meta = row.fact.meta();
    let n = signed(row.n)?;
    db.prepare_cached(
        "INSERT INTO resource (n, id, lid, kind, author, signer, trust, created, admitted, size, gone, address)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        n,
        meta.id.as_octets(),
        row.line.lid.as_bytes(),
        kind_number(meta.kind),
        keys.number(db, &meta.user)?,
        keys.number(db, &meta.signer)?,
        row.trust.map(signed).transpose()?,
        meta.created.map(Timestamp::unix_millis),
        now.unix_millis(),
        signed(meta.size)?,
        gone.number(),
        row.has_address,
    ])?;
    if gone < Gone::Revoked {
        insert_text(db, n, &row.text, name)?;
        if meta.kind == Kind::Encrypted {
            db.prepare_cached("INSERT INTO sealed VALUES (?1)")?.execute([n])?;
        }
    }
    hashes::insert(db, row, n)?;
    insert_index(db, keys, &row.fact, n)?;
    event(db, n, What::Admitted)
}

/// Writes a text, or the name that it has in the object store.
pub(super) fn insert_text(
    db: &Connection,
    n: i64,
    text: &str,
    name: Option<&str>,
) -> Result<(), Failure> {
    match name {
        Some(name) => {
            db.prepare_cached("INSERT INTO blob VALUES (?1, ?2)")?.execute(params![n, name])?
        }
        None => db
            .prepare_cached("INSERT INTO text (n, text) VALUES (?1, ?2)")?
            .execute(params![n, text.as_bytes()])?,
    };
    Ok(())
}

fn insert_index(db: &Connection, keys: &mut Keys, fact: &Fact, n: i64) -> Result<(), Failure> {
    match fact {
        Fact::Identity(fact) => {
            let kind = i64::from(fact.kind == IdentityType::Node);
            db.prepare_cached("INSERT INTO identity VALUES (?1, ?2, ?3)")?.execute(params![
                n,
                kind,
                fact.expires.unix_millis()
            ])?;
        }
        Fact::Trust(fact) => {
            let trustee = keys.number(db, &fact.trustee)?;
            let expires = fact.expires.map(Timestamp::unix_millis);
            db.prepare_cached("INSERT INTO trust VALUES (?1, ?2, ?3, ?4)")?.execute(params![
                n,
                trustee,
                fact.grants.bits(),
                expires
            ])?;
        }
        Fact::Revocation(fact) => {
            db.prepare_cached("INSERT INTO revocation VALUES (?1, ?2, ?3)")?.execute(params![
                n,
                fact.target.as_octets(),
                fact.authorized
            ])?;
        }
        Fact::Content(_) | _ => {}
    }
    Ok(())
}

/// Writes what the tables say of a line anew, out of its text.
pub(super) fn reindex(
    db: &Connection,
    keys: &mut Keys,
    line: u64,
    resource: &Resource,
) -> Result<(), Failure> {
    let fact = Fact::of(resource, line);
    let (meta, n) = (fact.meta(), signed(line)?);
    for table in ["identity", "trust", "revocation"] {
        db.execute(&format!("DELETE FROM {table} WHERE n = ?1"), [n])?;
    }
    db.execute(
        "UPDATE resource SET kind = ?2, author = ?3, signer = ?4,
         trust = (SELECT t.n FROM place JOIN resource t USING (n) WHERE h = substr(?5, 1, 8) AND t.id = ?5),
         created = ?6, size = ?7, address = ?8
         WHERE n = ?1",
        params![
            n,
            kind_number(meta.kind),
            keys.number(db, &meta.user)?,
            keys.number(db, &meta.signer)?,
            meta.trust.as_ref().map(Identifier::as_octets),
            meta.created.map(Timestamp::unix_millis),
            signed(meta.size)?,
            has_address(resource),
        ],
    )?;
    hashes::insert_again(db, n)?;
    seal(db, n)?;
    insert_index(db, keys, &fact, n)
}

/// Notes whether the text of a line is to be tried (N40).
pub(super) fn seal(db: &Connection, n: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM sealed WHERE n = ?1")?.execute([n])?;
    db.prepare_cached(
        "INSERT INTO sealed SELECT n FROM resource WHERE n = ?1 AND kind = 8 AND gone < 2
         AND NOT EXISTS (SELECT 1 FROM opened WHERE opened.n = resource.n)",
    )?
    .execute([n])?;
    Ok(())
}

/// Writes the indexes of all control anew, and those of the engine.
pub(super) fn reindex_control(db: &Connection) -> Result<(), Failure> {
    db.execute_batch("BEGIN IMMEDIATE; REINDEX")?;
    let result = (|| {
        hashes::rebuild(db)?;
        let mut statement =
            db.prepare("SELECT n, text FROM text JOIN resource USING (n) WHERE kind < 3")?;
        let mut rows = statement.query([])?;
        let mut keys = Keys::default();
        while let Some(row) = rows.next()? {
            // What is no resource is for the check to report.
            if let Ok(resource) = Resource::parse(row.get::<_, Vec<u8>>(1)?) {
                reindex(db, &mut keys, unsigned(row.get(0)?)?, &resource)?;
            }
        }
        room::recount(db)?;
        Ok::<(), Failure>(())
    })();
    db.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    result
}

/// Notes what happened to the resource on line `n`.
pub(super) fn event(db: &Connection, n: i64, what: What) -> Result<(), Failure> {
    let (number, gone) = event_numbers(what);
    db.prepare_cached("INSERT INTO event (n, what, gone) VALUES (?1, ?2, ?3)")?
        .execute(params![n, number, gone])?;
    Ok(())
}

/// The head, the node and the clock.
pub(super) fn head(db: &Connection) -> Result<(Head, Fingerprint, Option<Timestamp>), Failure> {
    let (seq, last, next, clock, node) = db
        .prepare_cached("SELECT seq, last, next, clock, fp FROM head JOIN key ON k = node")?
        .query_row([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Vec<u8>>(1)?,
                row.get::<_, Vec<u8>>(2)?,
                row.get::<_, Option<i64>>(3)?,
                row.get::<_, Vec<u8>>(4)?,
            ))
        })?;
    let head = Head::restore(unsigned(seq)?, line_id(&last)?, line_id(&next)?);
    Ok((head, fingerprint(&node)?, clock.map(time).transpose()?))
}
