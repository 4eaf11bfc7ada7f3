//! Objects that were not asked for, and malformed or forged ones (N23 to N29).

use crate::node::case::{Case, Deed, Expect, MESSAGE, Object, Tamper, Who};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "push-message",
        &["N29"],
        "a message that is no exchange object",
        Deed::Send(Object::Plain(
            "{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"message\"]},\"message\":\"x\"}",
        )),
        Expect::Ends,
    ),
    Case::new(
        "push-resource",
        &["N25", "N29"],
        "a resource that was not asked for",
        Deed::Send(Object::Resource(MESSAGE)),
        Expect::Ends,
    ),
    Case::new(
        "push-unsigned",
        &["N25"],
        "lines that are not signed",
        Deed::Send(Object::Plain(
            "{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"broadcast\"]},\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}}",
        )),
        Expect::Ends,
    ),
    Case::new(
        "other-signer",
        &["N25"],
        "lines that another node of the same user signed",
        Deed::Send(Object::By(
            Who::First,
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
        )),
        Expect::Ends,
    ),
    Case::new(
        "signature-forged",
        &["N25"],
        "lines with another key's signature under the node's name",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
            Tamper::Signature,
        )),
        Expect::Ends,
    ),
    Case::new(
        "signatures-double",
        &["N25"],
        "lines with two signatures",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
            Tamper::TwoSignatures,
        )),
        Expect::Ends,
    ),
    Case::new(
        "outer-open",
        &["N25"],
        "lines in an outer part with a member too many",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
            Tamper::OuterMember,
        )),
        Expect::Ends,
    ),
    Case::new(
        "exchange-version",
        &["N25"],
        "lines of version 0.13.0",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
            Tamper::Version("0.13.0"),
        )),
        Expect::Ends,
    ),
    Case::new(
        "exchange-kindless",
        &["N25"],
        "an exchange object without a kind",
        Deed::Send(Object::Exchange(
            "\"sdmp://IjXtIUMf7ZLELO6JFylvibertkq4QNdqeRM4KyLbjycZOJSkvQQVyymY53zLmbkwrVNPBMScRLVvOrzvDi6pMg/wfc18dW57gbS6APsYpgCqZleY7QsXtjT3FDRYttoX7wMGkVxjCwAUrcaKbckFNNdmStco0UgPpaigHX1hLVkmQ\"",
            "\"x\":1",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "broadcast-empty",
        &["N26"],
        "a broadcast without lines",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[]}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "broadcast-malformed",
        &["N23"],
        "a broadcast of something that is no line",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"no line\"]}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "broadcast-unchained",
        &["N23"],
        "a broadcast of lines that do not chain",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\",\"{next}@{user}/{unknown}\"]}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "broadcast-too-long",
        &["N51"],
        "a broadcast of 4,097 lines",
        Deed::Send(Object::TooManyLines),
        Expect::Ends,
    ),
    Case::new(
        "broadcast-gap",
        &["N23"],
        "a broadcast behind a line that the node does not have: it asks",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{unknown}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
            Tamper::Nothing,
        )),
        Expect::GoesOn,
    ),
    Case::new(
        "broadcast-own",
        &["N23", "N33"],
        "a broadcast of the next line",
        Deed::Send(Object::Exchange(
            "\"broadcast\"",
            "\"journal\":{\"since\":\"{since}\",\"entries\":[\"{next}@{user}/{unknown}\"]}",
            Tamper::Nothing,
        )),
        Expect::GoesOn,
    ),
    Case::new(
        "response-unasked",
        &["N29"],
        "an answer to no request",
        Deed::Send(Object::Exchange(
            "\"response\"",
            "\"response\":{\"status\":\"not_found\",\"identifier\":\"never\"}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "request-nameless",
        &["N26"],
        "a request with an empty identifier",
        Deed::Send(Object::Exchange(
            "\"request_journal\"",
            "\"request\":{\"identifier\":\"\",\"type\":\"journal\",\"since\":\"{first-line}\",\"limit\":1}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "request-long-name",
        &["N26"],
        "a request with an identifier of 128 characters",
        Deed::Send(Object::Exchange(
            "\"request_journal\"",
            "\"request\":{\"identifier\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"type\":\"journal\",\"since\":\"{first-line}\",\"limit\":1}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "request-odd-name",
        &["N26"],
        "a request with an identifier that is not printable ASCII",
        Deed::Send(Object::Exchange(
            "\"request_journal\"",
            "\"request\":{\"identifier\":\"\\u00e9\",\"type\":\"journal\",\"since\":\"{first-line}\",\"limit\":1}",
            Tamper::Nothing,
        )),
        Expect::Ends,
    ),
    Case::new(
        "request-other-type",
        &["N26", "N27"],
        "a request of another type",
        Deed::Send(Object::Exchange(
            "\"request_journal\"",
            "\"request\":{\"identifier\":\"probe\",\"type\":\"lines\",\"since\":\"{first-line}\",\"limit\":1}",
            Tamper::Nothing,
        )),
        Expect::BadRequest,
    ),
    Case::new(
        "request-since-malformed",
        &["N27"],
        "a request for lines after something that is no line",
        Deed::Send(Object::Exchange(
            "\"request_journal\"",
            "\"request\":{\"identifier\":\"probe\",\"type\":\"journal\",\"since\":\"x\",\"limit\":1}",
            Tamper::Nothing,
        )),
        Expect::BadRequest,
    ),
    Case::new(
        "request-author-malformed",
        &["N27"],
        "a request for a resource of something that is no user",
        Deed::Send(Object::Exchange(
            "\"request_resource\"",
            "\"request\":{\"identifier\":\"probe\",\"type\":\"resource\",\"author\":\"x\",\"resource\":\"{unknown}\"}",
            Tamper::Nothing,
        )),
        Expect::BadRequest,
    ),
    Case::new(
        "request-too-many",
        &["N51"],
        "a request for 65 resources",
        Deed::Send(Object::TooManyNames),
        Expect::BadRequest,
    ),
];
