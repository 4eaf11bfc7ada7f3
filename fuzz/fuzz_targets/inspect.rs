#![no_main]
//! Fuzzes the inspection of recordings, captures, streams, containers and key logs.

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sdmp_properties::inspect::report(octets));
