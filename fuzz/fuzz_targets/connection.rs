#![no_main]
//! Fuzzes the polled tier with scripts (R30, R38, R39, R42, R43).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::machine::connection::keeps_its_promises(octets));
