//! One side of a transfer, played word by word.

use std::path::Path;
use std::time::UNIX_EPOCH;

use sdmp_container::{Container, Identifier};
use sdmp_crypto::hash::{sha512, sha512_parts};
use sdmp_node::transfer::Announced;
use sdmp_node::transfer::pieces::{Entry, Kind, PIECE, Said, Whole};
use sdmp_transport::{SecureSession, stream};

/// A `file` container.
pub(crate) fn announcement(name: &str, octets: &[u8]) -> Container {
    let hash = Identifier::from_octets(sha512(octets));
    let size = octets.len().try_into().unwrap();
    Announced { name: name.to_owned(), size, hash }.container().unwrap()
}

/// An entry for a file, as its sender describes it.
pub(crate) fn entry(path: &Path, name: &[&str]) -> Entry {
    let metadata = std::fs::metadata(path).unwrap();
    let modified = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let size = Some(metadata.len());
    Entry { modified: Some(modified), ..sized(name, size) }
}

/// An entry for a file of this size.
pub(crate) fn sized(name: &[&str], size: Option<u64>) -> Entry {
    let path = name.iter().map(|name| (*name).to_owned()).collect();
    Entry { kind: Kind::File, path, size, mode: None, modified: None }
}

/// Says something, and gives the answer's text.
pub(crate) async fn say(session: &mut SecureSession, said: Said) -> String {
    session.send(said.container().unwrap()).await.unwrap();
    heard(session).await
}

pub(crate) async fn heard(session: &mut SecureSession) -> String {
    session.recv().await.unwrap().unwrap().container.text().to_owned()
}

pub(crate) async fn greet(session: &mut SecureSession, files: u64, octets: Option<u64>) {
    let answer = say(session, Said::Greeting { files, octets }).await;
    assert!(answer.contains("\"pieces\":true"), "{answer}");
}

pub(crate) fn hashes(octets: &[u8]) -> Vec<Identifier> {
    octets.chunks(PIECE).map(|piece| Identifier::from_octets(sha512(piece))).collect()
}

/// What all octets of a file come to.
pub(crate) fn whole(octets: &[u8]) -> Whole {
    let hashes = hashes(octets);
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_octets().as_slice()).collect();
    let hash = Identifier::from_octets(sha512_parts(&hashes));
    Whole { size: octets.len().try_into().unwrap(), hash }
}

/// Sends octets and their hashes.
pub(crate) async fn give(session: &mut SecureSession, octets: &[u8]) {
    chunks(session, octets).await;
    session.send(Said::Hashes(hashes(octets)).container().unwrap()).await.unwrap();
}

/// Sends octets without hashes.
pub(crate) async fn chunks(session: &mut SecureSession, octets: &[u8]) {
    for octets in octets.chunks(stream::CHUNK) {
        session.send(stream::encode(octets, false).unwrap()).await.unwrap();
    }
}

/// Says that no more comes of a file.
pub(crate) async fn end(session: &mut SecureSession) {
    session.send(stream::encode(b"", true).unwrap()).await.unwrap();
}
