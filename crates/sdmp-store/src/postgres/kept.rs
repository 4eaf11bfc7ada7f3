//! Cursors, wants and their holders (N30 to N32).

use std::collections::BTreeMap;

use sdmp_container::{ResourceName, Timestamp};
use sdmp_journal::sync::{Holder, Holders, PeerRow, Want};
use sdmp_journal::{Cursor, Fingerprint, Head};
use tokio_postgres::Row;

use super::link::{Failure, Link};
use crate::Error;
use crate::columns::{
    DoubtColumns, NextColumns, access, access_number, fingerprint, identifier, line_id, signed,
    time, unsigned,
};
use crate::contract::{Changes, Kept, kept_form};

pub(super) fn keep(link: &Link, changes: &Changes) -> Result<(), Failure> {
    for (peer, row) in &changes.peers {
        keep_peer(link, peer, row)?;
    }
    // Of a want that is named twice the last counts.
    let wants: BTreeMap<&ResourceName, Option<&Want>> =
        changes.wants.iter().map(|(name, want)| (name, want.as_ref())).collect();
    if wants.is_empty() {
        return Ok(());
    }
    let authors: Vec<&[u8]> = wants.keys().map(|name| name.author.as_octets().as_slice()).collect();
    let ids: Vec<&[u8]> = wants.keys().map(|name| name.resource.as_octets().as_slice()).collect();
    link.execute(
        "DELETE FROM want USING unnest($1::bytea[], $2::bytea[]) AS named (author, id)
         WHERE want.author = named.author AND want.id = named.id",
        &[&authors, &ids],
    )?;
    let kept: Vec<(&ResourceName, Want)> = wants
        .into_iter()
        .filter_map(|(name, want)| want.map(|want| (name, kept_form(want))))
        .collect();
    keep_wants(link, &kept)?;
    keep_holders(link, &kept)
}

fn keep_peer(link: &Link, peer: &Fingerprint, row: &PeerRow) -> Result<(), Failure> {
    let head = row.cursor.head();
    let peer = peer.as_octets().as_slice();
    link.execute("DELETE FROM peer WHERE fp = $1", &[&peer])?;
    link.execute(
        "INSERT INTO peer VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            &peer,
            &signed(head.count())?,
            &head.last().as_bytes().as_slice(),
            &head.next().as_bytes().as_slice(),
            &row.cursor.again().map(Timestamp::unix_millis),
            &row.cursor.is_blocked(),
            &row.sent.as_bytes().as_slice(),
            &row.reread.map(Timestamp::unix_millis),
            &i64::from(row.fails),
            &row.failing.map(Timestamp::unix_millis),
            &row.due.unix_millis(),
            &access_number(row.access),
            &row.news,
        ],
    )?;
    Ok(())
}

fn keep_wants(link: &Link, wants: &[(&ResourceName, Want)]) -> Result<(), Failure> {
    let column = |of: fn(&ResourceName, &Want) -> Vec<u8>| -> Vec<Vec<u8>> {
        wants.iter().map(|(name, want)| of(name, want)).collect()
    };
    let orders = wants.iter().map(|(_, want)| signed(want.order));
    let orders = orders.collect::<Result<Vec<i64>, _>>()?;
    let urgent: Vec<bool> = wants.iter().map(|(_, want)| want.urgent).collect();
    let next: Vec<NextColumns> =
        wants.iter().map(|(_, want)| NextColumns::of(&want.next)).collect();
    link.execute(
        "INSERT INTO want SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::boolean[],
         $5::bytea[], $6::bigint[], $7::bigint[], $8::bytea[], $9::bytea[], $10::text[])",
        &[
            &column(|name, _| name.author.as_octets().to_vec()),
            &column(|name, _| name.resource.as_octets().to_vec()),
            &orders,
            &urgent,
            &column(|_, want| want.reporter.as_octets().to_vec()),
            &next.iter().map(|next| next.next).collect::<Vec<_>>(),
            &next.iter().map(|next| next.due).collect::<Vec<_>>(),
            &next.iter().map(|next| next.waits_author.as_deref()).collect::<Vec<_>>(),
            &next.iter().map(|next| next.waits.as_deref()).collect::<Vec<_>>(),
            &next.iter().map(|next| next.code.as_deref()).collect::<Vec<_>>(),
        ],
    )?;
    Ok(())
}

