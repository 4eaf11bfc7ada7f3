//! Properties of the state machines: their input is a script of messages.
//!
//! An honest pair of peers with fixed randomness is recorded once; a machine with the same
//! randomness then understands the recorded peer, and no other octets than the recorded ones.

pub mod by_value;
pub mod connection;
pub mod session;

pub(crate) mod damage;
pub(crate) mod node;
pub(crate) mod record;
pub(crate) mod script;

pub(crate) use node::node;

use sdmp_container::Limits;
use sdmp_container::closed::EncryptedObject;

/// Whether two objects are the same to a peer: the same octets but for white space around them,
/// or, of encrypted objects, the same vector and payload. The frame around these carries nothing.
pub(crate) fn same(given: &[u8], genuine: &[u8]) -> bool {
    if given.trim_ascii() == genuine {
        return true;
    }
    let parse = |octets| EncryptedObject::parse(octets, &Limits::CLOSED_TRAFFIC).ok();
    match (parse(given), parse(genuine)) {
        (Some(given), Some(genuine)) => given.iv == genuine.iv && given.payload == genuine.payload,
        _ => false,
    }
}
