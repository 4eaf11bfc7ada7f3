#![no_main]
//! Fuzzes the channels of a session against any messages.

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::channels::keeps_its_promises(octets));
