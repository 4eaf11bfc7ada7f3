//! M3 and M4 as signatures: who signs what, and how (R13, R16 to R20, R29, R30).

use crate::peer::case::Change::{Claims, ClaimsPeer, Edit as E, Signer};
use crate::peer::case::Edit::{After, Before, By, Cut, Flip, FlipEnd, Is, Octets, Swap};
use crate::peer::case::Layer::{
    Header, Identifier, Inner, Input, Payload, Protected, Signature, Signed,
};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::Proof;
use crate::peer::case::Who::{Expired, Other, Stranger, User};
use crate::peer::case::{Case, Change, bad, good};
use crate::peer::draft::Facts;
use sdmp_container::b64url;
use sdmp_crypto::hash::{sha512, sha512_parts};

const fn header(from: &'static str, to: &'static str) -> Change {
    E(Header, Swap(from, to))
}

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Proof, "stranger", &["R30"], "a correct signature by a key that is not trusted", &[Signer(Stranger)]),
    bad(Proof, "user", &["R16"], "a correct signature by a trusted identity of type user", &[Signer(User)]),
    bad(Proof, "expired", &["R16"], "a correct signature by an identity that has expired", &[Signer(Expired)]),
    good(Proof, "key-of-2056-bits", &["R13"], "a trusted identity whose modulus is no multiple of 512 bits long", &[Signer(Other)]).only(Initiator),
    bad(Proof, "not-pinned", &["R30"], "a correct signature by another node than the one called", &[Signer(Other)]).only(Responder),
    bad(Proof, "in-the-name-of-another", &["R20"], "the tester's signature in the name of another trusted node", &[Claims(Other)]),
    bad(Proof, "in-the-name-of-a-stranger", &["R20"], "the tester's signature in the name of an unknown key", &[Claims(Stranger)]),
    bad(Proof, "in-the-peers-name", &["R30"], "the tester's signature in the peer's own name", &[ClaimsPeer]),
    bad(Proof, "by-a-stranger-in-the-testers-name", &["R20"], "a stranger's signature in the tester's name", &[Signer(Stranger), Claims(crate::peer::case::Who::Tester)]),
    bad(Proof, "alg-none", &["R18"], "the algorithm none", &[header("HS512", "none")]),
    bad(Proof, "alg-rs512", &["R18"], "the algorithm RS512, which is what it is", &[header("HS512", "RS512")]),
    bad(Proof, "alg-hs256", &["R18"], "the algorithm HS256", &[header("HS512", "HS256")]),
    bad(Proof, "alg-lower-case", &["R18"], "the algorithm hs512", &[header("HS512", "hs512")]),
    bad(Proof, "alg-missing", &["R18"], "no algorithm", &[header("\"alg\":\"HS512\",", "")]),
    bad(Proof, "alg-null", &["R18"], "the algorithm null", &[header("\"HS512\"", "null")]),
    bad(Proof, "header-extra", &["R18"], "one more member in the protected header", &[header("{", "{\"typ\":\"JWT\",")]),
    bad(Proof, "header-crit", &["R18"], "the member crit in the protected header", &[header("{", "{\"crit\":[],")]),
    bad(Proof, "header-duplicate", &["R4", "R18"], "the member alg twice", &[header("{", "{\"alg\":\"HS512\",")]),
    bad(Proof, "header-array", &["R18"], "the protected header is an array", &[E(Header, Is("[]"))]),
    bad(Proof, "header-empty", &["R18"], "an empty protected header", &[E(Header, Is(""))]),
    bad(Proof, "header-two-objects", &["R3", "R18"], "something behind the protected header", &[E(Header, After("{}"))]),
    bad(Proof, "header-padding", &["R1", "R18"], "padding behind the protected header", &[E(Protected, After("="))]),
    bad(Proof, "kid-missing", &["R18"], "no kid", &[E(Header, Is("{\"alg\":\"HS512\"}"))]),
    bad(Proof, "kid-short", &["R2", "R18"], "a kid without its last character", &[E(Header, By(|_, octets| shortened(octets)))]),
    bad(Proof, "kid-padding", &["R2", "R18"], "a kid with padding", &[header("\"}", "==\"}")]),
    bad(Proof, "kid-of-the-pem", &["R15"], "a kid that hashes the PEM as it is, with its line feeds", &[E(Header, By(|facts, _| kid_of_pem(facts)))]),
    bad(Proof, "signature-first-octet", &["R20"], "one bit of the first octet of the signature", &[E(Signature, Flip(0))]),
    bad(Proof, "signature-last-octet", &["R20"], "one bit of the last octet of the signature", &[E(Signature, FlipEnd(0))]),
    bad(Proof, "signature-empty", &["R20"], "a signature of no octets", &[E(Signature, Octets(b""))]),
    bad(Proof, "signature-short", &["R18"], "the signature without its last octet", &[E(Signature, Cut(1))]),
    bad(Proof, "signature-long", &["R18"], "the signature with a zero octet in front", &[E(Signature, Before("\u{0}"))]),
    bad(Proof, "signature-zero", &["R18"], "a signature that is 0", &[E(Signature, By(|_, octets| vec![0; octets.len()]))]),
    bad(Proof, "signature-one", &["R18"], "a signature that is 1", &[E(Signature, By(|_, octets| one(octets)))]),
    bad(Proof, "signature-n-minus-1", &["R18"], "a signature that is the modulus less 1", &[E(Signature, By(|facts, _| below_modulus(facts)))]),
    bad(Proof, "signature-not-reduced", &["R18"], "all bits of the signature are set", &[E(Signature, By(|_, octets| vec![0xff; octets.len()]))]),
    bad(Proof, "hmac-with-public-key", &["R18"], "an HMAC keyed with the public key, as the name HS512 suggests", &[E(Signature, By(|facts, _| hmac(facts)))]),
    bad(Proof, "input-payload-only", &["R19"], "a signature over the payload alone", &[E(Input, By(|_, octets| after_dot(octets)))]),
    bad(Proof, "input-raw", &["R19"], "a signature over session creation itself", &[E(Input, By(|facts, _| facts.own_creation.clone()))]),
    bad(Proof, "input-without-dot", &["R19"], "a signature over header and payload without the dot", &[E(Input, Swap(".", ""))]),
    bad(Proof, "signs-the-other", &["R29"], "signs the peer's session creation object", &[E(Signed, By(|facts, _| facts.peer_creation.clone()))]),
    bad(Proof, "signs-a-space-more", &["R5", "R29"], "signs session creation with a space behind it", &[E(Signed, After(" "))]),
    bad(Proof, "signs-a-line-feed-more", &["R5", "R29"], "signs session creation with the LF of the carrier", &[E(Signed, After("\n"))]),
    bad(Proof, "signs-other-spelling", &["R5", "R29"], "signs session creation in another spelling", &[E(Signed, Swap("\"g\":2", "\"g\": 2"))]),
    bad(Proof, "signs-other-version", &["R29"], "signs session creation with another version", &[E(Signed, Swap("0.12.0", "0.12.1"))]),
    bad(Proof, "signs-nothing", &["R17"], "signs no octets", &[E(Signed, Octets(b""))]),
    bad(Proof, "signs-a-message", &["R29"], "signs a message", &[E(Signed, Is("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"message\"]},\"message\":\"x\"}"))]),
    bad(Proof, "payload-padding", &["R1", "R17"], "padding behind the payload", &[E(Payload, After("="))]),
    bad(Proof, "payload-line-feed", &["R1", "R17"], "an escaped line feed behind the payload", &[E(Payload, After("\\n"))]),
    bad(Proof, "identifier-of-raw-json", &["R17"], "an identifier that hashes the octets, not the payload", &[E(Identifier, By(|facts, _| b64url::encode(&sha512(&facts.own_creation)).into_bytes()))]),
    bad(Proof, "identifier-other", &["R17"], "an identifier of something else", &[E(Identifier, Is("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))]),
    bad(Proof, "identifier-empty", &["R2", "R17"], "an empty identifier", &[E(Identifier, Is(""))]),
    bad(Proof, "no-signature", &["R20", "R29"], "an empty list of signatures", &[E(Inner, By(|_, octets| entries(octets, 0)))]),
    bad(Proof, "two-signatures", &["R29"], "the same signature twice", &[E(Inner, By(|_, octets| entries(octets, 2)))]),
    bad(Proof, "signature-missing", &["R17"], "an entry without its signature", &[E(Inner, Swap("\"signature\":\"", "\"other\":\""))]),
];

/// The header without the last character of the kid.
fn shortened(octets: &[u8]) -> Vec<u8> {
    let kept = octets.get(..octets.len().saturating_sub(3)).unwrap_or_default();
    [kept, b"\"}"].concat()
}

fn kid_of_pem(facts: &Facts) -> Vec<u8> {
    let pem = facts.tester.key.public().canonical_pem();
    let kid = b64url::encode(&sha512(pem.as_bytes()));
    format!("{{\"alg\":\"HS512\",\"kid\":\"{kid}\"}}").into_bytes()
}

fn one(octets: &[u8]) -> Vec<u8> {
    let mut one = vec![0; octets.len()];
    if let Some(last) = one.last_mut() {
        *last = 1;
    }
    one
}

fn below_modulus(facts: &Facts) -> Vec<u8> {
    let mut modulus = facts.tester.key.public().modulus().to_vec();
    if let Some(last) = modulus.last_mut() {
        // A modulus is odd.
        *last &= 0xfe;
    }
    modulus
}

/// HMAC-SHA-512 (RFC 2104) over session creation with the PEM as the key: the classical confusion.
/// What is signed does not matter: no HMAC is a signature here.
fn hmac(facts: &Facts) -> Vec<u8> {
    let key = sha512(facts.tester.key.public().canonical_pem().as_bytes());
    let mask = |with: u8| -> Vec<u8> {
        (0..128).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = sha512_parts(&[&mask(0x36), &facts.own_creation]);
    sha512_parts(&[&mask(0x5c), &inner]).to_vec()
}

fn after_dot(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().skip_while(|octet| *octet != b'.').skip(1).collect()
}

/// The container with its one entry so many times.
fn entries(octets: &[u8], times: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(octets);
    let (before, rest) = text.split_once("\"signatures\":[").unwrap_or_default();
    let entry = rest.trim_end_matches("]}}");
    let list = vec![entry; times].join(",");
    format!("{before}\"signatures\":[{list}]}}}}").into_bytes()
}
