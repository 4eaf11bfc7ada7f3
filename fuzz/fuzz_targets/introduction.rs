#![no_main]
//! Fuzzes introduction files (N44).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::sync::introduction(octets));
