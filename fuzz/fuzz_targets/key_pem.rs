#![no_main]
//! Fuzzes keys in PEM (R14, R15).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::key::pem(octets));
