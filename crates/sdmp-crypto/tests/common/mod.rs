//! What several tests need.

pub(crate) mod keys;

use std::{fs, path::PathBuf};

/// The text of a file in `tests/keys`.
pub(crate) fn text(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name);
    fs::read_to_string(path).unwrap()
}

/// The octets in a PEM text.
pub(crate) fn der(text: &str) -> Vec<u8> {
    der::pem::decode_vec(text.trim().as_bytes()).unwrap().1
}
