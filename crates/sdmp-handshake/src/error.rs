//! What can end a handshake or a session, grouped by who must act.

use sdmp_crypto::Error as CryptoError;
use sdmp_envelope::Error as EnvelopeError;

/// A message of the handshake or of the session, by its place (R27 to R31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// M1: the initiator's session creation object, in plaintext.
    M1,
    /// M2: the responder's session creation object, in plaintext.
    M2,
    /// M3: the initiator's signed session creation, sealed.
    M3,
    /// M4: the responder's signed session creation, sealed.
    M4,
    /// The responder's confirmation (hardened).
    FinResponder,
    /// The initiator's confirmation (hardened).
    FinInitiator,
    /// A container of the application.
    Traffic,
    /// The authenticated close (hardened).
    Close,
    /// A rejection (R37).
    Rejection,
}

impl MessageKind {
    /// The name used in documentation, logs and traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::M1 => "M1",
            Self::M2 => "M2",
            Self::M3 => "M3",
            Self::M4 => "M4",
            Self::FinResponder => "FIN_R",
            Self::FinInitiator => "FIN_I",
            Self::Traffic => "traffic",
            Self::Close => "close",
            Self::Rejection => "rejection",
        }
    }
}

/// Well-formed, but forbidden where it stood: the peer's software is wrong or hostile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// M2 has another group than M1 (R28).
    #[error("the peer answered in another group than it was offered (R28)")]
    OtherGroup,
    /// A public value that is too long, outside 2 to p-2, or our own (R25, R26).
    #[error("the peer's public value is refused: {0}")]
    PublicValue(CryptoError),
    /// The signed octets are not those of M1 or M2 (R29).
    #[error("the signed session creation is not the one that was seen (R29)")]
    OtherPayload,
    /// The claimed signer is this node itself (R30).
    #[error("the peer claims this node's own identity (R30)")]
    OwnIdentity,
    /// A FIN over another transcript, of the other role, or by another identity (R31).
    #[error("the confirmation is not the expected one (R31)")]
    Confirmation,
    /// An object after the peer's close (R41).
    #[error("the peer sent an object after its close (R41)")]
    AfterClose,
    /// A `receipt` of the protocol's own that is not the expected one (R41).
    #[error("the peer sent a receipt that is reserved for the protocol (R41)")]
    ReservedReceipt,
    /// More than 16 octets of white space before an object, or something other than an object (R43).
    #[error("the stream holds something other than objects and short white space (R43)")]
    Framing,
    /// An object longer than the limit in force (R42).
    #[error("the peer's object is longer than the limit (R42)")]
    TooLong,
    /// A container inside the session that is not of version 0.12.x (R8).
    #[error("the peer sent a container whose version is not 0.12.x (R8)")]
    Version,
}

impl Misbehaviour {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherGroup => "misbehaved.other_group",
            Self::PublicValue(cause) => cause.code(),
            Self::OtherPayload => "misbehaved.other_payload",
            Self::OwnIdentity => "misbehaved.own_identity",
            Self::Confirmation => "misbehaved.confirmation",
            Self::AfterClose => "misbehaved.after_close",
            Self::ReservedReceipt => "misbehaved.reserved_receipt",
            Self::Framing => "misbehaved.framing",
            Self::TooLong => "misbehaved.too_long",
            Self::Version => "misbehaved.version",
        }
    }
}

/// Legal, but refused by the policy of this side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incompatible {
    /// The group is neither named nor registered (R23); the cause says what is wrong with its shape,
    /// if something is.
    #[error("the group is refused: {0}")]
    Group(CryptoError),
    /// The group is larger than `max_group_bits` allows (R23).
    #[error("the group is larger than this side accepts (R23): raise `max_group_bits`")]
    GroupTooLarge,
    /// Identities of users may not take part (R16).
    #[error("the peer is a user, and only nodes may take part (R16)")]
    UserIdentity,
}

impl Incompatible {
    fn code(&self) -> &'static str {
        match self {
            Self::Group(cause) => cause.code(),
            Self::GroupTooLarge => "incompatible.group_too_large",
            Self::UserIdentity => "incompatible.user_identity",
        }
    }
}

/// Why a peer is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// No identity is known under the claimed fingerprint.
    #[error("no identity is known for the peer's fingerprint: add it to the trusted peers")]
    Unknown,
    /// The application refused the verified peer.
    #[error("the application refused this peer")]
    Refused,
    /// The peer is not the one that was pinned.
    #[error("the peer is not the one that was asked for")]
    NotPinned,
}

impl Distrust {
    fn code(self) -> &'static str {
        match self {
            Self::Unknown => "untrusted.unknown",
            Self::Refused => "untrusted.refused",
            Self::NotPinned => "untrusted.not_pinned",
        }
    }
}

/// A time limit of R42.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeLimit {
    /// No M1 in time.
    #[error("no session creation object came in time (R42)")]
    FirstMessage,
    /// The handshake as a whole took too long.
    #[error("the handshake took too long (R42)")]
    Handshake,
    /// A write made no progress.
    #[error("the peer took nothing for too long (R42)")]
    Write,
}

impl TimeLimit {
    fn code(self) -> &'static str {
        match self {
            Self::FirstMessage => "timeout.first_message",
            Self::Handshake => "timeout.handshake",
            Self::Write => "timeout.write",
        }
    }
}

/// A limit of a session's direction (R35).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exhausted {
    /// 2^32 objects.
    #[error("this direction has carried all objects it may (R35): open a new session")]
    Objects,
    /// 2^36 octets of plaintext.
    #[error("this direction has carried all octets it may (R35): open a new session")]
    Octets,
}

