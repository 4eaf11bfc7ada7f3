//! Closed signature containers: in handshakes (R29, R31) and around resources (R12).

use crate::closed::{check_root, root};
use crate::kind::Fields;
use crate::strict::Object;
use crate::{Container, CoreSchema, Error, ErrorKind, Limits, Signature, b64url};

const SCHEMAS: [&str; 1] = ["signature"];
const MEMBER: &str = "signature";

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
        read(octets, &Limits::CLOSED_HANDSHAKE)
    }
}

/// The outer part of a published resource: a closed signature container with one signature (R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceSignature;

impl ResourceSignature {
    /// Reads the object. Whether its payload lists `resource` is not looked at.
    ///
    /// # Errors
    /// A `json.*`, `field.*`, `version.*`, `b64url.*`, `hash.*` or `closed.*` kind;
    /// `closed.signatures` unless there is exactly one signature.
    pub fn parse(octets: &[u8], limits: &Limits) -> Result<Signature, Error> {
        read(octets, limits)
    }

    /// Checks that a container is the outer part of a resource, without copying anything.
    ///
    /// # Errors
    /// As [`ResourceSignature::parse`].
    pub fn check(container: &Container) -> Result<(), Error> {
        let root = container.root();
        check_root(root, &SCHEMAS, MEMBER)?;
        check_closed(root)?;
        Signature::check_root(root)
    }

    /// Checks a container that *may* be a resource: a signature container whose payload is a
    /// container that lists `resource` must have the closed outer part; all else passes.
    ///
    /// # Errors
    /// As [`ResourceSignature::parse`], with a pointer into the outer part.
    pub fn check_if_resource(container: &Container) -> Result<(), Error> {
        if !container.lists(CoreSchema::Signature) {
            return Ok(());
        }
        let fields = Fields::member(container.root(), CoreSchema::Signature)?;
        let payload = b64url::decode(fields.base64("payload")?)?;
        match Container::parse(payload) {
            Ok(inner) if inner.lists(CoreSchema::Resource) => Self::check(container),
            _ => Ok(()),
        }
    }
}

fn read(octets: &[u8], limits: &Limits) -> Result<Signature, Error> {
    let root = root(octets, limits, &SCHEMAS, MEMBER)?;
    check_closed(&root)?;
    Signature::from_root(&root)
}

/// No member but those of the profile, and one signature.
fn check_closed(root: &Object<'_>) -> Result<(), Error> {
    let fields = Fields::member(root, CoreSchema::Signature)?;
    fields.close(&["identifier", "payload", "signatures"])?;
    for entry in fields.objects("signatures")? {
        entry?.close(&["protected", "signature"])?;
    }
    match fields.array("signatures")? {
        // None at all is told by the typed object.
        [] | [_] => Ok(()),
        _ => Err(fields.fault(ErrorKind::ClosedSignatures, "signatures")),
    }
}
