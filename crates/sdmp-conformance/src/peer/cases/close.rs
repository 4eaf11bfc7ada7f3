//! The authenticated close (R41). The stream ends behind it in every case: a peer that does not
//! take what came for the close must see a cut, and must not answer with a close of its own.

use crate::peer::case::Change::{Edit as E, Key, Number, Omit, Pause};
use crate::peer::case::Edit::{After, By, FlipEnd, Swap};
use crate::peer::case::Layer::{Inner, Outer, Sealed};
use crate::peer::case::Side::{Initiator, Responder};
use crate::peer::case::Stage::Close;
use crate::peer::case::Under::Handshake;
use crate::peer::case::{Case, Change, bad, good};
use crate::peer::draft::receipt;

const fn inner(from: &'static str, to: &'static str) -> Change {
    E(Inner, Swap(from, to))
}

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    bad(Close, "left-out", &["R41"], "the end of the stream after a message, without a close", &[Omit]).hardened(),
    bad(Close, "other-role-as-initiator", &["R41"], "the role of the other side", &[inner("initiator", "responder")]).hardened().only(Initiator),
    bad(Close, "other-role-as-responder", &["R41"], "the role of the other side", &[inner("responder", "initiator")]).hardened().only(Responder),
    bad(Close, "of-t1", &["R41"], "the hash T1 instead of T2", &[E(Inner, By(|facts, _| receipt("close", facts.side, &facts.transcripts.0).into_bytes()))]).hardened(),
    bad(Close, "other-spelling", &["R5", "R41"], "the right close with white space in it", &[inner("\"receipt\":", "\"receipt\": ")]).hardened(),
    bad(Close, "space-behind", &["R41"], "the right close with a space behind it", &[E(Inner, After(" "))]).hardened(),
    bad(Close, "extra-inside", &["R41"], "the right close with one more member", &[inner("\"receipt\":", "\"x\":1,\"receipt\":")]).hardened(),
    bad(Close, "other-version", &["R41"], "the right close with version 0.12.1", &[inner("0.12.0", "0.12.1")]).hardened(),
    bad(Close, "fin-instead", &["R41"], "the word fin instead of close", &[inner("close ", "fin ")]).hardened(),
    bad(Close, "tag-flip", &["R35", "R41"], "one bit of the tag", &[E(Sealed, FlipEnd(0))]).hardened(),
    bad(Close, "lost-message", &["R35", "R41"], "the number that follows the next: a message is lost", &[Number(3)]).hardened(),
    bad(Close, "handshake-key", &["R35", "R41"], "sealed with the handshake's key", &[Key(Handshake)]).hardened(),
    bad(Close, "in-plaintext", &["R32", "R41"], "the close in plaintext", &[E(Outer, By(|facts, _| receipt("close", facts.side, &facts.transcripts.1).into_bytes()))]).hardened(),
    good(Close, "late", &["R41"], "a second later", &[Pause(1000)]).hardened(),
];
