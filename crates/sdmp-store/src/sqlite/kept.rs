//! Cursors, wants and their holders (N30 to N32).

use std::collections::BTreeMap;

use rusqlite::{Connection, Row as SqlRow, params};
use sdmp_container::{ResourceName, Timestamp};
use sdmp_journal::sync::{Holder, Holders, PeerRow, Want};
use sdmp_journal::{Cursor, Fingerprint, Head};

use super::{Failure, keys::Keys};
use crate::columns::{
    DoubtColumns, NextColumns, access, access_number, fingerprint, identifier, line_id, signed,
    time, unsigned,
};
use crate::contract::{Changes, Kept, kept_form};

pub(super) fn keep(db: &Connection, keys: &mut Keys, changes: &Changes) -> Result<(), Failure> {
    for (peer, row) in &changes.peers {
        keep_peer(db, keys, peer, row)?;
    }
    for (name, want) in &changes.wants {
        keep_want(db, keys, name, want.as_ref().map(kept_form).as_ref())?;
    }
    Ok(())
}

fn keep_peer(
    db: &Connection,
    keys: &mut Keys,
    peer: &Fingerprint,
    row: &PeerRow,
) -> Result<(), Failure> {
    let head = row.cursor.head();
    db.prepare_cached(
        "INSERT OR REPLACE INTO peer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        keys.number(db, peer)?,
        signed(head.count())?,
        head.last().as_bytes(),
        head.next().as_bytes(),
        row.cursor.again().map(Timestamp::unix_millis),
        row.cursor.is_blocked(),
        row.sent.as_bytes(),
        row.reread.map(Timestamp::unix_millis),
        row.fails,
        row.failing.map(Timestamp::unix_millis),
        row.due.unix_millis(),
        access_number(row.access),
        row.news,
    ])?;
    Ok(())
}

fn keep_want(
    db: &Connection,
    keys: &mut Keys,
    name: &ResourceName,
    want: Option<&Want>,
) -> Result<(), Failure> {
    let author = keys.number(db, &name.author)?;
    db.prepare_cached("DELETE FROM want WHERE id = ?1 AND author = ?2")?
        // Deleted and written anew: its holders, which refer to it, go with it.
        .execute(params![name.resource.as_octets(), author])?;
    let Some(want) = want else { return Ok(()) };
    let next = NextColumns::of(&want.next);
    db.prepare_cached(
        "INSERT INTO want (author, id, ord, urgent, reporter, next, due, waits_author, waits, code)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        author,
        name.resource.as_octets(),
        signed(want.order)?,
        want.urgent,
        keys.number(db, &want.reporter)?,
        next.next,
        next.due,
        next.waits_author,
        next.waits,
        next.code,
    ])?;
    let w = db.last_insert_rowid();
    want.holders.iter().try_for_each(|(key, holder)| keep_holder(db, keys, w, key, holder))
}

fn keep_holder(
    db: &Connection,
    keys: &mut Keys,
    w: i64,
    key: &Fingerprint,
    holder: &Holder,
) -> Result<(), Failure> {
    let doubt = DoubtColumns::of(holder.doubt.as_ref());
    db.prepare_cached("INSERT INTO holder VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
        params![
            w,
            keys.number(db, key)?,
            holder.due.unix_millis(),
            holder.misses,
            doubt.doubt,
            doubt.code,
            doubt.author,
            doubt.about
        ],
    )?;
    Ok(())
}

/// All cursors and wants.
pub(super) fn load(db: &Connection) -> Result<Kept, Failure> {
    let mut kept = Kept::default();
    // `CROSS`: keys are not read as a whole, of which strangers' journals name many.
    let mut statement = db.prepare(
        "SELECT fp, count, last, next, again, stuck, sent, reread, fails, failing, due, access, news
         FROM peer CROSS JOIN key USING (k) ORDER BY fp",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        kept.peers.push(read_peer(row)?);
    }
    let mut holders = load_holders(db)?;
    let mut statement = db.prepare(
        "SELECT w, a.fp, id, ord, urgent, r.fp, next, due, waits_author, waits, code
         FROM want JOIN key a ON a.k = author JOIN key r ON r.k = reporter ORDER BY a.fp, id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let holders = holders.remove(&row.get(0)?).unwrap_or_default();
        kept.wants.push(read_want(row, holders)?);
    }
    Ok(kept)
}

fn read_peer(row: &SqlRow<'_>) -> Result<(Fingerprint, PeerRow), Failure> {
    let blob = |place: usize| row.get::<_, Vec<u8>>(place);
    let when = |place: usize| -> Result<Option<Timestamp>, Failure> {
        Ok(row.get::<_, Option<i64>>(place)?.map(time).transpose()?)
    };
    let peer = fingerprint(&blob(0)?)?;
    let head = Head::restore(unsigned(row.get(1)?)?, line_id(&blob(2)?)?, line_id(&blob(3)?)?);
    let cursor = Cursor::restore(peer.clone(), head, when(4)?, row.get(5)?);
    let kept = PeerRow {
        cursor,
        sent: line_id(&blob(6)?)?,
        reread: when(7)?,
        fails: row.get(8)?,
        failing: when(9)?,
        due: time(row.get(10)?)?,
        access: access(row.get(11)?)?,
        news: row.get(12)?,
    };
    Ok((peer, kept))
}

fn load_holders(db: &Connection) -> Result<BTreeMap<i64, Holders>, Failure> {
    let mut holders: BTreeMap<i64, Holders> = BTreeMap::new();
    let mut statement = db.prepare(
        "SELECT w, fp, due, misses, doubt, code, about_author, about FROM holder JOIN key USING (k)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let doubt = DoubtColumns {
            doubt: row.get(4)?,
            code: row.get(5)?,
            author: row.get(6)?,
            about: row.get(7)?,
        }
        .read()?;
        let holder = Holder { due: time(row.get(2)?)?, misses: row.get(3)?, doubt };
        let key = fingerprint(&row.get::<_, Vec<u8>>(1)?)?;
        holders.entry(row.get(0)?).or_default().insert(key, holder);
    }
    Ok(holders)
}

fn read_want(row: &SqlRow<'_>, holders: Holders) -> Result<(ResourceName, Want), Failure> {
    let blob = |place: usize| row.get::<_, Vec<u8>>(place);
    let next = NextColumns {
        next: row.get(6)?,
        due: row.get(7)?,
        waits_author: row.get(8)?,
        waits: row.get(9)?,
        code: row.get(10)?,
    }
    .read()?;
    let name = ResourceName { author: fingerprint(&blob(1)?)?, resource: identifier(&blob(2)?)? };
    let want = Want {
        order: unsigned(row.get(3)?)?,
        urgent: row.get(4)?,
        reporter: fingerprint(&blob(5)?)?,
        next,
        holders,
    };
    Ok((name, want))
}
