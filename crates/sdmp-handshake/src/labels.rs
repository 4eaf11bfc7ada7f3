//! The texts that both sides must write alike: what FIN and the close sign (R31, R41), and the labels
//! of a key log. Programs that verify recordings use them too.

use sdmp_container::b64url;

use crate::role::Role;

/// How every receipt of the protocol's own begins.
pub const RESERVED_RECEIPT: &str = "sdmp/0.12 ";

/// How the receipt of an authenticated close begins (R41).
pub const CLOSE_RECEIPT: &str = "sdmp/0.12 close ";

/// Key log: the handshake key from initiator to responder, 64 octets.
pub const HS_I2R: &str = "HS_I2R";
/// Key log: the handshake key from responder to initiator, 64 octets.
pub const HS_R2I: &str = "HS_R2I";
/// Key log: the traffic key from initiator to responder, 64 octets.
pub const AP_I2R: &str = "AP_I2R";
/// Key log: the traffic key from responder to initiator, 64 octets.
pub const AP_R2I: &str = "AP_R2I";
/// Key log: the secret that exported keys are derived from, 64 octets.
pub const EXPORTER: &str = "EXPORTER";
/// Key log: the public name of the session (R44), 32 octets.
pub const SESSION_ID: &str = "SESSION_ID";
/// Key log: the one key of the published profile, 32 octets.
pub const PUBLISHED_K: &str = "PUBLISHED_K";

/// All labels of a key log, each with the length of its secret in octets.
pub const KEY_LOG: [(&str, usize); 7] = [
    (HS_I2R, 64),
    (HS_R2I, 64),
    (AP_I2R, 64),
    (AP_R2I, 64),
    (EXPORTER, 64),
    (SESSION_ID, 32),
    (PUBLISHED_K, 32),
];

/// The text of the container that FIN signs: `sdmp/0.12 fin ROLE H` (R31), where H is the hash of
/// the whole transcript.
#[must_use]
pub fn confirmation(from: Role, t2: &[u8; 64]) -> String {
    receipt("fin", from, t2)
}

/// The text of the authenticated close: `sdmp/0.12 close ROLE H` (R41).
#[must_use]
pub fn close(from: Role, t2: &[u8; 64]) -> String {
    receipt("close", from, t2)
}

fn receipt(what: &str, from: Role, t2: &[u8; 64]) -> String {
    let (role, hash) = (from.name(), b64url::encode(t2));
    format!(
        "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"receipt\"]}},\
         \"receipt\":\"{RESERVED_RECEIPT}{what} {role} {hash}\"}}"
    )
}
