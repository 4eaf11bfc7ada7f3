//! The kinds of resources (N5).

use std::fmt;

use sdmp_container::CoreSchema;

/// What a resource is: the core schema that its payload lists beside `resource` (N4, N5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A key, its type and its end. Control.
    Identity,
    /// Trust in a user or a node. Control.
    Trust,
    /// The end of a resource. Control.
    Revoke,
    /// How a node can be reached.
    Node,
    /// What a user says about itself.
    User,
    /// A message for all who may read.
    Message,
    /// The receipt of a message: neither emitted nor acted upon in the clear.
    Receipt,
    /// A sealed message.
    Encrypted,
    /// No core schema: only extensions, if any.
    None,
}

impl Kind {
    /// All of them, in the order of N5.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Trust,
        Self::Revoke,
        Self::Node,
        Self::User,
        Self::Message,
        Self::Receipt,
        Self::None,
        Self::Encrypted,
    ];

    /// The kind of a payload that lists this core schema beside `resource`; `None` for what is
    /// not published.
    #[must_use]
    pub const fn of(schema: Option<CoreSchema>) -> Option<Self> {
        match schema {
            None => Some(Self::None),
            Some(CoreSchema::Identity) => Some(Self::Identity),
            Some(CoreSchema::Trust) => Some(Self::Trust),
            Some(CoreSchema::Revoke) => Some(Self::Revoke),
            Some(CoreSchema::Node) => Some(Self::Node),
            Some(CoreSchema::User) => Some(Self::User),
            Some(CoreSchema::Message) => Some(Self::Message),
            Some(CoreSchema::Receipt) => Some(Self::Receipt),
            Some(CoreSchema::Encrypted) => Some(Self::Encrypted),
            Some(
                CoreSchema::Signature
                | CoreSchema::SharedKey
                | CoreSchema::Resource
                | CoreSchema::Broadcast
                | CoreSchema::RequestJournal
                | CoreSchema::RequestResource
                | CoreSchema::Response
                | CoreSchema::PrivateKey,
            ) => None,
        }
    }

    /// The name in `schemas`; `none` without one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Trust => "trust",
            Self::Revoke => "revoke",
            Self::Node => "node",
            Self::User => "user",
            Self::Message => "message",
            Self::Receipt => "receipt",
            Self::Encrypted => "encrypted",
            Self::None => "none",
        }
    }

    /// Whether this is control: what authority is computed from. The rest is content (N5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Identity | Self::Trust | Self::Revoke)
    }

    /// The longest payload, in octets of its text (N5).
    #[must_use]
    pub const fn longest_payload(self) -> usize {
        match self {
            Self::Identity | Self::Trust | Self::Revoke | Self::Node => 16 << 10,
            Self::User | Self::Message | Self::Receipt | Self::None => 1 << 20,
            // The outer text is the limit (N3).
            Self::Encrypted => crate::resource::LONGEST,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
