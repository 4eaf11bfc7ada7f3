//! The conformance vectors as JSON, for crates that the conformance runner depends on.
//!
//! `vectors/README.md` of the conformance crate describes the format.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::hex;

/// Where the vectors lie.
#[must_use]
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdmp-conformance/vectors")
}

/// All cases of an area, in the order of its files' names.
///
/// # Panics
/// If the area has no file, or one is not of the format.
#[must_use]
pub fn cases(area: &str) -> Vec<Value> {
    let folder = directory().join(area);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no vectors in {}", folder.display());
    files
        .iter()
        .flat_map(|path| {
            let mut file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            match file["cases"].take() {
                Value::Array(cases) => cases,
                other => panic!("{}: no cases but {other}", path.display()),
            }
        })
        .collect()
}

/// The octets that an input denotes: `text` or `hex`, perhaps so many `times`, or `parts` of these.
///
/// # Panics
/// If it denotes none.
#[must_use]
pub fn octets(notation: &Value) -> Vec<u8> {
    if let Some(parts) = notation["parts"].as_array() {
        return parts.iter().flat_map(octets).collect();
    }
    let run = match (&notation["text"], &notation["hex"]) {
        (Value::String(text), _) => text.as_bytes().to_vec(),
        (_, Value::String(text)) => hex::decode(text),
        other => panic!("no octets: {other:?}"),
    };
    let times = notation["times"].as_u64().unwrap_or(1);
    run.repeat(usize::try_from(times).unwrap())
}
