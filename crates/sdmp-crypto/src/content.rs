//! Content encryption (R21, R35, R36).

pub mod a256cbc;
pub mod a256cbc_hs512;
