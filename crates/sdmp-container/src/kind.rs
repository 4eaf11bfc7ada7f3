//! The typed objects of the 16 core schemas.
//!
//! Each has a constructor `new`, checked where not every value has a form, and converts from and
//! into a `Container`. `to_text` writes the container's text: compact, the
//! members in the order of the profile (R3), version 0.12.0, the one schema. What a typed object
//! does not know is ignored, as R12 allows outside closed objects.

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

pub use objects::*;

/// The one list of what this module and the crate export.
pub(crate) mod objects {
    pub use super::encrypted::Encrypted;
    pub use super::identity::{Identity, IdentityType};
    pub use super::journal::Broadcast;
    pub use super::private_key::PrivateKey;
    pub use super::request::{RequestJournal, RequestResource, ResourceName};
    pub use super::resource::{Resource, Revoke};
    pub use super::response::{Found, Response, Status};
    pub use super::shared_key::SharedKey;
    pub use super::signature::{Signature, SignatureEntry};
    pub use super::text::{Message, NodeInformation, Receipt, UserInformation};
    pub use super::trust::{Authorization, Trust};
}

pub(crate) use encrypted::check_iv;
pub(crate) use field::{Fields, Writer};

use crate::{Container, CoreSchema, Error, ErrorKind, core_schemas};

/// Declares what is the same for the typed objects of all core schemas, from their rows.
macro_rules! declare {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $member:literal, $object:ident, $way:ident;)+) => {
        /// Checks a container against one core schema, whether or not it lists it (R11). Nothing is
        /// copied.
        ///
        /// # Errors
        /// The first fault, with a pointer.
        pub fn check(container: &Container, schema: CoreSchema) -> Result<(), Error> {
            match schema {
                $(CoreSchema::$variant => $object::check_root(container.root()),)+
            }
        }

        /// Reads the typed object of a core schema and writes it again, in its one form (R3).
        ///
        /// # Errors
        /// `kind.wrong_schema` if the container does not list the schema, else the first fault with
        /// a pointer.
        pub fn rewrite(container: &Container, schema: CoreSchema) -> Result<String, Error> {
            match schema {
                $(CoreSchema::$variant => {
                    $object::from_container(container).map(|object| object.to_text().to_string())
                })+
            }
        }

        $(
            impl $object {
                /// Reads the object from a container that lists its schema (R9).
                ///
                /// # Errors
                /// `kind.wrong_schema` if the schema is not listed, else the first fault with a
                /// pointer.
                pub fn from_container(container: &Container) -> Result<Self, Error> {
                    if container.lists(CoreSchema::$variant) {
                        Self::from_root(container.root())
                    } else {
                        Err(Error::pointing(ErrorKind::WrongSchema, "/sdmp/schemas"))
                    }
                }
            }

            impl TryFrom<&Container> for $object {
                type Error = Error;

                fn try_from(container: &Container) -> Result<Self, Error> {
                    Self::from_container(container)
                }
            }

            impl TryFrom<Container> for $object {
                type Error = Error;

                fn try_from(container: Container) -> Result<Self, Error> {
                    Self::from_container(&container)
                }
            }

            into_container!($way $object $variant);
        )+
    };
}

/// The way back into a container.
macro_rules! into_container {
    // Every value of the object has a form that all peers can read.
    (always $object:ident $variant:ident) => {
        impl From<&$object> for Container {
            fn from(object: &$object) -> Self {
                Self::written(CoreSchema::$variant, object.to_text())
            }
        }

        impl From<$object> for Container {
            fn from(object: $object) -> Self {
                Self::from(&object)
            }
        }
    };
    // What it carries may be nested so deeply that no peer would read it (R4).
    (tried $object:ident $variant:ident) => {
        impl TryFrom<&$object> for Container {
            type Error = Error;

            fn try_from(object: &$object) -> Result<Self, Error> {
                Self::parse(object.to_text())
            }
        }

        impl TryFrom<$object> for Container {
            type Error = Error;

            fn try_from(object: $object) -> Result<Self, Error> {
                Self::try_from(&object)
            }
        }
    };
    // A private key in a container would stay in memory after use.
    (text_only $object:ident $variant:ident) => {};
}
core_schemas!(declare);
