//! Why a file is not taken, in the words that travel.

use std::fmt;

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The name could lead out of the directory, or means something else on some system.
    Name,
    /// Another file has this name.
    Exists,
    /// Larger than is accepted, or than was announced.
    Size,
    /// Another session is receiving the same file.
    Busy,
    /// It cannot be written; the text is for this side's eyes only.
    Storage(String),
    /// What came is not what was announced.
    Mismatch,
    /// Octets or hashes at a place where there should be none.
    Order,
    /// This peer has sent as much as it may.
    Quota,
    /// The receiver was asked, and does not want it.
    Declined,
    /// The peer runs a command that takes no files; the sender ends with
    /// [`Error::NotATransfer`](crate::Error::NotATransfer).
    Role,
    /// A reason that this version does not know.
    Unknown,
}

impl Refusal {
    /// The word in the member `reason` of an answer.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Exists => "exists",
            Self::Size => "size",
            Self::Busy => "busy",
            Self::Storage(_) => "storage",
            Self::Mismatch => "mismatch",
            Self::Order => "order",
            Self::Quota => "quota",
            Self::Declined => "declined",
            Self::Role => "role",
            Self::Unknown => "unknown",
        }
    }

    /// What such a word means.
    pub(super) fn of(word: Option<&str>) -> Self {
        match word {
            Some("name") => Self::Name,
            Some("exists") => Self::Exists,
            Some("size") => Self::Size,
            Some("busy") => Self::Busy,
            Some("storage") => Self::Storage("it cannot be written there".to_owned()),
            Some("mismatch") => Self::Mismatch,
            Some("order") => Self::Order,
            Some("quota") => Self::Quota,
            Some("declined") => Self::Declined,
            Some("role") => Self::Role,
            _ => Self::Unknown,
        }
    }

    /// Stable, for logs and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "file.name",
            Self::Exists => "file.exists",
            Self::Size => "file.size",
            Self::Busy => "file.busy",
            Self::Storage(_) => "file.storage",
            Self::Mismatch => "file.mismatch",
            Self::Order => "file.order",
            Self::Quota => "file.quota",
            Self::Declined => "file.declined",
            Self::Role => "file.role",
            Self::Unknown => "file.refused",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the name is not allowed",
            Self::Exists => "there is another file of this name",
            Self::Size => "it is too large",
            Self::Busy => "the same file is being received already",
            Self::Storage(cause) => cause,
            Self::Mismatch => "what arrived does not have the announced SHA-512",
            Self::Order => "its octets and hashes do not come in their order",
            Self::Quota => "this peer has sent as much as it may",
            Self::Declined => "it was declined",
            Self::Role => "the peer takes no files in this session",
            Self::Unknown => "it was refused",
        })
    }
}
