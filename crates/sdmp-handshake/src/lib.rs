//! The SDMP 0.12 handshake and session as sans-IO state machines
