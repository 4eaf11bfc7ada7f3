//! What can be wrong with vectors themselves, as opposed to the implementation under test.

/// A vector that cannot be read or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory that cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A report that cannot be written.
    #[error("cannot write {path}: {reason}")]
    Unwritable {
        /// Which.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A file that is not of the vector format.
    #[error("{path} is not a vector file: {reason}")]
    Format {
        /// Which.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A peer that cannot be reached or started.
    #[error("{0}")]
    Peer(String),
    /// A case that cannot be run as it stands.
    #[error("the vector cannot be run: {0}")]
    Vector(String),
}

impl Error {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "conformance.unreadable",
            Self::Unwritable { .. } => "conformance.unwritable",
            Self::Format { .. } => "conformance.format",
            Self::Peer(_) => "conformance.peer",
            Self::Vector(_) => "conformance.vector",
        }
    }

    pub(crate) fn vector(what: impl Into<String>) -> Self {
        Self::Vector(what.into())
    }
}
