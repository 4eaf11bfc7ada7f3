//! Closed signature containers: in handshakes (R29, R31) and around resources (R12).

use crate::closed::root;
use crate::kind::Fields;
use crate::{CoreSchema, Error, ErrorKind, Limits, Signature};

/// The handshake signature object: a closed signature container with one signature (R29, R31).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeSignature;

impl HandshakeSignature {
    /// Reads the object from at most 12,288 octets (R42).
    ///
    /// # Errors
    /// A `json.*`, `field.*`, `version.*`, `b64url.*`, `hash.*` or `closed.*` kind;
    /// `closed.signatures` unless there is exactly one signature.
    pub fn parse(octets: &[u8]) -> Result<Signature, Error> {
        let signature = closed_signature(octets, &Limits::CLOSED_HANDSHAKE)?;
        match signature.signatures() {
            [_] => Ok(signature),
            _ => Err(Error::pointing(ErrorKind::ClosedSignatures, "/signature/signatures")),
        }
    }
}

/// The outer part of a published resource: a closed signature container (R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceSignature;

impl ResourceSignature {
    /// Reads the object.
    ///
    /// # Errors
    /// A `json.*`, `field.*`, `version.*`, `b64url.*`, `hash.*` or `closed.*` kind.
    pub fn parse(octets: &[u8], limits: &Limits) -> Result<Signature, Error> {
        closed_signature(octets, limits)
    }
}

fn closed_signature(octets: &[u8], limits: &Limits) -> Result<Signature, Error> {
    let root = root(octets, limits, &["signature"], "signature")?;
    let fields = Fields::member(&root, CoreSchema::Signature)?;
    fields.close(&["identifier", "payload", "signatures"])?;
    for entry in fields.objects("signatures")? {
        entry?.close(&["protected", "signature"])?;
    }
    Signature::from_root(&root)
}
