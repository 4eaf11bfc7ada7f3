#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    reason = "a property that does not hold, or an honest peer that fails, must stop"
)]

pub mod channels;
pub mod inspect;
pub mod key;
pub mod machine;
pub mod node;
pub mod object;
pub mod stream;
pub mod sync;
pub mod text;

/// A property by the name of its fuzz target.
pub type Property = (&'static str, fn(&[u8]));

/// All properties; `fuzz/fuzz_targets` has a file for each.
pub const ALL: [Property; 25] = [
    ("base64url", text::base64url),
    ("channels", channels::keeps_its_promises),
    ("closed", object::closed),
    ("connection", machine::connection::keeps_its_promises),
    ("container", object::container),
    ("deframer", stream::deframer),
    ("exchange", sync::exchange),
    ("handshake", stream::octets_from_nobody),
    ("initiator", machine::by_value::initiator),
    ("inspect", inspect::report),
    ("introduction", sync::introduction),
    ("json", text::json),
    ("judging", node::judging),
    ("key_der", key::der),
    ("key_pem", key::pem),
    ("lines", node::lines),
    ("opened", sync::opened),
    ("resource", node::resource),
    ("responder", machine::by_value::responder),
    ("session", machine::session::keeps_its_promises),
    ("signature", object::signature),
    ("synchronisation", sync::keeps_its_promises),
    ("timestamp", text::timestamp),
    ("typed", object::typed),
    ("uri", text::uri),
];
