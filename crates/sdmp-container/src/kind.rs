//! The typed objects of the 16 core schemas.
//!
//! Each has `from_container`, a checked constructor `new`, and `to_text`, which writes a whole
//! container: compact, the members in the order of the profile (R3), version 0.12.0, the one
//! schema. What a typed object does not know is ignored, as R12 allows outside closed objects.

mod encrypted;
mod field;
mod identity;
mod journal;
mod private_key;
mod request;
mod resource;
mod response;
mod shared_key;
mod signature;
mod text;
mod trust;

pub use encrypted::Encrypted;
pub use identity::{Identity, IdentityType};
pub use journal::Broadcast;
pub use private_key::PrivateKey;
pub use request::{RequestJournal, RequestResource, ResourceName};
pub use resource::{Resource, Revoke};
pub use response::{Found, Response, Status};
pub use shared_key::SharedKey;
pub use signature::{Signature, SignatureEntry};
pub use text::{Message, NodeInformation, Receipt, UserInformation};
pub use trust::{Authorization, Trust};

pub(crate) use encrypted::check_iv;
pub(crate) use field::{Fields, Writer};

use crate::{Container, CoreSchema, Error};

/// Checks a container against one core schema, whether or not it lists it (R11). Nothing is copied.
///
/// # Errors
/// The first fault, with a pointer.
pub fn check(container: &Container, schema: CoreSchema) -> Result<(), Error> {
    let root = container.root();
    match schema {
        CoreSchema::Identity => Identity::read(root).map(drop),
        CoreSchema::Encrypted => Encrypted::check_root(root),
        CoreSchema::Signature => Signature::check_root(root),
        CoreSchema::SharedKey => SharedKey::read(root).map(drop),
        CoreSchema::Resource => Resource::from_root(root).map(drop),
        CoreSchema::Broadcast => Broadcast::check_root(root),
        CoreSchema::RequestJournal => RequestJournal::read(root).map(drop),
        CoreSchema::RequestResource => RequestResource::check_root(root),
        CoreSchema::Response => Response::check_root(root),
        CoreSchema::Message => Message::read(root).map(drop),
        CoreSchema::Receipt => Receipt::read(root).map(drop),
        CoreSchema::Node => NodeInformation::check_root(root),
        CoreSchema::User => UserInformation::read(root).map(drop),
        CoreSchema::Trust => Trust::check_root(root),
        CoreSchema::Revoke => Revoke::from_root(root).map(drop),
        CoreSchema::PrivateKey => PrivateKey::read(root).map(drop),
    }
}

/// Gives a typed object `from_container`, by way of its `from_root`.
macro_rules! from_container {
    ($schema:ident) => {
        /// Reads the object from a container that lists its schema (R9).
        ///
        /// # Errors
        /// `kind.wrong_schema` if the schema is not listed, else the first fault with a pointer.
        pub fn from_container(container: &crate::Container) -> Result<Self, crate::Error> {
            if container.lists(crate::CoreSchema::$schema) {
                Self::from_root(container.root())
            } else {
                Err(crate::Error::pointing(crate::ErrorKind::WrongSchema, "/sdmp/schemas"))
            }
        }
    };
}
pub(crate) use from_container;
