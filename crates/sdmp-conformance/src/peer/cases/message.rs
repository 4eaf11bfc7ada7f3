//! Traffic after acceptance (R7 to R12, R32 to R38a).

use crate::peer::case::Change::{Again, Echo, Edit as E, End, Key, Number, Replay};
use crate::peer::case::Edit::{After, By, Cut, Fill, Flip, FlipEnd, Is, Swap};
use crate::peer::case::Expect::Dropped;
use crate::peer::case::Layer::{Inner, Outer, Padded, Sealed, Vector};
use crate::peer::case::Stage::Message;
use crate::peer::case::Under::{Handshake, TrafficBack, Unbound};
use crate::peer::case::{Case, Change, bad, good};
use crate::peer::draft::receipt;

const fn outer(from: &'static str, to: &'static str) -> Change {
    E(Outer, Swap(from, to))
}

const fn inner(from: &'static str, to: &'static str) -> Change {
    E(Inner, Swap(from, to))
}

const fn is(text: &'static str) -> Change {
    E(Inner, Is(text))
}

const NOT_FOUND: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":""}}"#;
const BAD_REQUEST: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":""}}"#;
const PLAIN: &str =
    r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"in plaintext"}"#;
const EXTENDED: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["sdmp://AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]},"x":1}"#;
const ANSWER: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"ok","identifier":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","data":{}}}"#;
const NO_DATA: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"ok","identifier":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}"#;
const BOTH: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["message","receipt"]},"message":"hello","receipt":"x"}"#;
const HALF: &str =
    r#"{"sdmp":{"version":"0.12.0","schemas":["message","receipt"]},"message":"hello"}"#;

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Message, "octet-flip", &["R35"], "one bit of the ciphertext", &[E(Sealed, Flip(0))]),
    bad(Message, "zeros-flip", &["R33", "R35"], "one bit of the ciphertext where the zeros are", &[E(Sealed, Flip(8000))]),
    bad(Message, "tag-flip", &["R35"], "one bit of the tag", &[E(Sealed, FlipEnd(0))]).hardened(),
    bad(Message, "vector-flip", &["R35"], "one bit of the initialisation vector", &[E(Vector, Flip(3))]),
    bad(Message, "vector-short", &["R34"], "an initialisation vector of 15 octets", &[E(Vector, Cut(1))]),
    bad(Message, "payload-short", &["R33"], "the last 16 octets are missing", &[E(Sealed, Cut(16))]),
    bad(Message, "repeated", &["R35"], "the same octets twice", &[Replay]).hardened(),
    bad(Message, "lost", &["R35"], "one number is left out", &[Number(2)]).hardened(),
    bad(Message, "number-0", &["R35"], "sealed as number 0 once more", &[Number(0)]).hardened(),
    bad(Message, "reflected", &["R35"], "sealed with the key of the other direction", &[Key(TrafficBack)]).hardened(),
    bad(Message, "echo", &["R35"], "the peer's last object sent back", &[Echo]).hardened(),
    bad(Message, "handshake-key", &["R35"], "sealed with the handshake's key", &[Key(Handshake)]).hardened(),
    bad(Message, "key-not-bound", &["R35"], "sealed with a key that the transcript does not bind", &[Key(Unbound)]).hardened(),
    bad(Message, "end", &["R41"], "the end of the stream without a close", &[End]).hardened().expect(Dropped),
    bad(Message, "in-plaintext", &["R32"], "a message in plaintext", &[E(Outer, Is(PLAIN))]),
    bad(Message, "rejection-in-plaintext", &["R38"], "a rejection in plaintext", &[E(Outer, Is(BAD_REQUEST))]),
    bad(Message, "session-creation", &["R32"], "session creation once more", &[E(Outer, By(|facts, _| facts.own_creation.clone()))]),
    bad(Message, "extra-at-root", &["R32", "R40"], "one more member at the root of the object", &[outer("{\"sdmp\"", "{\"x\":1,\"sdmp\"")]),
    bad(Message, "extra-in-encrypted", &["R40"], "one more member in encrypted", &[outer("\"iv\"", "\"x\":1,\"iv\"")]),
    bad(Message, "recipient", &["R32"], "a recipient", &[outer("\"recipients\":[]", "\"recipients\":[{\"key\":\"AAAA\"}]")]),
    bad(Message, "outer-version-0.13", &["R8"], "version 0.13.0 outside", &[outer("0.12.0", "0.13.0")]),
    bad(Message, "duplicate-outside", &["R4"], "the member payload twice", &[outer("\"payload\":", "\"payload\":\"AAAA\",\"payload\":")]),
    bad(Message, "too-long", &["R42"], "an object of more than 16 MiB", &[E(Inner, By(|_, octets| long(octets, 13 << 20)))]),
    bad(Message, "zeros-only", &["R33"], "8,192 zeros", &[E(Padded, By(|_, octets| vec![0; octets.len()]))]),
    bad(Message, "too-many-zeros", &["R33"], "a whole step of zeros at the end", &[E(Padded, By(|_, octets| [octets, &[0; 8192]].concat()))]),
    bad(Message, "not-padded", &["R33"], "16 octets too many for a step", &[E(Padded, By(|_, octets| [octets, &[0; 16]].concat()))]),
    bad(Message, "garbage-behind-zeros", &["R33"], "an octet that is not zero behind the zeros", &[E(Padded, FlipEnd(0))]),
    bad(Message, "no-container", &["R7"], "an object without members", &[is("{}")]),
    bad(Message, "no-json", &["R3"], "text that is no JSON", &[is("hello")]),
    bad(Message, "two-containers", &["R3"], "two containers in one object", &[E(Inner, By(|_, octets| [octets, octets].concat()))]),
    bad(Message, "byte-order-mark", &["R3"], "a byte order mark", &[E(Inner, crate::peer::case::Edit::Before("\u{feff}"))]),
    bad(Message, "invalid-utf-8", &["R4"], "an octet that is no UTF-8", &[E(Inner, By(|_, octets| octets.iter().map(|o| if *o == b' ' { 0xff } else { *o }).collect()))]),
    bad(Message, "lone-surrogate", &["R4"], "half of a surrogate pair", &[inner("hello", "\\udc00")]),
    bad(Message, "duplicate", &["R4"], "the member message twice", &[inner("\"message\":", "\"message\":\"x\",\"message\":")]),
    bad(Message, "nested-33", &["R4", "R42"], "33 levels of nesting", &[E(Inner, By(|_, octets| nested(octets, 32)))]),
    bad(Message, "version-0.13", &["R8"], "a container of version 0.13.0", &[inner("0.12.0", "0.13.0")]),
    bad(Message, "version-0.11", &["R8"], "a container of version 0.11.0", &[inner("0.12.0", "0.11.0")]),
    bad(Message, "version-short", &["R8"], "a container of version 0.12", &[inner("0.12.0", "0.12")]),
    bad(Message, "extra-in-sdmp", &["R7"], "one more member in sdmp", &[inner("\"schemas\"", "\"x\":1,\"schemas\"")]),
    bad(Message, "unknown-schema", &["R9"], "a schema that is no core name and no URI", &[inner("[\"message\"]", "[\"greeting\"]")]),
    bad(Message, "malformed-uri", &["R10"], "a schema with a malformed URI", &[inner("[\"message\"]", "[\"message\",\"sdmp://example.org/x\"]")]),
    bad(Message, "schemas-empty", &["R9"], "no schema", &[inner("[\"message\"]", "[]")]),
    bad(Message, "schemas-twice", &["R9"], "the schema message twice", &[inner("\"message\"]", "\"message\",\"message\"]")]),
    bad(Message, "message-number", &["R11"], "the message is a number", &[inner("\"hello from the tester\"", "1")]),
    bad(Message, "message-missing", &["R11"], "the schema message without the member", &[inner(",\"message\":", ",\"massage\":")]),
    bad(Message, "second-schema-fails", &["R11"], "two schemas, the second of which fails", &[is(HALF)]),
    bad(Message, "response-without-data", &["R11"], "a response ok without data", &[is(NO_DATA)]),
    bad(Message, "confirmation-again", &["R31", "R41"], "the text of FIN, unsigned", &[E(Inner, By(|facts, _| receipt("fin", facts.side, &facts.transcripts.1).into_bytes()))]).hardened(),
    good(Message, "rejection", &["R38"], "a container equal to the rejection: one at any time", &[is(NOT_FOUND)]).expect(Dropped),
    good(Message, "version-0.12.7", &["R8"], "version 0.12.7 outside and inside", &[outer("0.12.0", "0.12.7"), inner("0.12.0", "0.12.7")]),
    good(Message, "extra-at-root-inside", &["R12"], "one more member at the root of the container", &[inner("\"message\":", "\"x\":[1,2],\"message\":")]),
    good(Message, "extension-unresolved", &["R38a"], "an extension schema that cannot be resolved", &[is(EXTENDED)]),
    good(Message, "two-schemas", &["R11"], "two core schemas that hold", &[is(BOTH)]),
    good(Message, "response", &["R11"], "an answer without a question: the application's affair", &[is(ANSWER)]),
    good(Message, "nested-32", &["R4"], "32 levels of nesting", &[E(Inner, By(|_, octets| nested(octets, 31)))]),
    good(Message, "three-steps", &["R33"], "20,000 octets of text in three steps of padding", &[E(Inner, By(|_, octets| long(octets, 20_000)))]),
    good(Message, "no-zeros", &["R33"], "text of exactly 8,192 octets, so that no zeros follow", &[E(Inner, Fill(8192))]),
    good(Message, "a-mebibyte", &["R42"], "a message of 1 MiB", &[E(Inner, By(|_, octets| long(octets, 1 << 20)))]),
    good(Message, "two-messages", &["R35"], "two messages in one piece", &[Again]),
    good(Message, "white-space-inside", &["R3"], "white space in the container and in the object", &[inner("\"message\":", "\n\"message\" :\t"), outer("\"iv\":", " \"iv\" : ")]),
    good(Message, "reordered", &["R12"], "schemas before version", &[inner("\"version\":\"0.12.0\",\"schemas\":[\"message\"]", "\"schemas\":[\"message\"],\"version\":\"0.12.0\"")]),
    good(Message, "space-behind", &["R3"], "white space behind the container", &[E(Inner, After(" \n"))]),
    good(Message, "escapes", &["R4"], "every kind of escape in the message", &[inner("hello", "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\ud83d\\ude00")]),
];

/// The message with a text of so many letters.
fn long(octets: &[u8], letters: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(octets);
    text.replacen("hello", &"a".repeat(letters), 1).into_bytes()
}

/// The message with a member at the root that is so many arrays deep.
fn nested(octets: &[u8], levels: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(octets);
    let deep = ["\"x\":", &"[".repeat(levels), &"]".repeat(levels), ",\"message\":"].concat();
    text.replacen("\"message\":", &deep, 1).into_bytes()
}
