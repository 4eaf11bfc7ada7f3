#![no_main]
//! Fuzzes the synchronisation machine with scripts (N29 to N34).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::sync::keeps_its_promises(octets));
