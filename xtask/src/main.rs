//! Drives the workspace: `cargo xtask ci`, `tidy`, `conformance` and others.
fn main() {}
