#![no_main]
//! Fuzzes exchange objects (N25, N26).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::sync::exchange(octets));
