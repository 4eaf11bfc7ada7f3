#![no_main]
//! Fuzzes timestamps (R6).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::text::timestamp(octets));
