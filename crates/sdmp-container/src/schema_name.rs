//! The names that `schemas` may list (R9).

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, ResourceUri};

/// Declares the core schemas once: variant, name, member.
macro_rules! core_schemas {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $member:literal;)+) => {
        /// The 16 schemas that every implementation knows (R9).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CoreSchema {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl CoreSchema {
            /// All of them, in the order of R9.
            pub const ALL: [Self; 16] = [$(Self::$variant,)+];

            /// The name in `schemas`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The root member that the schema describes.
            #[must_use]
            pub const fn member(self) -> &'static str {
                match self {
                    $(Self::$variant => $member,)+
                }
            }
        }

        impl FromStr for CoreSchema {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self, Error> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(Error::new(ErrorKind::UnknownSchema)),
                }
            }
        }
    };
}

core_schemas! {
    /// A public key with its type, its end and its fingerprint.
    Identity, "identity", "identity";
    /// A container that was encrypted.
    Encrypted, "encrypted", "encrypted";
    /// A container that was signed.
    Signature, "signature", "signature";
    /// A session creation object: one side of a Diffie-Hellman exchange.
    SharedKey, "shared_key", "connection";
    /// What makes a container publishable.
    Resource, "resource", "resource";
    /// News of a journal.
    Broadcast, "broadcast", "journal";
    /// A request for a part of a journal.
    RequestJournal, "request_journal", "request";
    /// A request for a resource.
    RequestResource, "request_resource", "request";
    /// The answer to a request.
    Response, "response", "response";
    /// A message.
    Message, "message", "message";
    /// The receipt of a message.
    Receipt, "receipt", "receipt";
    /// How a node can be reached.
    Node, "node", "information";
    /// What a user says about itself.
    User, "user", "user";
    /// Trust in a user or node.
    Trust, "trust", "trust";
    /// The end of a resource.
    Revoke, "revoke", "revoke";
    /// A private key.
    PrivateKey, "private_key", "private_key";
}

impl fmt::Display for CoreSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One entry of `schemas` (R9).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SchemaName {
    /// A schema that every implementation knows.
    Core(CoreSchema),
    /// A schema that somebody published.
    Resource(ResourceUri),
}

impl SchemaName {
    /// The entry as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Core(core) => core.name(),
            Self::Resource(uri) => uri.as_str(),
        }
    }
}

impl FromStr for SchemaName {
    type Err = Error;

    /// # Errors
    /// `container.unknown_schema`, or a `uri.*` kind for what looks like a URI.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(core) = text.parse() {
            return Ok(Self::Core(core));
        }
        if text.contains(':') {
            return text.parse().map(Self::Resource);
        }
        Err(Error::new(ErrorKind::UnknownSchema))
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
