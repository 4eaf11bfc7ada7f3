#![no_main]
//! Fuzzes resource URIs (R10).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::text::uri(octets));
