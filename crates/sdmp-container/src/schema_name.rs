//! The names that `schemas` may list (R9).

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, ResourceUri};

/// Declares [`CoreSchema`] from the rows of [`core_schemas`].
macro_rules! declare {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $member:literal, $object:ident, $way:ident;)+) => {
        /// The 16 schemas that every implementation knows (R9).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CoreSchema {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl CoreSchema {
            /// All of them, in the order of R9.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant,)+];

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

/// The core schemas, each in one row: variant, name in `schemas`, root member, typed object, and
/// whether the object can become a container `always`, is `tried`, or has its text only. What has
/// to know them all is made of these rows, in the crate of the schemas' texts as well.
#[doc(hidden)]
#[macro_export]
macro_rules! core_schemas {
    ($callback:ident) => {
        $callback! {
            /// A public key with its type, its end and its fingerprint.
            Identity, "identity", "identity", Identity, always;
            /// A container that was encrypted.
            Encrypted, "encrypted", "encrypted", Encrypted, always;
            /// A container that was signed.
            Signature, "signature", "signature", Signature, always;
            /// A session creation object: one side of a Diffie-Hellman exchange.
            SharedKey, "shared_key", "connection", SharedKey, always;
            /// What makes a container publishable.
            Resource, "resource", "resource", Resource, always;
            /// News of a journal.
            Broadcast, "broadcast", "journal", Broadcast, always;
            /// A request for a part of a journal.
            RequestJournal, "request_journal", "request", RequestJournal, always;
            /// A request for a resource.
            RequestResource, "request_resource", "request", RequestResource, always;
            /// The answer to a request.
            Response, "response", "response", Response, tried;
            /// A message.
            Message, "message", "message", Message, always;
            /// The receipt of a message.
            Receipt, "receipt", "receipt", Receipt, always;
            /// How a node can be reached.
            Node, "node", "information", NodeInformation, always;
            /// What a user says about itself.
            User, "user", "user", UserInformation, always;
            /// Trust in a user or node.
            Trust, "trust", "trust", Trust, always;
            /// The end of a resource.
            Revoke, "revoke", "revoke", Revoke, always;
            /// A private key.
            PrivateKey, "private_key", "private_key", PrivateKey, text_only;
        }
    };
}
core_schemas!(declare);

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
    /// A published schema.
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
