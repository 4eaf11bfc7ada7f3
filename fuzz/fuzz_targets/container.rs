#![no_main]
//! Fuzzes containers (R5, R7).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_conformance::properties::container(octets));
