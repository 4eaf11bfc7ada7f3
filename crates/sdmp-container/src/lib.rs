//! Strict parsing, typed objects and byte-exact emission of SDMP 0.12 containers.
//!
//! Rule numbers such as R4 are those of the project's wire profile.

pub mod b64url;
pub mod closed;
mod container;
mod emit;
mod error;
mod hash;
pub mod kind;
mod limits;
mod schema_name;
pub mod strict;
mod timestamp;
mod uri;
mod version;

pub use container::Container;
pub use error::{Error, ErrorKind, Place};
pub use hash::{Fingerprint, Identifier};
pub use kind::{
    Authorization, Broadcast, Connection, Encrypted, Identity, IdentityType, Message,
    NodeInformation, PrivateKey, Receipt, RequestJournal, RequestResource, Resource, Response,
    Revoke, Signature, SignatureEntry, Status, Trust, UserInformation,
};
pub use limits::Limits;
pub use schema_name::{CoreSchema, SchemaName};
pub use timestamp::Timestamp;
pub use uri::ResourceUri;
pub use version::Version;
