//! Verdicts (N7).

use sdmp_container::{Fingerprint, Identifier, Timestamp};

use crate::error::{Code, Error};

/// What came of judging a resource (N7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be appended. An identity or a trust may be admitted though it is revoked.
    Admit {
        /// A revocation is in effect on it.
        revoked: bool,
    },
    /// It was admitted before.
    Known,
    /// It waits. The text is not kept; the want remembers what for.
    Waits(Box<WaitsFor>),
    /// This copy is bad; another may be good. Remembered by (identifier, giver).
    BadCopy(Code),
    /// No copy can be good for this version of the program. Remembered by identifier.
    SetAside(Code),
    /// What is known forbids it. Due again with new control of its user.
    Refused(Code),
}

/// What a resource waits for (N7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// The identity of its signer. Remembered by (identifier, giver), and others are asked: another
    /// copy may have another signer.
    Author(Fingerprint),
    /// A resource of this author: the trust that it names.
    Resource(Fingerprint, Identifier),
    /// This time.
    Time(Timestamp),
    /// Room in a share (N51), whose code this is.
    Room(Code),
}

impl Verdict {
    pub(super) fn waits(what: WaitsFor) -> Self {
        Self::Waits(Box::new(what))
    }

    /// The verdict on a text that [`Resource::parse`](crate::Resource::parse) refused.
    #[must_use]
    pub fn of_fault(error: &Error) -> Self {
        match error.rule() {
            Some(code @ (Code::ResourcePayload | Code::ResourceKind)) => Self::SetAside(code),
            Some(code) => Self::BadCopy(code),
            // The giver of a text that is no resource can be blamed: an honest one has parsed it.
            None => Self::BadCopy(Code::ResourceForm),
        }
    }

    /// The code of N52, where it is no admission and no wait.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::BadCopy(code) | Self::SetAside(code) | Self::Refused(code) => Some(*code),
            Self::Waits(what) => match &**what {
                WaitsFor::Room(code) => Some(*code),
                WaitsFor::Author(_) | WaitsFor::Resource(..) | WaitsFor::Time(_) => None,
            },
            Self::Admit { .. } | Self::Known => None,
        }
    }

    /// Whether it counts against the giver: bad copies of steps 1, 3 and 4. What step 5 refuses the
    /// giver may have seen otherwise.
    #[must_use]
    pub const fn blames_giver(&self) -> bool {
        match self {
            // The signer's own mistake is passed on by honest nodes as well.
            Self::BadCopy(code) => !matches!(code, Code::ResourceSigner),
            Self::Admit { .. }
            | Self::Known
            | Self::Waits(_)
            | Self::SetAside(_)
            | Self::Refused(_) => false,
        }
    }

    /// The word for the class of verdict.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Admit { .. } => "admit",
            Self::Known => "known",
            Self::Waits(_) => "waits",
            Self::BadCopy(_) => "bad_copy",
            Self::SetAside(_) => "set_aside",
            Self::Refused(_) => "refused",
        }
    }
}
