//! Strict parsing, typed objects and byte-exact emission of SDMP 0.12 containers
