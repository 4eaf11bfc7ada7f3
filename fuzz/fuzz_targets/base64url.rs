#![no_main]
//! Fuzzes base64url (R1).

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::text::base64url(octets));
