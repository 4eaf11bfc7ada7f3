#![no_main]
//! Fuzzes key texts (R14, R15).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_conformance::properties::key_texts(octets));
