//! Control in the case's journal, and what rests on it: what is admitted, and what never (N9 to N13).

use crate::node::case::{Case, Deed, Draft, Expect, MESSAGE, Under, Who};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "identity",
        &["N6", "N9"],
        "a trust of the node in another, and that one's identity",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
        ]),
        Expect::Admitted,
    ),
    Case::new(
        "identity-forged",
        &["N6"],
        "an identity that another key signed",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "identity-under-trust",
        &["N6"],
        "an identity under a trust",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Earlier(0),
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "node-without-trust",
        &["N6"],
        "how to reach a node, signed by the user's key",
        Deed::Publish(&[Draft {
            signer: Who::User,
            under: Under::Nothing,
            schemas: "\"node\"",
            members: "\"information\":{\"ips\":[]}",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "delegated",
        &["N10", "N12"],
        "a message by a node that the node trusts",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
            Draft { signer: Who::Helper, under: Under::Earlier(0), ..MESSAGE },
        ]),
        Expect::Admitted,
    ),
    Case::new(
        "delegated-lacks",
        &["N6", "N12"],
        "a message by a node whose trust lets it read only",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"read_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
            Draft { signer: Who::Helper, under: Under::Earlier(0), ..MESSAGE },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "delegated-expired",
        &["N8", "N11"],
        "a message under a trust that has expired",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{past}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
            Draft { signer: Who::Helper, under: Under::Earlier(0), ..MESSAGE },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "back-dated",
        &["N8", "N54"],
        "a message under a trust that has expired, which says that it is older",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{past}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                under: Under::Earlier(0),
                created: Some(-1_051_200),
                ..MESSAGE
            },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "revoked-trust",
        &["N11", "N13"],
        "a message under a trust that was revoked",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"publish_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
            Draft {
                schemas: "\"revoke\"",
                members: "\"revoke\":{\"resource\":\"{0}\"}",
                ..MESSAGE
            },
            Draft { signer: Who::Helper, under: Under::Earlier(0), ..MESSAGE },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "revoked-first",
        &["N6", "N13"],
        "a message whose revocation came before it",
        Deed::Publish(&[
            Draft {
                schemas: "\"revoke\"",
                members: "\"revoke\":{\"resource\":\"{next}\"}",
                ..MESSAGE
            },
            MESSAGE,
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "revocation",
        &["N13"],
        "the revocation of an own message",
        Deed::Publish(&[
            MESSAGE,
            Draft {
                schemas: "\"revoke\"",
                members: "\"revoke\":{\"resource\":\"{0}\"}",
                ..MESSAGE
            },
        ]),
        Expect::Admitted,
    ),
    Case::new(
        "revocation-by-no-right",
        &["N13"],
        "a revocation that names a trust which does not let it revoke",
        Deed::Publish(&[
            MESSAGE,
            Draft {
                schemas: "\"revoke\"",
                members: "\"revoke\":{\"resource\":\"{0}\",\"authorization\":\"{own}\"}",
                ..MESSAGE
            },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "revocation-of-other-authority",
        &["N13"],
        "a revocation that names another trust than its own as the authorization",
        Deed::Publish(&[
            MESSAGE,
            Draft {
                schemas: "\"revoke\"",
                members: "\"revoke\":{\"resource\":\"{0}\",\"authorization\":\"{first-trust}\"}",
                ..MESSAGE
            },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-self",
        &["N10"],
        "a trust of the node in itself",
        Deed::Publish(&[Draft {
            schemas: "\"trust\"",
            members: "\"trust\":{\"trustee\":\"{node}\",\"authorization\":[\"read_resource\"],\"expires\":\"{future}\"}",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-in-user",
        &["N10"],
        "a trust of the node in its own user",
        Deed::Publish(&[Draft {
            schemas: "\"trust\"",
            members: "\"trust\":{\"trustee\":\"{user}\",\"authorization\":[\"read_resource\"],\"expires\":\"{future}\"}",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-exceeds",
        &["N10"],
        "a trust that gives what the node does not hold",
        Deed::Publish(&[Draft {
            schemas: "\"trust\"",
            members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"revoke\"],\"expires\":\"{future}\"}",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-create",
        &["N10"],
        "a trust of a node that lets another create trusts",
        Deed::Publish(&[Draft {
            schemas: "\"trust\"",
            members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"read_resource\",\"create_trust\"],\"expires\":\"{future}\"}",
            ..MESSAGE
        }]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-third",
        &["N10"],
        "a trust under a trust that a node gave",
        Deed::Publish(&[
            Draft {
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{helper}\",\"authorization\":[\"read_resource\",\"publish_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                user: Who::Helper,
                under: Under::Nothing,
                schemas: "\"identity\"",
                members: "{identity:helper}",
                ..MESSAGE
            },
            Draft {
                signer: Who::Helper,
                under: Under::Earlier(0),
                schemas: "\"trust\"",
                members: "\"trust\":{\"trustee\":\"{other}\",\"authorization\":[\"read_resource\"],\"expires\":\"{future}\"}",
                ..MESSAGE
            },
        ]),
        Expect::NotAdmitted,
    ),
    Case::new(
        "trust-in-person",
        &["N10"],
        "a trust of the node in a person",
        Deed::Publish(&[Draft {
            schemas: "\"trust\"",
            members: "\"trust\":{\"trustee\":\"{other}\",\"authorization\":[\"read_resource\"],\"expires\":\"{future}\"}",
            ..MESSAGE
        }]),
        Expect::Admitted,
    ),
    Case::new(
        "sealed-rubbish",
        &["N40"],
        "a sealed text that opens for no key: content like any other, and nothing happens",
        Deed::Publish(&[Draft { schemas: "\"encrypted\"", members: "{sealed}", ..MESSAGE }]),
        Expect::Admitted,
    ),
];
