//! M3 and M4 as objects: what is outside, how it is sealed, and the container inside (R29, R32 to
//! R36, R38, R40).

use crate::peer::case::Change::{Echo, Edit as E, Key, Number, Replay};
use crate::peer::case::Edit::{After, By, Cut, Fill, Flip, FlipEnd, Is, Octets, Swap};
use crate::peer::case::Expect::{Dropped, Refused};
use crate::peer::case::Layer::{Inner, Outer, Padded, Sealed, Vector};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::{Confirmation, Proof};
use crate::peer::case::Under::{Handshake, HandshakeBack, Published, Unbound};
use crate::peer::case::{Case, Change, bad, good};

const fn outer(from: &'static str, to: &'static str) -> Change {
    E(Outer, Swap(from, to))
}

const fn inner(from: &'static str, to: &'static str) -> Change {
    E(Inner, Swap(from, to))
}

const BAD_REQUEST: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":""}}"#;
const NOT_FOUND: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"not_found","identifier":""}}"#;
const NAMED: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["response"]},"response":{"status":"bad_request","identifier":"x"}}"#;

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Proof, "empty-object", &["R29"], "an object without members", &[E(Outer, Is("{}"))]),
    bad(Proof, "creation-again", &["R29"], "session creation once more, in plaintext", &[E(Outer, By(|facts, _| facts.own_creation.clone()))]),
    bad(Proof, "echo", &["R35"], "the peer's last object sent back", &[Echo]),
    bad(Proof, "extra-at-root", &["R32", "R40"], "one more member at the root", &[outer("{\"sdmp\"", "{\"x\":1,\"sdmp\"")]),
    bad(Proof, "extra-in-sdmp", &["R40"], "one more member in sdmp", &[outer("\"schemas\"", "\"x\":1,\"schemas\"")]),
    bad(Proof, "extra-in-encrypted", &["R40"], "one more member in encrypted", &[outer("\"iv\"", "\"x\":1,\"iv\"")]),
    bad(Proof, "recipient", &["R32"], "a recipient", &[outer("\"recipients\":[]", "\"recipients\":[{\"key\":\"AAAA\"}]")]),
    bad(Proof, "recipients-missing", &["R32"], "no recipients", &[outer(",\"recipients\":[]", "")]),
    bad(Proof, "outer-version-0.13", &["R8"], "version 0.13.0 outside", &[outer("0.12.0", "0.13.0")]),
    bad(Proof, "outer-schema-signature", &["R32"], "the schema signature outside", &[outer("\"encrypted\"]", "\"signature\"]")]),
    bad(Proof, "outer-schema-twice", &["R32"], "another schema beside encrypted", &[outer("\"encrypted\"]", "\"encrypted\",\"message\"]")]),
    bad(Proof, "duplicate-payload", &["R4"], "the member payload twice", &[outer("\"payload\":", "\"payload\":\"AAAA\",\"payload\":")]),
    bad(Proof, "duplicate-iv", &["R4"], "the member iv twice", &[outer("\"iv\":", "\"iv\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"iv\":")]),
    bad(Proof, "outer-payload-padding", &["R1"], "padding behind the base64url of the payload", &[outer("\",\"recipients\"", "=\",\"recipients\"")]),
    bad(Proof, "payload-empty", &["R35", "R36"], "a payload of no octets", &[E(Sealed, Octets(b""))]),
    bad(Proof, "payload-short", &["R33"], "the last 16 octets are missing", &[E(Sealed, Cut(16))]),
    bad(Proof, "payload-one-less", &["R33"], "the last octet is missing", &[E(Sealed, Cut(1))]),
    bad(Proof, "vector-short", &["R34"], "an initialisation vector of 15 octets", &[E(Vector, Cut(1))]),
    bad(Proof, "vector-long", &["R34"], "an initialisation vector of 17 octets", &[E(Vector, After("x"))]),
    bad(Proof, "vector-flip", &["R35"], "one bit of the initialisation vector", &[E(Vector, Flip(0))]),
    bad(Proof, "first-octet-flip", &["R35"], "one bit of the first octet of the ciphertext", &[E(Sealed, Flip(0))]),
    bad(Proof, "octet-flip", &["R35"], "one bit in the midst of the ciphertext", &[E(Sealed, Flip(4000))]),
    bad(Proof, "last-octet-flip", &["R35"], "one bit of the last octet", &[E(Sealed, FlipEnd(0))]),
    bad(Proof, "blocks-swapped", &["R35"], "two blocks of the ciphertext change places", &[E(Sealed, By(|_, octets| swapped(octets)))]),
    bad(Proof, "number-1", &["R35"], "sealed as number 1", &[Number(1)]).hardened(),
    bad(Proof, "other-direction", &["R35"], "sealed with the key of the other direction", &[Key(HandshakeBack)]).hardened(),
    bad(Proof, "key-not-bound", &["R29"], "sealed with a key that the transcript does not bind", &[Key(Unbound)]).hardened(),
    bad(Proof, "published-key", &["R44"], "sealed as in the published profile", &[Key(Published)]).hardened(),
    bad(Proof, "hardened-key", &["R44"], "sealed as in the hardened profile", &[Key(Handshake)]).published(),
    bad(Proof, "twice", &["R35"], "the same octets twice: the second is not number 0 of the next key", &[Replay]).hardened().expect(Refused(Confirmation)),
    bad(Proof, "not-padded", &["R33"], "no zeros behind the text", &[E(Padded, By(|_, octets| text(octets)))]),
    bad(Proof, "padded-to-4096", &["R33"], "padded to 4,096 octets", &[E(Padded, By(|_, octets| octets.iter().copied().take(4096).collect()))]),
    bad(Proof, "padded-to-8208", &["R33"], "padded to 8,208 octets", &[E(Padded, By(|_, octets| [octets, &[0; 16]].concat()))]),
    bad(Proof, "padded-to-16384", &["R29", "R33"], "padded to twice 8,192 octets", &[E(Padded, By(|_, octets| [octets, &[0; 8192]].concat()))]),
    bad(Proof, "zeros-only", &["R33"], "8,192 zeros", &[E(Padded, By(|_, octets| vec![0; octets.len()]))]),
    bad(Proof, "garbage-behind-zeros", &["R33"], "an octet that is not zero behind the zeros", &[E(Padded, FlipEnd(0))]),
    bad(Proof, "padded-with-ff", &["R33"], "octets of 255 instead of zeros", &[E(Padded, By(|_, octets| octets.iter().map(|o| if *o == 0 { 0xff } else { *o }).collect()))]),
    bad(Proof, "text-empty-object", &["R29"], "an object without members inside", &[E(Inner, Is("{}"))]),
    bad(Proof, "text-no-json", &["R3"], "text that is no JSON inside", &[E(Inner, Is("let me in"))]),
    bad(Proof, "text-two-containers", &["R3"], "two containers inside", &[E(Inner, By(|_, octets| [octets, octets].concat()))]),
    bad(Proof, "text-unsigned", &["R29"], "session creation itself inside, not signed", &[E(Inner, By(|facts, _| facts.own_creation.clone()))]),
    bad(Proof, "text-message", &["R29"], "a message inside", &[E(Inner, Is("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"message\"]},\"message\":\"let me in\"}"))]),
    bad(Proof, "text-invalid-utf-8", &["R4"], "an octet that is no UTF-8 inside", &[E(Inner, By(|_, octets| octets.iter().map(|o| if *o == b'.' { 0xff } else { *o }).collect()))]),
    bad(Proof, "text-byte-order-mark", &["R3"], "a byte order mark inside", &[E(Inner, crate::peer::case::Edit::Before("\u{feff}"))]),
    bad(Proof, "text-extra-at-root", &["R40"], "one more member at the root of the signature container", &[inner("{\"sdmp\"", "{\"x\":1,\"sdmp\"")]),
    bad(Proof, "text-extra-in-sdmp", &["R40"], "one more member in its sdmp", &[inner("\"schemas\"", "\"x\":1,\"schemas\"")]),
    bad(Proof, "text-extra-in-signature", &["R40"], "one more member in its signature", &[inner("\"identifier\"", "\"x\":1,\"identifier\"")]),
    bad(Proof, "text-extra-in-entry", &["R40"], "one more member in its list of signatures", &[inner("\"protected\"", "\"x\":1,\"protected\"")]),
    bad(Proof, "text-unprotected-header", &["R18", "R40"], "an unprotected header, as JWS has it", &[inner("\"protected\"", "\"header\":{\"alg\":\"none\"},\"protected\"")]),
    bad(Proof, "text-version-0.13", &["R8"], "version 0.13.0 inside", &[inner("0.12.0", "0.13.0")]),
    bad(Proof, "text-schema-message", &["R29"], "the schema message inside", &[inner("\"signature\"]", "\"message\"]")]),
    bad(Proof, "text-schema-beside", &["R12"], "another schema beside signature", &[inner("\"signature\"]", "\"signature\",\"message\"]")]),
    bad(Proof, "text-duplicate", &["R4"], "the member identifier twice", &[inner("\"identifier\":", "\"identifier\":\"\",\"identifier\":")]),
    bad(Proof, "rejection-in-plaintext", &["R38"], "a rejection in plaintext: a malformed M4", &[E(Outer, Is(BAD_REQUEST))]).only(Responder),
    good(Proof, "rejection-in-plaintext", &["R38"], "a rejection in plaintext: never answered", &[E(Outer, Is(BAD_REQUEST))]).only(Initiator).expect(Dropped),
    bad(Proof, "rejection-not-found", &["R38"], "a rejection of the wrong kind in plaintext", &[E(Outer, Is(NOT_FOUND))]),
    bad(Proof, "rejection-with-identifier", &["R37", "R38"], "a rejection with an identifier", &[E(Outer, Is(NAMED))]),
    bad(Proof, "sealed-rejection", &["R38"], "a sealed rejection: a malformed M3", &[E(Inner, Is(NOT_FOUND))]).only(Initiator),
    good(Proof, "sealed-rejection", &["R38"], "a sealed rejection: never answered", &[E(Inner, Is(NOT_FOUND))]).only(Responder).expect(Dropped),
    bad(Proof, "sealed-bad-request", &["R38"], "a sealed rejection of the wrong kind", &[E(Inner, Is(BAD_REQUEST))]),
    good(Proof, "reordered-outside", &["R12"], "recipients first", &[outer(",\"recipients\":[]", ""), outer("\"iv\":", "\"recipients\":[],\"iv\":")]),
    good(Proof, "reordered-inside", &["R12"], "schemas before version in the signature container", &[inner("\"version\":\"0.12.0\",\"schemas\":[\"signature\"]", "\"schemas\":[\"signature\"],\"version\":\"0.12.0\"")]),
    good(Proof, "white-space-outside", &["R3"], "white space in the object", &[outer("\"iv\":", " \"iv\" : ")]),
    good(Proof, "white-space-inside", &["R3", "R31"], "white space in the signature container: it counts in the transcript", &[inner("\"identifier\":", "\t\"identifier\" :\r\n")]),
    good(Proof, "no-zeros", &["R33"], "text of exactly 8,192 octets, so that no zeros follow", &[E(Inner, Fill(8192))]),
    good(Proof, "version-0.12.7", &["R8"], "version 0.12.7 outside and inside", &[outer("0.12.0", "0.12.7"), inner("0.12.0", "0.12.7")]),
];

/// The plaintext without its zeros.
fn text(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().filter(|octet| *octet != 0).collect()
}

/// The second and the third block of 16 octets change places.
fn swapped(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    if octets.len() >= 48 {
        octets.get_mut(16..48).unwrap_or_default().rotate_left(16);
    }
    octets
}
