//! What became of the text of content here (N50).

use crate::Code;

/// Why the text of admitted content is not here. Its line stays, and so does this reason; it is
/// answered `not_found`, and asked for again only by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalState {
    /// A person forgot this one.
    Forgotten,
    /// A person blocked its author: what comes later is admitted without its text.
    Blocked,
    /// It made room: by share, age, size.
    Evicted,
    /// It was revoked, and 7 days went by (N16).
    Revoked,
}

impl LocalState {
    /// The number in a store (`gone`); 0 and 1 are texts that are here.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Revoked => 2,
            Self::Evicted => 3,
            Self::Forgotten => 4,
            Self::Blocked => 5,
        }
    }

    /// The state of a number.
    #[must_use]
    pub const fn of_number(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::Revoked),
            3 => Some(Self::Evicted),
            4 => Some(Self::Forgotten),
            5 => Some(Self::Blocked),
            _ => None,
        }
    }

    /// Whether a person may ask for the text again. What was revoked is gone for good.
    #[must_use]
    pub const fn may_be_asked_again(self) -> bool {
        !matches!(self, Self::Revoked)
    }

    /// The code that is shown beside the line, where a rule ended it.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Revoked => Some(Code::ResourceRevoked),
            Self::Evicted => Some(Code::QuotaAuthor),
            Self::Forgotten | Self::Blocked => None,
        }
    }
}
