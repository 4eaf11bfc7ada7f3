#![no_main]
//! Fuzzes containers (R5, R7).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::object::container(octets));
