//! The closed objects of the handshake, of traffic and of published resources (R12, R40).
//!
//! In a closed object the order of the members is free, but any member that the profile does not
//! name, at any level, is `closed.extra_member`. The version must be 0.12.x (R8) and the schemas
//! exactly the object's one.

mod encrypted;
mod rejection;
mod session_creation;
mod signature;

pub use encrypted::EncryptedObject;
pub use rejection::Rejection;
pub use session_creation::SessionCreation;
pub use signature::{HandshakeSignature, ResourceSignature};

use crate::container::Header;
use crate::kind::Fields;
use crate::strict::{self, Object, Value};
use crate::{Error, ErrorKind, Limits};

/// Parses a closed object with the root members `sdmp` and `member`.
fn root<'a>(
    octets: &'a [u8],
    limits: &Limits,
    schemas: &[&str],
    member: &str,
) -> Result<Object<'a>, Error> {
    let Value::Object(root) = strict::parse(octets, limits)? else {
        return Err(Error::new(ErrorKind::NotAnObject));
    };
    check_root(&root, schemas, member)?;
    Ok(root)
}

/// The same of an object that is already parsed.
fn check_root(root: &Object<'_>, schemas: &[&str], member: &str) -> Result<(), Error> {
    let header = Header::read(root).map_err(|error| {
        // In a closed object the broken rule is R40, not R7.
        if error.kind() == ErrorKind::ContainerExtraMember {
            return error.recast(ErrorKind::ClosedExtraMember);
        }
        error
    })?;
    if !header.version.is_0_12() {
        return Err(Error::pointing(ErrorKind::VersionUnsupported, "/sdmp/version"));
    }
    match header.schemas.as_slice() {
        // Exactly one schema: a handshake message that is also something else could be replayed as
        // that (R12).
        [one] if schemas.contains(one) => {}
        _ => return Err(Error::pointing(ErrorKind::ClosedSchemas, "/sdmp/schemas")),
    }
    Fields::root(root).close(&["sdmp", member])
}