fn keep_holders(link: &Link, wants: &[(&ResourceName, Want)]) -> Result<(), Failure> {
    let all: Vec<(&ResourceName, &Fingerprint, &Holder)> = wants
        .iter()
        .flat_map(|(name, want)| want.holders.iter().map(|(key, holder)| (*name, key, holder)))
        .collect();
    let doubts: Vec<DoubtColumns> =
        all.iter().map(|(_, _, holder)| DoubtColumns::of(holder.doubt.as_ref())).collect();
    let octets = |of: fn(&ResourceName, &Fingerprint) -> [u8; 64]| -> Vec<Vec<u8>> {
        all.iter().map(|(name, key, _)| of(name, key).to_vec()).collect()
    };
    link.execute(
        "INSERT INTO holder SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[],
         $5::bigint[], $6::bigint[], $7::text[], $8::bytea[], $9::bytea[])",
        &[
            &octets(|name, _| *name.author.as_octets()),
            &octets(|name, _| *name.resource.as_octets()),
            &octets(|_, key| *key.as_octets()),
            &all.iter().map(|(_, _, holder)| holder.due.unix_millis()).collect::<Vec<_>>(),
            &all.iter().map(|(_, _, holder)| i64::from(holder.misses)).collect::<Vec<_>>(),
            &doubts.iter().map(|doubt| doubt.doubt).collect::<Vec<_>>(),
            &doubts.iter().map(|doubt| doubt.code.as_deref()).collect::<Vec<_>>(),
            &doubts.iter().map(|doubt| doubt.author.as_deref()).collect::<Vec<_>>(),
            &doubts.iter().map(|doubt| doubt.about.as_deref()).collect::<Vec<_>>(),
        ],
    )?;
    Ok(())
}

/// All cursors and wants, in one statement each: what is read first is never newer than what is read
/// after it, so a cursor is not ahead of its wants (S5).
pub(super) fn load(link: &Link) -> Result<Kept, Failure> {
    let peers = link.rows(
        "SELECT fp, count, last, next, again, stuck, sent, reread, fails, failing, due, access, news
         FROM peer ORDER BY fp",
        &[],
    )?;
    let wants = link.rows(
        "SELECT w.author, w.id, ord, urgent, reporter, next, w.due, waits_author, waits, w.code,
           h.fp, h.due, misses, doubt, h.code, about_author, about
         FROM want w LEFT JOIN holder h USING (author, id) ORDER BY w.author, w.id, h.fp",
        &[],
    )?;
    let mut kept = Kept::default();
    for row in &peers {
        kept.peers.push(read_peer(row)?);
    }
    for row in &wants {
        let name = ResourceName {
            author: fingerprint(row.try_get(0)?)?,
            resource: identifier(row.try_get(1)?)?,
        };
        if kept.wants.last().is_none_or(|(last, _)| *last != name) {
            kept.wants.push((name, read_want(row)?));
        }
        if let (Some((_, want)), Some((key, holder))) = (kept.wants.last_mut(), read_holder(row)?) {
            want.holders.insert(key, holder);
        }
    }
    Ok(kept)
}

fn read_peer(row: &Row) -> Result<(Fingerprint, PeerRow), Failure> {
    let when = |place: usize| -> Result<Option<Timestamp>, Failure> {
        Ok(row.try_get::<_, Option<i64>>(place)?.map(time).transpose()?)
    };
    let line =
        |place: usize| -> Result<_, Failure> { Ok(line_id(row.try_get::<_, &[u8]>(place)?)?) };
    let peer = fingerprint(row.try_get(0)?)?;
    let head = Head::restore(unsigned(row.try_get(1)?)?, line(2)?, line(3)?);
    let kept = PeerRow {
        cursor: Cursor::restore(peer.clone(), head, when(4)?, row.try_get(5)?),
        sent: line(6)?,
        reread: when(7)?,
        fails: u32::try_from(row.try_get::<_, i64>(8)?).map_err(|_| Error::Damaged("a peer"))?,
        failing: when(9)?,
        due: time(row.try_get(10)?)?,
        access: access(row.try_get(11)?)?,
        news: row.try_get(12)?,
    };
    Ok((peer, kept))
}

fn read_want(row: &Row) -> Result<Want, Failure> {
    let next = NextColumns {
        next: row.try_get(5)?,
        due: row.try_get(6)?,
        waits_author: row.try_get(7)?,
        waits: row.try_get(8)?,
        code: row.try_get(9)?,
    };
    Ok(Want {
        order: unsigned(row.try_get(2)?)?,
        urgent: row.try_get(3)?,
        reporter: fingerprint(row.try_get(4)?)?,
        next: next.read()?,
        holders: Holders::default(),
    })
}

fn read_holder(row: &Row) -> Result<Option<(Fingerprint, Holder)>, Failure> {
    let Some(key) = row.try_get::<_, Option<&[u8]>>(10)? else { return Ok(None) };
    let doubt = DoubtColumns {
        doubt: row.try_get(13)?,
        code: row.try_get(14)?,
        author: row.try_get(15)?,
        about: row.try_get(16)?,
    };
    let misses = u8::try_from(row.try_get::<_, i64>(12)?);
    let holder = Holder {
        due: time(row.try_get(11)?)?,
        misses: misses.map_err(|_| Error::Damaged("a holder"))?,
        doubt: doubt.read()?,
    };
    Ok(Some((fingerprint(key)?, holder)))
}
