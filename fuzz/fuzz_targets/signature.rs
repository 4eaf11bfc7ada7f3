#![no_main]
//! Fuzzes damaged signature containers (R17 to R20).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::object::signature(octets));
