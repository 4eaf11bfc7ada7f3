//! The kinds of objects: what each is for, and who can read it.

use sdmp_handshake::{Profile, Role};

/// An object's place in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The initiator's session creation object (R27).
    M1,
    /// The responder's session creation object (R28).
    M2,
    /// The initiator's proof (R29).
    M3,
    /// The responder's proof (R29).
    M4,
    /// The responder's confirmation (R31).
    FinR,
    /// The initiator's confirmation (R31).
    FinI,
    /// A container of the application.
    Traffic,
    /// The authenticated close (R41).
    Close,
    /// In plaintext, in place of M2 or M3.
    RefusalInPlaintext,
    /// Sealed, in place of M4, FIN_R or FIN_I.
    Refusal,
    /// Traffic or close: which of them, only the keys tell.
    Sealed,
    /// A container that is no part of a session.
    Container,
    /// What is no object of the protocol.
    Unreadable,
}

impl Kind {
    pub(crate) fn creation(from: Role) -> Self {
        match from {
            Role::Initiator => Self::M1,
            Role::Responder => Self::M2,
        }
    }

    pub(crate) fn proof(from: Role) -> Self {
        match from {
            Role::Initiator => Self::M3,
            Role::Responder => Self::M4,
        }
    }

    pub(crate) fn confirmation(from: Role) -> Self {
        match from {
            Role::Initiator => Self::FinI,
            Role::Responder => Self::FinR,
        }
    }

    /// The short name, such as `M1` or `message`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::M1 => "M1",
            Self::M2 => "M2",
            Self::M3 => "M3",
            Self::M4 => "M4",
            Self::FinR => "FIN_R",
            Self::FinI => "FIN_I",
            Self::Traffic => "message",
            Self::Close => "close",
            Self::RefusalInPlaintext | Self::Refusal => "refusal",
            Self::Sealed => "sealed",
            Self::Container => "container",
            Self::Unreadable => "unreadable",
        }
    }

    /// What an eavesdropper without keys takes it for: what stands where M4 and FIN may stand looks like
    /// them, and all traffic looks the same.
    pub fn seen_outside(self) -> Self {
        match self {
            Self::Traffic | Self::Close | Self::Refusal => Self::Sealed,
            other => other,
        }
    }

    /// What it says, in one sentence.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::M1 => "here is my half of a Diffie-Hellman exchange; I do not say who I am",
            Self::M2 => "here is my half; from now on we share a secret that only we two have",
            Self::M3 => "this is who I am: my signature over exactly the M1 that you received",
            Self::M4 => "I trust you; and this is who I am: my signature over exactly my M2",
            Self::FinR => "I saw the same handshake as you: my signature over all of it",
            Self::FinI => "so did I: my signature over all of it",
            Self::Traffic => "a container of the application",
            Self::Close => "I send nothing more: you have received everything",
            Self::RefusalInPlaintext => "I cannot do anything with what you sent",
            Self::Refusal => "I go no further; why, I do not say",
            Self::Sealed => "something that only the two can read",
            Self::Container => "a container, as it is stored or handed on",
            Self::Unreadable => "no object of this protocol",
        }
    }

    /// Who can see what.
    pub fn visible(self, profile: Profile) -> &'static str {
        match (self, profile) {
            (Self::M1 | Self::M2, _) => {
                "an eavesdropper sees all of it; it names neither node, and the secret does not \
                 follow from it without a discrete logarithm"
            }
            (Self::M3, _) => {
                "an eavesdropper sees that something was sealed and its padded size; only the other end \
                 of the exchange can open it, and it has not proved yet who it is"
            }
            (Self::M4, Profile::Hardened) => {
                "an eavesdropper sees size and time; only the initiator can open it, whom the responder \
                 has verified and trusts"
            }
            (Self::M4 | Self::Traffic | Self::Close, Profile::Published) => {
                "an eavesdropper sees size and time; only the two can read it, but an on-path attacker \
                 can alter it unnoticed"
            }
            (Self::FinR | Self::FinI | Self::Traffic | Self::Close | Self::Sealed, _) => {
                "an eavesdropper sees size (in steps of 8 KiB) and time; only the two can read or \
                 alter it"
            }
            (Self::RefusalInPlaintext, _) => {
                "an eavesdropper sees it, and an on-path attacker could have sent it: it proves \
                 nothing"
            }
            (Self::Refusal, _) => {
                "an eavesdropper sees size and time, which are those of what it stands for; that it is a \
                 refusal shows in what follows"
            }
            (Self::Container | Self::Unreadable, _) => "a reader of these octets sees all of them",
        }
    }
}