impl Exhausted {
    fn code(self) -> &'static str {
        match self {
            Self::Objects => "exhausted.objects",
            Self::Octets => "exhausted.octets",
        }
    }
}

/// A call that the program should not have made; never caused by a peer's octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The session is not accepted yet.
    #[error("the session is not accepted yet: wait for `Event::Accepted`")]
    NotAccepted,
    /// This side has sent its close (R41).
    #[error("this side has closed the session (R41)")]
    AfterClose,
    /// The container is one of the protocol's own (R38, R41).
    #[error("this container is reserved for the protocol (R38, R41)")]
    Reserved,
    /// The sealed container would exceed the limit on objects (R42).
    #[error("the container is too large for one object (R42)")]
    TooLarge,
    /// The container's version is not 0.12.x (R8).
    #[error("a container in a session must have version 0.12.x (R8)")]
    Version,
    /// The container's core schemas do not hold (R11).
    #[error("the container does not satisfy its core schemas (R11)")]
    Invalid,
    /// This side's identity is a user's (R16).
    #[error("this side's identity is a user's, and only nodes may take part (R16)")]
    UserIdentity,
    /// No question is open.
    #[error("no question was asked")]
    NoQuestion,
    /// The exporter's label or length is outside R44, or the profile has no exporter.
    #[error("labels are 1 to 64 printable ASCII characters, lengths at most 16320 octets (R44)")]
    Exporter,
    /// The published profile has no exporter, session id or close object.
    #[error("the published profile has no exporter (R44)")]
    Published,
}

impl Misuse {
    fn code(self) -> &'static str {
        match self {
            Self::NotAccepted => "misuse.not_accepted",
            Self::AfterClose => "misuse.after_close",
            Self::Reserved => "misuse.reserved",
            Self::TooLarge => "misuse.too_large",
            Self::Version => "misuse.version",
            Self::Invalid => "misuse.invalid",
            Self::UserIdentity => "misuse.user_identity",
            Self::NoQuestion => "misuse.no_question",
            Self::Exporter => "misuse.exporter",
            Self::Published => "misuse.published",
        }
    }
}

/// Why a handshake or a session ended, or a call was refused.
///
/// No value holds a secret or a word of the peer's. What the *peer* is told is much less:
/// see R37 and R39.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The octets are not the object that they had to be.
    #[error("{} is not what it has to be: {cause}", .message.name())]
    InvalidMessage {
        /// The message that was expected.
        message: MessageKind,
        /// What is wrong with it.
        cause: EnvelopeError,
    },
    /// Well-formed, but forbidden here.
    #[error(transparent)]
    PeerMisbehaved(Misbehaviour),
    /// Legal, but refused by policy.
    #[error(transparent)]
    PeerIncompatible(Incompatible),
    /// The peer refused the handshake. It does not say why (R37).
    #[error(
        "the peer refused (R37): it does not say why; check that it trusts this identity and uses \
         the same profile"
    )]
    PeerRejected {
        /// Whether the refusal came in plaintext, so that anybody could have written it.
        in_plaintext: bool,
    },
    /// An object does not open; deliberately opaque (R39).
    #[error(
        "{} cannot be decrypted (R35): it was altered, lost or replayed, or the peer uses another \
         profile (R44)", .0.name()
    )]
    Decrypt(MessageKind),
    /// The peer is not trusted (R30).
    #[error(transparent)]
    Untrusted(Distrust),
    /// The peer's identity or signature does not hold (R16, R19, R30).
    #[error("the peer's proof does not hold: {0}")]
    PeerProof(EnvelopeError),
    /// This side's identity refused (R16).
    #[error("this side cannot take part: {0}")]
    Local(EnvelopeError),
    /// One of the two identities has expired during the session (R35).
    #[error("an identity of this session has expired (R35)")]
    Expired,
    /// The stream ended without the authenticated close (R41).
    #[error("the stream ended without the peer's close (R41): something may be missing")]
    Truncated,
    /// A time limit passed (R42).
    #[error(transparent)]
    Timeout(TimeLimit),
    /// A limit of the direction is reached (R35).
    #[error(transparent)]
    Exhausted(Exhausted),
    /// The bounded queue is full; nothing was taken and nothing dropped.
    #[error("the queue is full: take some output first")]
    QueueFull,
    /// A call that the program should not have made.
    #[error(transparent)]
    ApiMisuse(Misuse),
}

impl Error {
    /// The stable code of this error, such as `misbehaved.other_group`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidMessage { cause, .. } | Self::PeerProof(cause) | Self::Local(cause) => {
                cause.code()
            }
            Self::PeerMisbehaved(leaf) => leaf.code(),
            Self::PeerIncompatible(leaf) => leaf.code(),
            Self::PeerRejected { in_plaintext: true } => "rejected.plaintext",
            Self::PeerRejected { in_plaintext: false } => "rejected.sealed",
            Self::Decrypt(_) => "decrypt",
            Self::Untrusted(leaf) => leaf.code(),
            Self::Expired => "expired",
            Self::Truncated => "truncated",
            Self::Timeout(leaf) => leaf.code(),
            Self::Exhausted(leaf) => leaf.code(),
            Self::QueueFull => "queue_full",
            Self::ApiMisuse(leaf) => leaf.code(),
        }
    }
}

/// A word that names no profile and no role; holds the words that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write {0}")]
pub struct UnknownName(pub(crate) &'static str);
