//! The kinds of objects: what each is for, who can read it, and which rules its receiver checked.

use super::tap::Side;
use crate::cli::Profile;

/// An object's place in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    M1,
    M2,
    M3,
    M4,
    FinR,
    FinI,
    Traffic,
    Close,
}

/// A rule, and what its check means here.
pub(crate) type Check = (&'static str, &'static str);

impl Kind {
    pub(crate) fn creation(from: Side) -> Self {
        match from {
            Side::Initiator => Self::M1,
            Side::Responder => Self::M2,
        }
    }

    pub(crate) fn proof(from: Side) -> Self {
        match from {
            Side::Initiator => Self::M3,
            Side::Responder => Self::M4,
        }
    }

    pub(crate) fn confirmation(from: Side) -> Self {
        match from {
            Side::Initiator => Self::FinI,
            Side::Responder => Self::FinR,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::M1 => "M1",
            Self::M2 => "M2",
            Self::M3 => "M3",
            Self::M4 => "M4",
            Self::FinR => "FIN_R",
            Self::FinI => "FIN_I",
            Self::Traffic => "message",
            Self::Close => "close",
        }
    }

    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::M1 => "here is my half of a Diffie-Hellman exchange; I do not say who I am",
            Self::M2 => "here is my half; from now on we share a secret that nobody else has",
            Self::M3 => "this is who I am: my signature over exactly the M1 that you received",
            Self::M4 => "I trust you; and this is who I am: my signature over exactly my M2",
            Self::FinR => "I saw the same handshake as you: my signature over all of it",
            Self::FinI => "so did I: my signature over all of it",
            Self::Traffic => "a container of the application",
            Self::Close => "I send nothing more: you have received everything",
        }
    }

    /// Who can see what.
    pub(crate) fn visible(self, profile: Profile) -> &'static str {
        match (self, profile) {
            (Self::M1 | Self::M2, _) => {
                "everybody on the way sees all of it; it names nobody, and without a discrete \
                 logarithm it gives the secret to nobody"
            }
            (Self::M3, _) => {
                "everybody sees that something was sealed and its padded size; only the other end \
                 of the exchange can open it, and it has not proved yet who it is"
            }
            (Self::M4, Profile::Hardened) => {
                "everybody sees size and time; only the initiator can open it, whom the responder \
                 has verified and trusts"
            }
            (Self::M4 | Self::Traffic | Self::Close, Profile::Published) => {
                "everybody sees size and time; only the two can read it, but anybody on the way \
                 can alter it unnoticed"
            }
            (Self::FinR | Self::FinI | Self::Traffic | Self::Close, _) => {
                "everybody sees size (in steps of 8 KiB) and time; only the two can read or alter it"
            }
        }
    }

    /// What the receiver checked before it went on.
    pub(crate) fn checks(self, profile: Profile) -> Vec<Check> {
        let mut checks = self.own_checks().to_vec();
        if !matches!(self, Self::M1 | Self::M2) {
            checks.splice(0..0, sealed_checks(profile).iter().copied());
        }
        checks
    }

    fn own_checks(self) -> &'static [Check] {
        match self {
            Self::M1 => &[
                ("R42", "at most 4,096 octets, within 5 s"),
                ("R4", "strict JSON: no duplicate names, no depth beyond 4"),
                ("R12, R40", "nothing but the members of a session creation object"),
                ("R23", "the group is a named one, and not too large"),
                ("R25", "N is in 2 to p-2, and not our own"),
            ],
            Self::M2 => &[
                ("R12, R40", "nothing but the members of a session creation object"),
                ("R28", "the same group as in M1"),
                ("R25, R26", "N is in 2 to p-2 and not our own; the secret is not 0, 1 or p-1"),
            ],
            Self::M3 | Self::M4 => &[
                ("R18", "one signature, and a header of exactly `alg` and `kid`"),
                ("R29", "the signed octets are exactly those that came in plaintext"),
                (
                    "R30",
                    "an identity is known for `kid`, its fingerprint is that of its key, and it is not ours",
                ),
                ("R16", "the identity is a node's and has not expired"),
                ("R19", "the signature verifies"),
                (
                    "R30",
                    "only then: the peer is trusted (the initiator also: it is the pinned one)",
                ),
            ],
            Self::FinR | Self::FinI => &[
                (
                    "R31",
                    "the signed text is octet by octet the expected one: role, and hash of the whole transcript",
                ),
                ("R19", "the signature verifies, by the same identity as before"),
            ],
            Self::Traffic => {
                &[("R38a", "a valid container of version 0.12.x that satisfies its core schemas")]
            }
            Self::Close => &[(
                "R41",
                "octet by octet the close of this side and this transcript; nothing may follow",
            )],
        }
    }
}

fn sealed_checks(profile: Profile) -> &'static [Check] {
    match profile {
        Profile::Hardened => &[
            ("R32, R40", "nothing but the members of an encrypted object, and no recipients"),
            ("R35", "the tag is right for this key and this number, checked before decryption"),
            ("R33", "padded with zeros to a multiple of 8,192 octets"),
        ],
        Profile::Published => &[
            ("R32, R40", "nothing but the members of an encrypted object, and no recipients"),
            ("R36", "padded with zeros to a multiple of 8,192 octets; there is no tag to check"),
        ],
    }
}
