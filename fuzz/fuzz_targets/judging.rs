#![no_main]
//! Fuzzes judging resources that came together (N6 to N20).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::node::judging(octets));
