#![no_main]
//! Fuzzes both sides of the handshake (R30, R39).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_conformance::properties::handshake::any_input_is_refused(octets));
