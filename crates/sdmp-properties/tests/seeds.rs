//! The committed seeds of the fuzz targets, replayed on the stable compiler.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

#[test]
fn every_seed_keeps_its_property() {
    for (name, property) in sdmp_properties::ALL {
        let seeds: Vec<PathBuf> = std::fs::read_dir(fuzz().join("seeds").join(name))
            .unwrap_or_else(|error| panic!("fuzz/seeds/{name}: {error}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(!seeds.is_empty(), "{name} has seeds");
        for seed in seeds {
            property(&std::fs::read(&seed).unwrap());
        }
    }
}

#[test]
fn every_property_has_a_target_and_every_target_a_property() {
    let targets: BTreeSet<String> = std::fs::read_dir(fuzz().join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let names: BTreeSet<String> =
        sdmp_properties::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets, names);
}
