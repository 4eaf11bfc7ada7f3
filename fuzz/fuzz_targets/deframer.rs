#![no_main]
//! Fuzzes the framing of byte streams (R43).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::stream::deframer(octets));
