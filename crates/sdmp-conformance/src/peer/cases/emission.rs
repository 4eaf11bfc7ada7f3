//! Honest sessions, and a look at what the peer sends in them.

use crate::peer::case::Change::Group;
use crate::peer::case::Side::Initiator;
use crate::peer::case::Stage::Creation;
use crate::peer::case::{Case, good};
use crate::peer::record::Record;
use sdmp_container::Limits;
use sdmp_container::closed::{EncryptedObject, HandshakeSignature, SessionCreation};
use sdmp_crypto::dh::NamedGroup::Ffdhe2048;
use std::collections::BTreeSet;

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    good(Creation, "honest", &["R27", "R28", "R29", "R30", "R32", "R39"], "an honest session", &[]),
    good(Creation, "group-ffdhe2048", &["R23"], "the group ffdhe2048", &[Group(Ffdhe2048)]).only(Initiator),
    good(Creation, "peer-line-feeds", &["R43"], "the peer sends one LF after each object", &[]).check(1, line_feeds),
    good(Creation, "peer-session-creation", &["R3", "R8", "R27", "R28"], "the peer's session creation is compact and in order", &[]).check(1, creation),
    good(Creation, "peer-value-length", &["R25"], "the peer's N is as long as p", &[]).check(1, value_length),
    good(Creation, "peer-objects", &["R3", "R32"], "the peer's encrypted objects are compact and in order", &[]).check(1, objects),
    good(Creation, "peer-signatures", &["R3", "R17", "R18", "R19"], "the peer's signature containers are compact and in order", &[]).check(1, signatures),
    good(Creation, "peer-padding", &["R29", "R33"], "the plaintexts of the peer's handshake have 8,192 octets", &[]).check(1, padding),
    good(Creation, "peer-fresh-values", &["R24"], "the peer draws another N for each session", &[]).check(3, fresh_values),
    good(Creation, "peer-fresh-vectors", &["R34"], "the peer draws another initialisation vector for each object", &[]).check(2, fresh_vectors),
];

/// What is said of a peer that does otherwise.
fn unless(right: bool, wrong: &str) -> Result<(), String> {
    if right { Ok(()) } else { Err(wrong.to_owned()) }
}

fn line_feeds(records: &[Record]) -> Result<(), String> {
    let right = |record: &Record| {
        let lines: Vec<u8> =
            record.objects.iter().flat_map(|object| [object.as_slice(), b"\n"].concat()).collect();
        lines == record.octets
    };
    unless(records.iter().all(right), "something else than one LF follows an object")
}

fn creation(records: &[Record]) -> Result<(), String> {
    let right = |record: &Record| {
        record.objects.first().is_some_and(|object| {
            SessionCreation::parse(object).is_ok_and(|read| read.to_text().as_bytes() == object)
        })
    };
    unless(records.iter().all(right), "session creation is not written as R3 and R27 say")
}

fn value_length(records: &[Record]) -> Result<(), String> {
    let right = |record: &Record| record.value.len() == record.prime.len();
    unless(records.iter().all(right), "N is not padded to the length of p")
}

fn sealed(record: &Record) -> impl Iterator<Item = &Vec<u8>> {
    record.objects.iter().skip(1)
}

fn objects(records: &[Record]) -> Result<(), String> {
    let right = |object: &Vec<u8>| {
        EncryptedObject::parse(object, &Limits::CLOSED_TRAFFIC)
            .is_ok_and(|read| read.to_text().as_bytes() == object)
    };
    let all = records.iter().flat_map(sealed).all(right);
    unless(all, "an encrypted object is not written as R3 and R32 say")
}

fn signatures(records: &[Record]) -> Result<(), String> {
    let right = |record: &Record| {
        record.padded.first().is_some_and(|padded| {
            let text: Vec<u8> = padded.iter().copied().take_while(|octet| *octet != 0).collect();
            HandshakeSignature::parse(&text).is_ok_and(|read| read.to_text().as_bytes() == text)
        })
    };
    unless(records.iter().all(right), "a signature container is not written as R3 and R17 say")
}

fn padding(records: &[Record]) -> Result<(), String> {
    let right = |record: &Record| record.padded.first().is_some_and(|padded| padded.len() == 8192);
    unless(records.iter().all(right), "a plaintext of the handshake has another length than 8,192")
}

fn fresh_values(records: &[Record]) -> Result<(), String> {
    let different: BTreeSet<&[u8]> = records.iter().map(|record| record.value.as_slice()).collect();
    unless(different.len() == records.len(), "the same N twice")
}

fn fresh_vectors(records: &[Record]) -> Result<(), String> {
    let vectors: Vec<[u8; 16]> = records
        .iter()
        .flat_map(sealed)
        .filter_map(|object| EncryptedObject::parse(object, &Limits::CLOSED_TRAFFIC).ok())
        .map(|object| object.iv)
        .collect();
    let different: BTreeSet<[u8; 16]> = vectors.iter().copied().collect();
    unless(different.len() == vectors.len(), "the same initialisation vector twice")
}
