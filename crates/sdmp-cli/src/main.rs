//! The sdmp program: readable secure sessions, files and messages over SDMP 0.12
fn main() {}
