#![no_main]
//! Fuzzes opened messages (N38, N42).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::sync::opened(octets));
