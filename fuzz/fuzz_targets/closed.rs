#![no_main]
//! Fuzzes the closed objects (R12, R40).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::object::closed(octets));
