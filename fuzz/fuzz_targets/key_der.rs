#![no_main]
//! Fuzzes keys in DER (R13, R14).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::key::der(octets));
