#![no_main]
//! Fuzzes the lines of a journal (N21 to N24).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::node::lines(octets));
