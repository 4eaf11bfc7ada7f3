#![no_main]
//! Fuzzes accepted sessions with scripts (R33 to R35, R39, R41).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::machine::session::keeps_its_promises(octets));
