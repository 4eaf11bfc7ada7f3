//! The commands, one module each.

pub(crate) mod chat;
pub(crate) mod connect;
pub(crate) mod container;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod forward;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod listen;
pub(crate) mod peer;
pub(crate) mod pipe;
pub(crate) mod recv;
pub(crate) mod schema;
pub(crate) mod seal;
pub(crate) mod send;
pub(crate) mod shell;
mod shown;
pub(crate) mod sign;
