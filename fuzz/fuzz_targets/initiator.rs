#![no_main]
//! Fuzzes the initiator with scripts (R27 to R31).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::machine::by_value::initiator(octets));
