//! The codes of what can go wrong (N52), and the crate's one error.

use std::fmt;

/// Declares the codes once: variant, code, sentence.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident, $code:literal, $sentence:literal;)+) => {
        /// The codes of N52. A peer is never told one of them: it gets the statuses of N27.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// All of them, in the order of N52.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable name, which logs, vectors and programs use.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// What is wrong, and by which rule.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }
    };
}

codes! {
    /// The outer part is not a resource's.
    ResourceForm, "resource.form", "the outer part is not that of a resource (N3)";
    /// Longer than 8 MiB.
    ResourceSize, "resource.size", "a resource has at most 8 MiB when compact (N3)";
    /// The payload is not a resource's.
    ResourcePayload, "resource.payload", "the payload is not that of a resource (N4)";
    /// A kind that is not published, or one that is too long for its kind.
    ResourceKind, "resource.kind", "the payload has a kind that is not published, or is too long for its kind (N5)";
    /// An identity that its own key did not sign.
    ResourceIdentity, "resource.identity", "an identity is signed by the key that it describes, without a trust (N6)";
    /// Signed by a key that may not sign such a resource.
    ResourceSigner, "resource.signer", "the signer is neither the user nor a node that the named trust is in (N6)";
    /// Revoked.
    ResourceRevoked, "resource.revoked", "the resource is revoked (N13)";
    /// A signature that does not verify.
    SignatureBad, "signature.bad", "the signature does not verify with the key that it names (N6)";
    /// The signer was never given the authorization.
    AuthorityMissing, "authority.missing", "the named trust does not give what the resource needs (N6)";
    /// The signer had the authorization and has it no longer.
    AuthorityEnded, "authority.ended", "the signer no longer holds what the resource needs (N6)";
    /// A trust in its own signer, or in the user itself.
    TrustSelf, "trust.self", "a trust is neither in its signer nor in its user (N10)";
    /// A trust that gives more than its signer may give.
    TrustExceeds, "trust.exceeds", "a node gives no more than the user's key let it give, and no create_trust (N10)";
    /// A trust of the chain has expired.
    TrustExpired, "trust.expired", "a trust of the chain has expired (N11)";
    /// A trust of the chain is revoked.
    TrustRevoked, "trust.revoked", "a trust of the chain is revoked (N13)";
    /// The trustee or the signer is barred.
    TrustBarred, "trust.barred", "the node is barred for this user (N14)";
    /// The trust lacks the authorization.
    TrustLacks, "trust.lacks", "the trust does not give this authorization (N12)";
    /// A revocation that names an authorization which it does not have.
    RevokeAuthorization, "revoke.authorization", "a revocation's authorization is the trust it is signed under, which gives revoke (N13)";
    /// An identity that is not known.
    IdentityUnknown, "identity.unknown", "the identity of the key is not known (N12)";
    /// An identity that has expired.
    IdentityExpired, "identity.expired", "the identity of the key has expired (N9)";
    /// A revoked identity.
    IdentityRevoked, "identity.revoked", "the identity of the key is revoked (N9)";
    /// A key with identities of both types.
    IdentityTwoTypes, "identity.two_types", "the key has identities of two types, and counts as revoked (N9)";
    /// A line that is none, or does not follow the one before.
    JournalLine, "journal.line", "a line of the journal is malformed or does not follow the one before (N23)";
    /// A journal that goes on differently from what was read before.
    JournalFork, "journal.fork", "the journal does not go on where it was read: the node was copied or restored (N24)";
    /// An own node asks for a line that this journal does not have.
    JournalUnknownSince, "journal.unknown_since", "an own node asks for a line that this journal does not have (N24)";
    /// Something in an exchange that was not to come.
    ExchangeUnexpected, "exchange.unexpected", "an exchange object that may not come here (N29)";
    /// An answer to another question.
    ExchangeWrongAnswer, "exchange.wrong_answer", "the answer is not to what was asked (N28)";
    /// No answer in time.
    ExchangeTimeout, "exchange.timeout", "the peer did not answer in time (N32)";
    /// A peer with which no session may be.
    PeerNotConnectable, "peer.not_connectable", "no trust lets this node connect (N17)";
    /// The share of another user is used up.
    QuotaAuthor, "quota.author", "what is kept for another user is used up (N51)";
    /// The share of a key's control is used up.
    QuotaControl, "quota.control", "what one key may have signed for one user is used up (N51)";
    /// A sealed message for others.
    SealedNotForUs, "sealed.not_for_us", "the sealed message is not addressed to this user (N40)";
    /// A sealed message whose inner signer is another.
    SealedSigner, "sealed.signer", "the inner signature is not by the resource's signer (N40)";
    /// A sealed message of another user.
    SealedUser, "sealed.user", "the sealed message names another user than the resource (N40)";
    /// A file of another length.
    FileSize, "file.size", "the file does not have the length that the message names (N42)";
    /// A file with another hash.
    FileHash, "file.hash", "the file does not have the hash that the message names (N42)";
    /// The disk is full.
    StoreFull, "store.full", "nothing can be written: the disk is full (N49)";
    /// Another process holds the store.
    StoreLocked, "store.locked", "another process holds this store";
    /// The head moved.
    StoreStale, "store.stale", "the journal's head moved meanwhile: take a new snapshot";
    /// Another process admits now.
    StoreFenced, "store.fenced", "another process admits for this node now";
    /// The clock is more than a day behind.
    ClockBack, "clock.back", "the system's clock is more than a day behind the last append: set it right (N2)";
    /// The clock is more than a day ahead.
    ClockAhead, "clock.ahead", "the system's clock is more than a day ahead of the last append: confirm it (N2)";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// Why something of this crate failed. It never repeats what a peer wrote.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule of N52.
    #[error("{0}")]
    Rule(Code),
    /// A rule of N52, and what in the container broke it.
    #[error("{0}: {1}")]
    Container(Code, #[source] sdmp_container::Error),
    /// A rule of N52, and what in the identity or the signature broke it.
    #[error("{0}: {1}")]
    Envelope(Code, #[source] sdmp_envelope::Error),
    /// The signer would not sign.
    #[error("the resource was not signed: {0}")]
    Signing(#[source] sdmp_envelope::Error),
}

impl Error {
    /// The code of N52; of a signer's refusal its own.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rule(code) | Self::Container(code, _) | Self::Envelope(code, _) => code.as_str(),
            Self::Signing(error) => error.code(),
        }
    }

    /// The code of N52, if it is a rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> Option<Code> {
        match self {
            Self::Rule(code) | Self::Container(code, _) | Self::Envelope(code, _) => Some(*code),
            Self::Signing(_) => None,
        }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Rule(code)
    }
}
