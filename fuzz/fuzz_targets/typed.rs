#![no_main]
//! Fuzzes the typed objects of all core schemas (R3, R9).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::object::typed(octets));
