//! Content in the case's journal: what is admitted, and what never (N3 to N8).

use crate::node::case::{Case, Deed, Draft, Expect, MESSAGE, Tamper, Under, Who};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "message",
        &["N4", "N6"],
        "a message under the node's trust",
        Deed::Publish(&[MESSAGE]),
        Expect::Admitted,
    ),
    Case::new(
        "message-undated",
        &["N4"],
        "a message that does not say when it was made",
        Deed::Publish(&[Draft { created: None, ..MESSAGE }]),
        Expect::Admitted,
    ),
    Case::new(
        "message-by-user",
        &["N5"],
        "a message that the user's key signed, without a trust",
        Deed::Publish(&[Draft { signer: Who::User, under: Under::Nothing, ..MESSAGE }]),
        Expect::Admitted,
    ),
    Case::new(
        "message-soon",
        &["N6"],
        "a message from a clock that is five minutes ahead",
        Deed::Publish(&[Draft { created: Some(5), ..MESSAGE }]),
        Expect::Admitted,
    ),
    Case::new(
        "message-old",
        &["N8"],
        "a message that says that it is two years old: that gives and takes nothing",
        Deed::Publish(&[Draft { created: Some(-1_051_200), ..MESSAGE }]),
        Expect::Admitted,
    ),
    Case::new(
        "extension",
        &["N4"],
        "a message with an extension schema beside it",
        Deed::Publish(&[Draft {
            schemas: "\"sdmp://IjXtIUMf7ZLELO6JFylvibertkq4QNdqeRM4KyLbjycZOJSkvQQVyymY53zLmbkwrVNPBMScRLVvOrzvDi6pMg/wfc18dW57gbS6APsYpgCqZleY7QsXtjT3FDRYttoX7wMGkVxjCwAUrcaKbckFNNdmStco0UgPpaigHX1hLVkmQ\",\"message\"",
            members: "\"stream\":{\"data\":\"\",\"end\":true},\"message\":\"x\"",
            ..MESSAGE
        }]),
        Expect::Admitted,
    ),
    Case::new(
        "signature-bad",
        &["N6"],
        "a message with another key's signature under its name",
        Deed::Publish(&[Draft { tamper: Tamper::Signature, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "signatures-two",
        &["N3"],
        "a message with two signatures",
        Deed::Publish(&[Draft { tamper: Tamper::TwoSignatures, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "outer-member",
        &["N3"],
        "a message whose outer part has a member too many",
        Deed::Publish(&[Draft { tamper: Tamper::OuterMember, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "version",
        &["N4"],
        "a message of version 0.13.0",
        Deed::Publish(&[Draft { tamper: Tamper::Version("0.13.0"), ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "kinds-two",
        &["N4"],
        "a resource of two kinds",
        Deed::Publish(&[Draft {
            schemas: "\"message\",\"receipt\"",
            members: "\"message\":\"x\",\"receipt\":\"y\"",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "kind-unpublished",
        &["N5"],
        "an exchange object as a resource",
        Deed::Publish(&[Draft {
            schemas: "\"broadcast\"",
            members: "\"journal\":{\"since\":\"{line}\",\"entries\":[]}",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "too-long",
        &["N5"],
        "a message of more than 1 MiB",
        Deed::Publish(&[Draft { members: "{long}", ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "message-ahead",
        &["N6"],
        "a message from a clock that is an hour ahead",
        Deed::Publish(&[Draft { created: Some(60), ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-missing",
        &["N6"],
        "a message that the node signs as its user, without a trust",
        Deed::Publish(&[Draft { under: Under::Nothing, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-unknown",
        &["N6"],
        "a message under a trust that does not exist",
        Deed::Publish(&[Draft { under: Under::Unknown, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-of-another",
        &["N6"],
        "a message under the trust in another node",
        Deed::Publish(&[Draft { under: Under::First, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-is-none",
        &["N6"],
        "a message under a message",
        Deed::Publish(&[MESSAGE, Draft { under: Under::Earlier(0), ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "user-of-another",
        &["N6"],
        "a message for another user",
        Deed::Publish(&[Draft { user: Who::Other, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "signer-unknown",
        &["N6"],
        "a message by a key whose identity nobody has",
        Deed::Publish(&[Draft { signer: Who::Helper, ..MESSAGE }]),
        Expect::NotAdmitted,
    ),
];
