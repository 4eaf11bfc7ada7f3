//! Async carriers, listener and secure sessions for SDMP 0.12
