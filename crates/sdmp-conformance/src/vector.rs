//! The form of the vector files: `vectors/vector.schema.json` says the same as a JSON schema.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What part of the protocol a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// JSON text, containers and their core objects (R1 to R12).
    Container,
    /// Validation against schemas (R11).
    Schema,
    /// Keys, groups, derivation and content encryption by themselves.
    Crypto,
    /// Signature containers (R17 to R20a).
    Signature,
    /// Encrypted containers for recipients (R21, R22).
    Encrypted,
    /// Session creation objects and what they may propose (R23 to R27).
    SharedKey,
    /// The handshake (R27 to R31, R37 to R40).
    Handshake,
    /// Traffic after the handshake (R32 to R36, R41).
    Traffic,
    /// The rules of a node (N1 to N54).
    Node,
}

impl Area {
    /// All areas, in the order of the protocol.
    pub const ALL: [Self; 9] = [
        Self::Container,
        Self::Schema,
        Self::Crypto,
        Self::Signature,
        Self::Encrypted,
        Self::SharedKey,
        Self::Handshake,
        Self::Traffic,
        Self::Node,
    ];

    /// The name, which is also that of the directory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Schema => "schema",
            Self::Crypto => "crypto",
            Self::Signature => "signature",
            Self::Encrypted => "encrypted",
            Self::SharedKey => "shared_key",
            Self::Handshake => "handshake",
            Self::Traffic => "traffic",
            Self::Node => "node",
        }
    }
}

/// A file of cases about one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFile {
    /// The part of the protocol.
    pub area: Area,
    /// One line about what the cases have in common.
    pub subject: String,
    /// The cases, in the order in which they run.
    pub cases: Vec<Case>,
}

/// One input and what must come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique within the area.
    pub id: String,
    /// What the case is about, for a person.
    pub comment: String,
    /// The rules that it tests.
    pub rules: Vec<String>,
    /// What to do with the input.
    pub operation: String,
    /// The members that the operation takes.
    pub input: Map<String, Value>,
    /// What must come of it.
    pub expected: Expected,
}

/// What must come of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Expected {
    /// The operation succeeds.
    Valid {
        /// Always true.
        valid: True,
        /// Members that must come out with these values; others may come out as well.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        output: Map<String, Value>,
    },
    /// The operation fails.
    Invalid {
        /// The stable code.
        error: String,
        /// Members of the failure that must have these values.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        details: Map<String, Value>,
    },
}

impl Expected {
    /// Whether the case shows something legal.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid { .. })
    }
}

/// The JSON value `true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
pub struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Ok(Self) } else { Err("valid is true or absent") }
    }
}

impl From<True> for bool {
    fn from(True: True) -> Self {
        true
    }
}
