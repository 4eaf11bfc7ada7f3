//! Reading what was published with the specification's text and its predecessors (R45).
//!
//! The published examples keep to older rules: an identity without a fingerprint, its key as bare
//! base64, an identifier that hashes the raw JSON, a signature that leaves the signer's name
//! uncovered. This module reads them, beside everything of today, and does nothing else: it
//! writes nothing, and its [`Identity`] is a type of its own that no handshake and no signature
//! outside this module accepts. It is called explicitly; nothing falls back to it.
//!
//! Keys published with the specification are allowed here, and here only: a signature by one of
//! them proves nothing, since anyone can make it ([`Identity::is_known_compromised`]).

#[cfg(feature = "aws-lc-rs")]
mod encrypted;
mod identity;
mod signature;

#[cfg(feature = "aws-lc-rs")]
pub use encrypted::{Unwrap, open};
pub use identity::Identity;
pub use signature::{Hashed, Signer, Verified, verify};

use sdmp_container::{Container, CoreSchema, SchemaName, kind};

use crate::Error;

/// Parses a container of version 0.10 to 0.12 and checks it against each core schema that it
/// lists; an identity may be of the older form.
///
/// # Errors
/// [`Error::UnsupportedVersion`], what the strict parser refuses, or a schema's refusal.
pub fn parse(octets: impl Into<Vec<u8>>) -> Result<Container, Error> {
    let container = Container::parse(octets)?;
    check(&container)?;
    Ok(container)
}

/// The same, of a container that was parsed already.
fn check(container: &Container) -> Result<(), Error> {
    let version = container.version();
    if version.major != 0 || !(10..=12).contains(&version.minor) {
        return Err(Error::UnsupportedVersion);
    }
    for name in container.schemas() {
        match name {
            SchemaName::Core(CoreSchema::Identity) => identity::Form::read(container).map(drop)?,
            SchemaName::Core(schema) => kind::check(container, *schema)?,
            SchemaName::Resource(_) => {}
        }
    }
    Ok(())
}

/// The same, of a container that must list `schema`.
fn check_as(container: &Container, schema: CoreSchema) -> Result<(), Error> {
    if !container.lists(schema) {
        return Err(Error::WrongSchema(schema.name()));
    }
    check(container)
}
