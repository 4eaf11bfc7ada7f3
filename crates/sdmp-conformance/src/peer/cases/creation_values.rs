//! What session creation proposes: p, g and N (R1, R23, R25, R26, R28).

use crate::peer::case::Change::{Echo, Edit as E, Group, ShortValue};
use crate::peer::case::Edit::{By, Flip, FlipEnd, Is, Octets, Swap};
use crate::peer::case::Layer::{Generator, Outer, Prime, Value};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::Creation;
use crate::peer::case::{Case, Change, bad, good};
use crate::peer::draft::Facts;
use sdmp_crypto::dh::NamedGroup::{
    Ffdhe3072, Ffdhe4096, Ffdhe6144, Ffdhe8192, Modp14, Modp15, Modp16, Modp18,
};

const fn text(from: &'static str, to: &'static str) -> Change {
    E(Outer, Swap(from, to))
}

const fn g(text: &'static str) -> Change {
    E(Generator, Is(text))
}

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Creation, "g-0", &["R23"], "g is 0", &[g("0")]),
    bad(Creation, "g-1", &["R23"], "g is 1", &[g("1")]),
    bad(Creation, "g-3", &["R23"], "g is 3", &[g("3")]),
    bad(Creation, "g-negative", &["R23"], "g is -2", &[g("-2")]),
    bad(Creation, "g-huge", &["R4", "R23"], "g has 40 digits", &[g("2222222222222222222222222222222222222222")]),
    bad(Creation, "g-text", &["R4"], "g is a string", &[g("\"2\"")]),
    bad(Creation, "g-fraction", &["R4"], "g is 2.0", &[g("2.0")]),
    bad(Creation, "g-exponent", &["R4"], "g is 2e0", &[g("2e0")]),
    bad(Creation, "g-infinite", &["R4"], "g is 1e999", &[g("1e999")]),
    bad(Creation, "g-leading-zero", &["R4"], "g is 02", &[g("02")]),
    bad(Creation, "g-nan", &["R4"], "g is NaN", &[g("NaN")]),
    bad(Creation, "g-null", &["R27"], "g is null", &[g("null")]),
    bad(Creation, "g-nested", &["R42"], "g is nested deeper than closed objects may be", &[g("[[[[2]]]]")]),
    bad(Creation, "g-missing", &["R27"], "no g", &[text("\"g\":2,", "")]),
    bad(Creation, "p-even", &["R23"], "p is even", &[E(Prime, FlipEnd(0))]),
    bad(Creation, "p-unknown", &["R23"], "one bit of p is another", &[E(Prime, Flip(100))]),
    bad(Creation, "p-leading-zero", &["R25"], "p with a zero octet in front", &[E(Prime, By(|_, octets| [&[0], octets].concat()))]),
    bad(Creation, "p-empty", &["R23"], "p has no octets", &[E(Prime, Octets(b""))]),
    bad(Creation, "p-1024-bits", &["R23"], "p has 1,024 bits", &[E(Prime, By(|_, octets| octets.iter().copied().take(128).collect()))]),
    bad(Creation, "p-16384-bits", &["R23"], "p has 16,384 bits", &[E(Prime, By(|_, octets| octets.iter().copied().cycle().take(2048).collect()))]),
    bad(Creation, "p-number", &["R27"], "p is a number", &[E(Outer, By(|_, octets| number(octets)))]),
    bad(Creation, "p-standard-alphabet", &["R1"], "a plus sign in the base64url of p", &[text("\"p\":\"", "\"p\":\"+")]),
    bad(Creation, "p-white-space", &["R1"], "a space in the base64url of p", &[text("\"p\":\"", "\"p\":\" ")]),
    bad(Creation, "p-padding", &["R1"], "padding behind the base64url of p", &[text("\",\"N\"", "==\",\"N\"")]),
    bad(Creation, "p-missing", &["R27"], "another name for p", &[text("\"p\":", "\"P\":")]),
    bad(Creation, "group-6144", &["R23"], "ffdhe6144: larger than the default policy accepts", &[Group(Ffdhe6144)]).only(Initiator),
    bad(Creation, "group-8192", &["R23"], "ffdhe8192: larger than the default policy accepts", &[Group(Ffdhe8192)]).only(Initiator),
    bad(Creation, "group-modp18", &["R23"], "modp18: larger than the default policy accepts", &[Group(Modp18)]).only(Initiator),
    good(Creation, "group-ffdhe3072", &["R23"], "the group ffdhe3072", &[Group(Ffdhe3072)]).only(Initiator),
    good(Creation, "group-ffdhe4096", &["R23"], "the group ffdhe4096", &[Group(Ffdhe4096)]).only(Initiator),
    good(Creation, "group-modp14", &["R23"], "the group modp14", &[Group(Modp14)]).only(Initiator),
    good(Creation, "group-modp15", &["R23"], "the group modp15", &[Group(Modp15)]).only(Initiator),
    good(Creation, "group-modp16", &["R23"], "the group modp16", &[Group(Modp16)]).only(Initiator),
    bad(Creation, "another-group", &["R28"], "a named group, but not the one that M1 offers", &[Group(Modp16)]).only(Responder),
    bad(Creation, "echo", &["R25"], "the peer's own M1", &[Echo]).only(Responder),
    bad(Creation, "n-0", &["R25"], "N is 0", &[E(Value, Octets(&[0]))]),
    bad(Creation, "n-1", &["R25"], "N is 1", &[E(Value, Octets(&[1]))]),
    bad(Creation, "n-1-padded", &["R25"], "N is 1, as long as p", &[E(Value, By(|facts, _| small(facts, 1)))]),
    bad(Creation, "n-0-padded", &["R25"], "N is 0, as long as p", &[E(Value, By(|facts, _| small(facts, 0)))]),
    bad(Creation, "n-empty", &["R25"], "N has no octets", &[E(Value, Octets(b""))]),
    bad(Creation, "n-p-minus-1", &["R25"], "N is p-1", &[E(Value, By(|facts, _| beside(facts, -1)))]),
    bad(Creation, "n-p", &["R25"], "N is p", &[E(Value, By(|facts, _| beside(facts, 0)))]),
    bad(Creation, "n-above-p", &["R25"], "all bits of N are set", &[E(Value, By(|facts, _| vec![0xff; facts.group.prime_len()]))]),
    bad(Creation, "n-longer-than-p", &["R25"], "N with a zero octet in front: longer than p", &[E(Value, By(|_, octets| [&[0], octets].concat()))]),
    bad(Creation, "n-text", &["R1"], "a character outside the alphabet in N", &[text("\"N\":\"", "\"N\":\"*")]),
    bad(Creation, "n-padding", &["R1"], "padding behind N", &[text("\"}}", "==\"}}")]),
    bad(Creation, "n-impossible-length", &["R1"], "the base64url of N has an impossible length", &[E(Value, Octets(&[2, 2, 2])), text("\"}}", "A\"}}")]),
    bad(Creation, "n-trailing-bits", &["R1"], "N of one octet, with bits behind it that are not zero", &[E(Value, Octets(b"")), text("\"N\":\"", "\"N\":\"Bh")]),
    bad(Creation, "n-lower-case", &["R27"], "another name for N", &[text("\"N\":", "\"n\":")]),
    good(Creation, "n-short", &["R25"], "N without the zero octet that it begins with", &[ShortValue]).only(Initiator),
];

/// A number below 256, as long as p.
fn small(facts: &Facts, number: u8) -> Vec<u8> {
    let mut octets = vec![0; facts.group.prime_len()];
    if let Some(last) = octets.last_mut() {
        *last = number;
    }
    octets
}

/// The text with 23 in place of the string p.
fn number(octets: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(octets);
    let (before, rest) = text.split_once("\"p\":\"").unwrap_or_default();
    let (_, after) = rest.split_once('"').unwrap_or_default();
    format!("{before}\"p\":23{after}").into_bytes()
}

/// p, or p-1: p is odd.
fn beside(facts: &Facts, difference: i8) -> Vec<u8> {
    let mut octets = facts.group.p().to_vec();
    if let Some(last) = octets.last_mut() {
        *last = last.saturating_add_signed(difference);
    }
    octets
}
