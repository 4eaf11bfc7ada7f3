//! Session creation as text: JSON, the container, the closed object (R3 to R9, R12, R27, R38, R40).

use crate::peer::case::Change::Edit as E;
use crate::peer::case::Edit::{By, Is, Swap};
use crate::peer::case::Expect::{Dropped, Refused};
use crate::peer::case::Layer::{Outer, Wire};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::{Creation, Proof};
use crate::peer::case::{Case, Change, bad, good};

const fn text(from: &'static str, to: &'static str) -> Change {
    E(Outer, Swap(from, to))
}

const BAD_REQUEST: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":""}}"#;
const NOT_FOUND: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":""}}"#;
const NAMED: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":"x"}}"#;
const TALKING: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":"","reason":"x"}}"#;
const MESSAGE: &str =
    r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"let me in"}"#;
const SEALED: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["encrypted"]},"encrypted":{"iv":"AAAAAAAAAAAAAAAAAAAAAA","payload":"AAAA","recipients":[]}}"#;

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Creation, "empty-object", &["R7"], "an object without members", &[E(Outer, Is("{}"))]),
    bad(Creation, "message", &["R27"], "a message instead", &[E(Outer, Is(MESSAGE))]),
    bad(Creation, "encrypted", &["R27"], "an encrypted object instead", &[E(Outer, Is(SEALED))]),
    bad(Creation, "trailing-comma", &["R3"], "a comma behind the last member", &[text("\"}}", "\",}}")]),
    bad(Creation, "comment", &["R3"], "a comment", &[text("{", "{/* */")]),
    bad(Creation, "single-quotes", &["R3"], "a name in single quotes", &[text("\"sdmp\"", "'sdmp'")]),
    bad(Creation, "bare-name", &["R3"], "a name without quotes", &[text("\"sdmp\"", "sdmp")]),
    bad(Creation, "line-feed-in-string", &["R3"], "a line feed in a string", &[text("0.12.0", "0.12.0\n")]),
    bad(Creation, "duplicate-sdmp", &["R4"], "the member sdmp twice", &[text("{\"sdmp\":", "{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]},\"sdmp\":")]),
    bad(Creation, "duplicate-version", &["R4"], "the member version twice", &[text("\"version\":", "\"version\":\"0.12.0\",\"version\":")]),
    bad(Creation, "duplicate-g", &["R4"], "the member g twice", &[text("\"g\":", "\"g\":2,\"g\":")]),
    bad(Creation, "duplicate-escaped", &["R4"], "the member g twice, once with an escape", &[text("\"g\":", "\"\\u0067\":2,\"g\":")]),
    bad(Creation, "invalid-utf-8", &["R4"], "an octet that is no UTF-8 in a string", &[E(Outer, By(|_, octets| broken(octets)))]),
    bad(Creation, "lone-surrogate", &["R4"], "half of a surrogate pair in a string", &[text("0.12.0", "0.12.0\\ud800")]),
    bad(Creation, "nested-600", &["R4", "R42"], "600 objects in one another", &[E(Outer, By(|_, _| nested(600)))]),
    bad(Creation, "no-sdmp", &["R7"], "no member sdmp", &[text("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]},", "{")]),
    bad(Creation, "sdmp-is-text", &["R7"], "sdmp is a string", &[text("{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]}", "\"0.12.0\"")]),
    bad(Creation, "extra-in-sdmp", &["R7", "R40"], "one more member in sdmp", &[text("\"schemas\"", "\"x\":1,\"schemas\"")]),
    bad(Creation, "extra-at-root", &["R12", "R40"], "one more member at the root", &[text("\"connection\":", "\"x\":1,\"connection\":")]),
    bad(Creation, "extra-in-connection", &["R40"], "one more member in connection", &[text("\"g\":", "\"x\":1,\"g\":")]),
    bad(Creation, "names-its-sender", &["R27"], "a member that says who sends it", &[text("\"g\":", "\"sender\":\"me\",\"g\":")]),
    bad(Creation, "version-0.13", &["R8"], "version 0.13.0", &[text("0.12.0", "0.13.0")]),
    bad(Creation, "version-0.11", &["R8"], "version 0.11.0", &[text("0.12.0", "0.11.0")]),
    bad(Creation, "version-1", &["R8"], "version 1.12.0", &[text("0.12.0", "1.12.0")]),
    bad(Creation, "version-short", &["R8"], "version 0.12", &[text("0.12.0", "0.12")]),
    bad(Creation, "version-pre-release", &["R8"], "version 0.12.0-rc.1", &[text("0.12.0", "0.12.0-rc.1")]),
    bad(Creation, "version-leading-zero", &["R8"], "version 0.12.00", &[text("0.12.0", "0.12.00")]),
    bad(Creation, "version-v", &["R8"], "version v0.12.0", &[text("0.12.0", "v0.12.0")]),
    bad(Creation, "version-number", &["R8"], "the version as a number", &[text("\"0.12.0\"", "0.12")]),
    bad(Creation, "version-missing", &["R7"], "no version", &[text("\"version\":\"0.12.0\",", "")]),
    bad(Creation, "schemas-empty", &["R9"], "no schema in schemas", &[text("[\"shared_key\"]", "[]")]),
    bad(Creation, "schemas-text", &["R9"], "schemas is a string", &[text("[\"shared_key\"]", "\"shared_key\"")]),
    bad(Creation, "schemas-missing", &["R7"], "no schemas", &[text(",\"schemas\":[\"shared_key\"]", "")]),
    bad(Creation, "schemas-both", &["R27"], "shared_key and connection", &[text("\"shared_key\"", "\"shared_key\",\"connection\"")]),
    bad(Creation, "schemas-twice", &["R9"], "shared_key twice", &[text("\"shared_key\"", "\"shared_key\",\"shared_key\"")]),
    bad(Creation, "schemas-other", &["R27"], "the schema message", &[text("\"shared_key\"", "\"message\"")]),
    bad(Creation, "schemas-case", &["R9"], "the schema SHARED_KEY", &[text("\"shared_key\"", "\"SHARED_KEY\"")]),
    bad(Creation, "schemas-extension", &["R12", "R27"], "an extension schema beside it", &[text("\"shared_key\"", "\"shared_key\",\"sdmp://AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"")]),
    bad(Creation, "connection-missing", &["R27"], "no connection", &[E(Outer, Is("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]}}"))]),
    bad(Creation, "connection-array", &["R27"], "connection is an array", &[E(Outer, Is("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]},\"connection\":[]}"))]),
    good(Creation, "schema-connection", &["R27"], "the schema connection instead of shared_key", &[text("\"shared_key\"", "\"connection\"")]),
    good(Creation, "version-0.12.1", &["R8"], "version 0.12.1", &[text("0.12.0", "0.12.1")]),
    good(Creation, "version-0.12.999", &["R8"], "version 0.12.999", &[text("0.12.0", "0.12.999")]),
    good(Creation, "reordered-sdmp", &["R12"], "schemas before version", &[text("\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]", "\"schemas\":[\"shared_key\"],\"version\":\"0.12.0\"")]),
    good(Creation, "reordered-root", &["R12"], "connection before sdmp", &[
        text("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]},", "{"),
        text("\"}}", "\"},\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]}}"),
    ]),
    good(Creation, "reordered-connection", &["R12"], "g behind N", &[text("\"g\":2,", ""), text("\"}}", "\",\"g\":2}}")]),
    good(Creation, "white-space-inside", &["R3", "R27"], "white space between all tokens: it counts in the transcript", &[E(Outer, By(|_, octets| spaced(octets)))]),
    good(Creation, "escaped-name", &["R4"], "the name sdmp with an escape", &[text("\"sdmp\"", "\"\\u0073dmp\"")]),
    good(Creation, "escaped-value", &["R4"], "the value shared_key with an escape", &[text("\"shared_key\"", "\"shared\\u005fkey\"")]),
    bad(Creation, "rejection", &["R38"], "a rejection, where none may stand", &[E(Outer, Is(BAD_REQUEST))]).only(Initiator),
    good(Creation, "rejection", &["R38"], "a rejection in plaintext: never answered", &[E(Outer, Is(BAD_REQUEST))]).only(Responder).expect(Dropped),
    bad(Creation, "rejection-not-found", &["R38"], "a rejection of the wrong kind: a malformed M2", &[E(Outer, Is(NOT_FOUND))]).only(Responder),
    bad(Creation, "rejection-with-identifier", &["R37", "R38"], "a rejection with an identifier: a malformed M2", &[E(Outer, Is(NAMED))]).only(Responder),
    bad(Creation, "rejection-with-reason", &["R37", "R40"], "a rejection with one more member: a malformed M2", &[E(Outer, Is(TALKING))]).only(Responder),
    bad(Creation, "brace-behind", &["R3", "R38"], "one brace too many, which counts against the next object", &[E(Wire, Swap("\n", "}\n"))]).expect(Refused(Proof)),
];

fn broken(octets: &[u8]) -> Vec<u8> {
    octets.iter().map(|octet| if *octet == b'.' { 0xff } else { *octet }).collect()
}

fn nested(levels: usize) -> Vec<u8> {
    ["{\"a\":".repeat(levels), "1".to_owned(), "}".repeat(levels)].concat().into_bytes()
}

/// White space before and after every token that is punctuation; no string here holds any.
fn spaced(octets: &[u8]) -> Vec<u8> {
    let mut spaced = Vec::new();
    for octet in octets {
        let opens_or_closes = matches!(octet, b'{' | b'}' | b'[' | b']' | b',' | b':');
        // Not around the outermost braces: what is outside belongs to the carrier.
        if opens_or_closes && !spaced.is_empty() {
            spaced.push(b'\t');
        }
        spaced.push(*octet);
        if opens_or_closes {
            spaced.extend_from_slice(b" \r\n");
        }
    }
    while spaced.last().is_some_and(|last| *last != b'}') {
        spaced.pop();
    }
    spaced
}
