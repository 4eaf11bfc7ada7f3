#![no_main]
//! Fuzzes timestamps (R6).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_conformance::properties::timestamp(octets));
