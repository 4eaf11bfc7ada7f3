//! Conformance vectors of SDMP 0.12 and their runner, as a library
