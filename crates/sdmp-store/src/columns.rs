//! What is written in tables: the same numbers and octets in every engine that has some.

mod kept;

use sdmp_crypto::rsa::PublicKey;
use sdmp_journal::{Body, Fingerprint, Identifier, Kind, LineId, Resource, Timestamp};

use crate::Error;
use crate::contract::{Gone, What};

pub(crate) use kept::{DoubtColumns, NextColumns, access, access_number};

/// The number of a kind in tables: its place in N5's table; control comes first.
pub(crate) fn kind_number(kind: Kind) -> i64 {
    Kind::ALL.iter().position(|one| *one == kind).and_then(|n| n.try_into().ok()).unwrap_or(-1)
}

pub(crate) fn kind(number: i64) -> Result<Kind, Error> {
    let kind = usize::try_from(number).ok().and_then(|number| Kind::ALL.get(number)).copied();
    kind.ok_or(Error::Damaged("a kind"))
}

pub(crate) fn time(millis: i64) -> Result<Timestamp, Error> {
    Timestamp::from_unix_millis(millis).ok_or(Error::Damaged("a time"))
}

pub(crate) fn hash(octets: &[u8]) -> Result<[u8; 64], Error> {
    octets.try_into().map_err(|_| Error::Damaged("a hash"))
}

pub(crate) fn identifier(octets: &[u8]) -> Result<Identifier, Error> {
    hash(octets).map(Identifier::from_octets)
}

pub(crate) fn fingerprint(octets: &[u8]) -> Result<Fingerprint, Error> {
    hash(octets).map(Fingerprint::from_octets)
}

pub(crate) fn line_id(octets: &[u8]) -> Result<LineId, Error> {
    hash(octets).map(LineId::from_bytes)
}

pub(crate) fn unsigned(number: i64) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| Error::Damaged("a number"))
}

pub(crate) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::Damaged("a number"))
}

/// The key that the text of an identity describes.
pub(crate) fn key_of_identity(text: Vec<u8>) -> Result<PublicKey, Error> {
    let resource = Resource::parse(text).map_err(|_| Error::Damaged("the text of an identity"))?;
    match resource.body() {
        Body::Identity(identity) => Ok(identity.public_key().clone()),
        Body::Trust { .. } | Body::Revoke { .. } | Body::Content => {
            Err(Error::Damaged("the text of an identity"))
        }
    }
}

/// What happened, and with what reason.
pub(crate) fn event_numbers(what: What) -> (i64, i64) {
    let (number, gone) = match what {
        What::Admitted => (0, Gone::Here),
        What::Gone(gone) => (1, gone),
        What::Back => (2, Gone::Here),
        What::Shown => (3, Gone::Here),
        What::NotShown => (4, Gone::Here),
    };
    (number, gone.number())
}

/// The reverse of [`event_numbers`].
pub(crate) fn what(number: i64, gone: i64) -> Result<What, Error> {
    let gone = Gone::from_number(gone).ok_or(Error::Damaged("a reason"))?;
    Ok(match number {
        0 => What::Admitted,
        1 => What::Gone(gone),
        2 => What::Back,
        3 => What::Shown,
        4 => What::NotShown,
        _ => return Err(Error::Damaged("an event")),
    })
}
