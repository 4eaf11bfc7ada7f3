//! FIN (R31): the right text, signed by the right one, under the right key.

use crate::peer::case::Change::{Claims, Echo, Edit as E, Key, Number, Replay, Signer};
use crate::peer::case::Edit::{After, By, FlipEnd, Is, Octets, Swap};
use crate::peer::case::Expect::Dropped;
use crate::peer::case::Layer::{
    Identifier, Inner, Input, Outer, Padded, Sealed, Signature, Signed,
};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::{Confirmation, Message};
use crate::peer::case::Under::{Handshake, HandshakeBack, TrafficBack, Unbound};
use crate::peer::case::Who::{Other, Stranger};
use crate::peer::case::{Case, Change, Expect, bad, good};
use crate::peer::draft::{Facts, receipt};

const fn signed(from: &'static str, to: &'static str) -> Change {
    E(Signed, Swap(from, to))
}

const MESSAGE: &str =
    r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"too early"}"#;
const NOT_FOUND: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":""}}"#;
const BAD_REQUEST: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":""}}"#;

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Confirmation, "other-role-as-initiator", &["R31"], "the role of the other side", &[signed("initiator", "responder")]).only(Initiator),
    bad(Confirmation, "other-role-as-responder", &["R31"], "the role of the other side", &[signed("responder", "initiator")]).only(Responder),
    bad(Confirmation, "of-t1", &["R31"], "the hash T1 instead of T2", &[E(Signed, By(|facts, _| of(facts, &facts.transcripts.0)))]),
    bad(Confirmation, "of-another-session", &["R31"], "the hash of another session", &[E(Signed, By(|facts, _| of(facts, &[7; 64])))]),
    bad(Confirmation, "two-spaces", &["R31"], "two spaces instead of one", &[signed("fin ", "fin  ")]),
    bad(Confirmation, "close-instead", &["R31"], "the word close instead of fin", &[signed("fin ", "close ")]),
    bad(Confirmation, "other-version-in-text", &["R31"], "sdmp/0.13 in the text", &[signed("sdmp/0.12", "sdmp/0.13")]),
    bad(Confirmation, "other-spelling", &["R5", "R31"], "the signed container with white space", &[signed("\"receipt\":", "\"receipt\": ")]),
    bad(Confirmation, "other-version", &["R31"], "the signed container has version 0.12.1", &[signed("0.12.0", "0.12.1")]),
    bad(Confirmation, "space-behind", &["R31"], "a space behind the signed container", &[E(Signed, After(" "))]),
    bad(Confirmation, "signed-message", &["R31"], "a signed message instead", &[E(Signed, Is(MESSAGE))]),
    bad(Confirmation, "unsigned", &["R31"], "the receipt itself, not signed", &[E(Inner, By(|facts, _| of(facts, &facts.transcripts.1)))]),
    bad(Confirmation, "by-another", &["R31"], "signed by another trusted node than M3 or M4", &[Signer(Other)]),
    bad(Confirmation, "by-a-stranger", &["R31"], "signed by a stranger", &[Signer(Stranger)]),
    bad(Confirmation, "in-the-name-of-another", &["R31"], "in the name of another", &[Claims(Other)]),
    bad(Confirmation, "bad-signature", &["R20", "R31"], "one bit of the signature", &[E(Signature, FlipEnd(9))]),
    bad(Confirmation, "input-payload-only", &["R19", "R31"], "a signature over the payload alone", &[E(Input, By(|_, octets| after_dot(octets)))]),
    bad(Confirmation, "wrong-identifier", &["R17", "R31"], "an identifier of something else", &[E(Identifier, Is("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))]),
    bad(Confirmation, "extra-inside", &["R40"], "one more member in the signature container", &[E(Inner, Swap("\"identifier\"", "\"x\":1,\"identifier\""))]),
    bad(Confirmation, "extra-outside", &["R40"], "one more member in the object", &[E(Outer, Swap("\"iv\"", "\"x\":1,\"iv\""))]),
    bad(Confirmation, "recipient", &["R32"], "a recipient", &[E(Outer, Swap("\"recipients\":[]", "\"recipients\":[{\"key\":\"AAAA\"}]"))]),
    bad(Confirmation, "octet-flip", &["R35"], "one bit of the ciphertext", &[E(Sealed, FlipEnd(5000))]),
    bad(Confirmation, "tag-flip", &["R35"], "one bit of the tag", &[E(Sealed, FlipEnd(0))]),
    bad(Confirmation, "payload-empty", &["R35"], "a payload of no octets", &[E(Sealed, Octets(b""))]),
    bad(Confirmation, "padded-to-16384", &["R29", "R33"], "padded to twice 8,192 octets", &[E(Padded, By(|_, octets| [octets, &[0; 8192]].concat()))]),
    bad(Confirmation, "number-1", &["R31", "R35"], "sealed as number 1", &[Number(1)]),
    bad(Confirmation, "handshake-key-0", &["R31"], "sealed with the handshake's key, number 0", &[Key(Handshake)]),
    bad(Confirmation, "handshake-key-1", &["R31"], "sealed with the handshake's key, number 1, under which only a rejection may stand", &[Key(Handshake), Number(1)]),
    bad(Confirmation, "handshake-key-back", &["R35"], "sealed with the handshake's key of the other direction", &[Key(HandshakeBack), Number(1)]),
    bad(Confirmation, "traffic-key-back", &["R35"], "sealed with the traffic key of the other direction", &[Key(TrafficBack)]),
    bad(Confirmation, "key-not-bound", &["R31"], "sealed with a key that the transcript does not bind", &[Key(Unbound)]),
    bad(Confirmation, "echo", &["R31", "R35"], "the peer's last object sent back", &[Echo]),
    bad(Confirmation, "message", &["R31"], "a message in its place, under its key and number", &[E(Inner, Is(MESSAGE))]),
    bad(Confirmation, "message-in-plaintext", &["R31"], "a message in plaintext in its place", &[E(Outer, Is(MESSAGE))]),
    bad(Confirmation, "rejection-in-plaintext", &["R38"], "a rejection in plaintext, where none may stand", &[E(Outer, Is(BAD_REQUEST))]),
    bad(Confirmation, "bad-request-sealed", &["R38"], "a sealed rejection of the wrong kind", &[E(Inner, Is(BAD_REQUEST)), Key(Handshake), Number(1)]),
    good(Confirmation, "rejection", &["R38"], "a rejection under the handshake's key, number 1: never answered", &[E(Inner, Is(NOT_FOUND)), Key(Handshake), Number(1)]).only(Initiator).expect(Dropped),
    good(Confirmation, "rejection-under-traffic-key", &["R38"], "a rejection under the traffic key: one at any time, never answered", &[E(Inner, Is(NOT_FOUND))]).expect(Dropped),
    bad(Confirmation, "twice", &["R35"], "the same octets twice: the second is a repeated object", &[Replay]).expect(Expect::Refused(Message)),
    good(Confirmation, "white-space-inside", &["R3", "R31"], "white space in the signature container", &[E(Inner, Swap("\"identifier\":", " \"identifier\" : "))]),
    good(Confirmation, "reordered", &["R12"], "schemas before version in the signature container", &[E(Inner, Swap("\"version\":\"0.12.0\",\"schemas\":[\"signature\"]", "\"schemas\":[\"signature\"],\"version\":\"0.12.0\""))]),
];

/// The text of FIN with another hash.
fn of(facts: &Facts, transcript: &[u8; 64]) -> Vec<u8> {
    receipt("fin", facts.side, transcript).into_bytes()
}

fn after_dot(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().skip_while(|octet| *octet != b'.').skip(1).collect()
}
