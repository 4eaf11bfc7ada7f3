#![no_main]
//! Fuzzes strict JSON (R3, R4).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::text::json(octets));
