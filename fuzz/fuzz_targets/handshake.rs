#![no_main]
//! Fuzzes both sides of the handshake with any octets (R30, R39).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::stream::octets_from_nobody(octets));
