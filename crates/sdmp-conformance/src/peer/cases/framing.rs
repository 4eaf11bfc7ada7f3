//! Octets around objects, their pace, time limits, and the end of the stream (R38, R42, R43).

use crate::peer::case::Change::{
    Again, Crowd, Edit as E, End, Mute, Omit, Pause, Pieces, Prelude, Trickle,
};
use crate::peer::case::Edit::{After, Before, By, Cut, Fill, Is, Octets};
use crate::peer::case::Expect::{Dropped, DroppedAfter, Refused};
use crate::peer::case::Layer::{Outer, Wire};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::{Confirmation, Creation, Message, Proof};
use crate::peer::case::{Case, bad, good};

const SIXTEEN: &str = " \t\r\n \t\r\n \t\r\n \t\r\n";
const SEVENTEEN: &str = " \t\r\n \t\r\n \t\r\n \t\r\n ";

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    good(Creation, "one-octet-at-a-time", &["R43"], "every octet of the session in a piece of its own", &[Pieces(1)]),
    good(Creation, "seven-octets-at-a-time", &["R43"], "the session in pieces of seven octets", &[Pieces(7)]),
    good(Creation, "pieces-of-4099", &["R43"], "the session in pieces of 4,099 octets", &[Pieces(4099)]),
    good(Creation, "slow-start", &["R42"], "session creation after a second", &[Pause(1000)]),
    good(Creation, "no-lf", &["R43"], "no LF after session creation", &[E(Wire, Cut(1))]),
    good(Creation, "crlf", &["R43"], "CR and LF after session creation", &[E(Wire, Cut(1)), E(Wire, After("\r\n"))]),
    good(Creation, "sixteen-white-space", &["R43"], "16 octets of white space first", &[E(Wire, Before(SIXTEEN))]),
    good(Creation, "sixteen-white-space-after", &["R43"], "16 octets of white space before the next object, the LF included", &[E(Wire, After("               "))]),
    bad(Creation, "seventeen-white-space", &["R43"], "17 octets of white space first", &[E(Wire, Before(SEVENTEEN))]),
    bad(Creation, "form-feed", &["R43"], "a form feed first, which is no white space in JSON", &[E(Wire, Before("\u{c}"))]),
    bad(Creation, "seventeen-white-space-after", &["R43"], "LF and 16 octets of white space, which count against the next object", &[E(Wire, After("                "))]).expect(Refused(Proof)),
    bad(Creation, "octets-after", &["R38", "R43"], "an x behind session creation, which counts against the next object", &[E(Wire, After("x"))]).expect(Refused(Proof)),
    bad(Creation, "twice", &["R38"], "session creation twice: the second is a malformed signature", &[Again]).expect(Refused(Proof)),
    bad(Creation, "byte-order-mark", &["R3"], "a byte order mark in front", &[E(Outer, Before("\u{feff}"))]),
    bad(Creation, "http", &["R43"], "an HTTP request", &[E(Wire, Is("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))]),
    bad(Creation, "tls", &["R43"], "the start of a TLS ClientHello", &[E(Wire, Octets(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))]),
    bad(Creation, "zero-octets", &["R43"], "octets of zero", &[E(Wire, Octets(&[0; 32]))]),
    bad(Creation, "array", &["R3"], "an array at the top", &[E(Wire, Is("[]\n"))]),
    bad(Creation, "length-prefix", &["R43"], "four octets of length in front", &[E(Wire, Before("\u{0}\u{0}\u{3}\u{11}"))]),
    good(Creation, "as-long-as-allowed", &["R42"], "4,096 octets of text", &[E(Outer, Fill(4096))]),
    bad(Creation, "too-long", &["R42"], "4,097 octets of text", &[E(Outer, Fill(4097))]),
    bad(Creation, "endless", &["R42"], "a string of 64 KiB without an end", &[E(Wire, By(|_, _| endless(64 << 10)))]),
    bad(Creation, "end-at-once", &["R39"], "the end of the stream instead of session creation", &[End]).expect(Dropped),
    bad(Creation, "silence", &["R42"], "nothing at all: the time limit for the first message", &[Mute]).only(Initiator).expect(DroppedAfter(4000, 9000)),
    bad(Creation, "silence", &["R42"], "nothing at all: the time limit of the handshake", &[Mute]).only(Responder).expect(DroppedAfter(8500, 15_000)),
    bad(Creation, "trickle", &["R42"], "an octet every 50 ms: too slow for the first message", &[Trickle(50)]).only(Initiator).expect(DroppedAfter(4000, 9000)),
    bad(Creation, "crowd", &["R42"], "17 silent connections from one address: one more than may be half open", &[Crowd(17)]).only(Initiator).expect(Dropped),
    good(Creation, "after-a-refusal", &["R38", "R39"], "an honest session after a connection that was refused", &[Prelude("{}\n")]).only(Initiator),
    good(Creation, "after-a-forged-rejection", &["R38"], "an honest session after a connection that began with a rejection", &[Prelude("{\"sdmp\":{\"version\":\"0.12.0\",\"schemas\":[\"response\"]},\"response\":{\"status\":\"bad_request\",\"identifier\":\"\"}}\n")]).only(Initiator),

    good(Proof, "no-lf", &["R43"], "no LF after the object", &[E(Wire, Cut(1))]),
    good(Proof, "white-space-first", &["R43"], "15 octets of white space first, 16 with the last LF", &[E(Wire, Before("\r\n\r\n\r\n\r\n\r\n\r\n\r\n "))]),
    bad(Proof, "too-much-white-space", &["R43"], "16 octets of white space first, 17 with the last LF", &[E(Wire, Before(SIXTEEN))]),
    bad(Proof, "octets-before", &["R43"], "an x in front", &[E(Wire, Before("x"))]),
    good(Proof, "late", &["R42"], "two seconds later", &[Pause(2000)]),
    bad(Proof, "silence", &["R42"], "nothing: the time limit of the handshake", &[Mute]).hardened().expect(DroppedAfter(8500, 15_000)),
    bad(Proof, "end", &["R39"], "the end of the stream instead", &[End]).expect(Dropped),
    good(Proof, "as-long-as-allowed", &["R42"], "12,288 octets of text", &[E(Outer, Fill(12_288))]),
    bad(Proof, "too-long", &["R42"], "12,289 octets of text", &[E(Outer, Fill(12_289))]),
    bad(Proof, "endless", &["R42"], "a string of 64 KiB without an end", &[E(Wire, By(|_, _| endless(64 << 10)))]),

    good(Confirmation, "no-lf", &["R43"], "no LF after the object", &[E(Wire, Cut(1))]),
    good(Confirmation, "late", &["R42"], "a second later", &[Pause(1000)]),
    bad(Confirmation, "end", &["R39"], "the end of the stream instead", &[End]).expect(Dropped),
    bad(Confirmation, "silence", &["R42"], "nothing: the time limit of the handshake", &[Mute]).expect(DroppedAfter(8500, 15_000)),
    bad(Confirmation, "left-out", &["R31"], "traffic without a confirmation before it", &[Omit]).only(Initiator),

    good(Message, "no-lf", &["R43"], "no LF after the object", &[E(Wire, Cut(1))]),
    good(Message, "white-space-first", &["R43"], "15 octets of white space first, 16 with the last LF", &[E(Wire, Before("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"))]),
    bad(Message, "too-much-white-space", &["R43"], "17 octets of white space first", &[E(Wire, Before(SEVENTEEN))]),
    bad(Message, "octets", &["R43"], "octets that are no object", &[E(Wire, Octets(b"\xff\xfe\xfd\xfc"))]),
];

/// The start of an object whose string does not end.
fn endless(length: usize) -> Vec<u8> {
    let mut octets = br#"{"sdmp":""#.to_vec();
    octets.resize(length, b'a');
    octets
}
