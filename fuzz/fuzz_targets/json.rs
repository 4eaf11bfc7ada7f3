#![no_main]
//! Fuzzes strict JSON (R4).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_conformance::properties::json(octets));
