//! What the tester asks, and who may have a session at all (N17, N18, N27).

use crate::node::case::{Case, Deed, Expect, Question, Standing};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "lines",
        &["N21", "N27"],
        "asks for the lines after line 1: they chain, and lines 2 and 3 are the user's",
        Deed::Ask(Question::Lines),
        Expect::Answered,
    ),
    Case::new(
        "lines-beyond-limit",
        &["N26"],
        "asks for 9,999 lines: that counts as 4,096",
        Deed::Ask(Question::LinesBeyondLimit),
        Expect::Answered,
    ),
    Case::new(
        "lines-unknown",
        &["N27"],
        "asks for the lines after one that does not exist",
        Deed::Ask(Question::UnknownLine),
        Expect::NotFound,
    ),
    Case::new(
        "user-identity",
        &["N18", "N26"],
        "asks for the identity of the node's user by its key",
        Deed::Ask(Question::Identity),
        Expect::Answered,
    ),
    Case::new(
        "own-message",
        &["N18", "N27"],
        "asks for a message that it gave itself",
        Deed::Ask(Question::Own),
        Expect::Answered,
    ),
    Case::new(
        "several",
        &["N27"],
        "asks for three at once, the one in the middle unknown: answered in order, with null",
        Deed::Ask(Question::Several),
        Expect::Answered,
    ),
    Case::new(
        "unknown",
        &["N27"],
        "asks for what does not exist",
        Deed::Ask(Question::Unknown),
        Expect::NotFound,
    ),
    Case::new(
        "secret",
        &["N18", "N27"],
        "asks for a message of a user who lets only others read",
        Deed::Ask(Question::Secret),
        Expect::NotFound,
    ),
    Case::new(
        "secret-trust",
        &["N18", "N27"],
        "asks for a trust of a user who trusts neither it nor its user",
        Deed::Ask(Question::SecretTrust),
        Expect::NotFound,
    ),
    Case::new(
        "probe-secret",
        &["N18", "N27"],
        "a message that is there and one that is nowhere are answered alike",
        Deed::Probe(Question::Secret, Question::Unknown),
        Expect::Alike,
    ),
    Case::new(
        "probe-author",
        &["N27"],
        "a message under another author's name is answered as one that is nowhere",
        Deed::Probe(Question::SecretRenamed, Question::Unknown),
        Expect::Alike,
    ),
    Case::new(
        "probe-trust",
        &["N18", "N27"],
        "a trust that may not be seen is answered as one that is nowhere",
        Deed::Probe(Question::SecretTrust, Question::Unknown),
        Expect::Alike,
    ),
    Case::new(
        "probe-trust-renamed",
        &["N27"],
        "a trust under another user's name is answered as one that is nowhere",
        Deed::Probe(Question::TrustRenamed, Question::Unknown),
        Expect::Alike,
    ),
    Case::new(
        "probe-identity-renamed",
        &["N27"],
        "an identity under another user's name is answered as one that is nowhere",
        Deed::Probe(Question::IdentityRenamed, Question::Unknown),
        Expect::Alike,
    ),
    Case::new(
        "probe-nobody",
        &["N27"],
        "a user who does not exist is answered as a resource that does not",
        Deed::Probe(Question::UnknownAuthor, Question::Secret),
        Expect::Alike,
    ),
    Case::new(
        "probe-key",
        &["N27"],
        "the identity of a key that does not exist is answered as a secret message",
        Deed::Probe(Question::UnknownIdentity, Question::Secret),
        Expect::Alike,
    ),
    Case::new(
        "stranger",
        &["N17"],
        "a node that no trust is in asks for a session",
        Deed::Dial,
        Expect::Refused,
    )
    .of(Standing::Stranger),
    Case::new(
        "barred",
        &["N14", "N17"],
        "a node that its user has barred asks for a session",
        Deed::Dial,
        Expect::Refused,
    )
    .of(Standing::Barred),
    Case::new(
        "expired-lines",
        &["N17"],
        "a node whose trust expired a month ago reads the journal",
        Deed::Ask(Question::Lines),
        Expect::Answered,
    )
    .of(Standing::Expired),
    Case::new(
        "expired-content",
        &["N17"],
        "a node whose trust expired a month ago asks for a message of its own user",
        Deed::Ask(Question::Own),
        Expect::NotFound,
    )
    .of(Standing::Expired),
];
