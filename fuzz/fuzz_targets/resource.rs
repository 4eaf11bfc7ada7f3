#![no_main]
//! Fuzzes resources (N3 to N5).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::node::resource(octets));
