//! FIN (R31): only the expected octets, signed by the peer of M3 or M4 under the right number of the
//! right key, confirm a handshake. Here an insider has the traffic keys and a trusted identity, so
//! that nothing but the comparison prevents it.

use std::sync::{Arc, Mutex};

use sdmp_container::closed::Rejection;
use sdmp_container::{Limits, b64url};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::network::{Sealed, seal};
use sdmp_envelope::signature::reserved::sign_octets;
use sdmp_envelope::{ContentKey, LocalIdentity};
use sdmp_handshake::{KeyLog, Profile};
use sdmp_testkit::pair::*;

/// The two traffic keys of one handshake: from the initiator, and to it.
#[derive(Debug, Default)]
struct Traffic([Mutex<Option<[u8; 64]>>; 2]);

impl KeyLog for Traffic {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        for (slot, name) in self.0.iter().zip(["AP_I2R", "AP_R2I"]) {
            if label == name {
                *slot.lock().unwrap() = secret.try_into().ok();
            }
        }
    }
}

impl Traffic {
    fn key(&self, from_initiator: bool) -> ContentKey {
        let octets = self.0[usize::from(!from_initiator)].lock().unwrap().unwrap();
        ContentKey::authenticated(Secret::new(octets))
    }
}

/// What an insider sends in place of a FIN: made of the text that the right one signs and of M1.
type Make = fn(signer: &LocalIdentity, right: &str, m1: &str) -> String;

fn signed(signer: &LocalIdentity, text: &str) -> String {
    sign_octets(text.as_bytes(), &[signer], wall()).unwrap()
}

fn other_role(text: &str) -> String {
    if text.contains("initiator") {
        text.replace("initiator", "responder")
    } else {
        text.replace("responder", "initiator")
    }
}

const WRONG: [(&str, Make, &str); 13] = [
    ("the other role", |s, text, _| signed(s, &other_role(text)), "misbehaved.confirmation"),
    (
        "a close",
        |s, text, _| signed(s, &text.replace(" fin ", " close ")),
        "misbehaved.confirmation",
    ),
    (
        "another transcript",
        |s, text, _| {
            let (before, hash) = text.rsplit_once(' ').unwrap();
            let other = if hash.starts_with('A') { "B" } else { "A" };
            signed(s, &format!("{before} {other}{}", hash.get(1..).unwrap()))
        },
        "misbehaved.confirmation",
    ),
    (
        "two spaces",
        |s, text, _| signed(s, &text.replace(" fin ", "  fin ")),
        "misbehaved.confirmation",
    ),
    (
        "another patch number",
        |s, text, _| signed(s, &text.replace("0.12.0", "0.12.1")),
        "misbehaved.confirmation",
    ),
    (
        "white space around the members",
        |s, text, _| signed(s, &text.replace(",\"receipt\":", ", \"receipt\": ")),
        "misbehaved.confirmation",
    ),
    (
        "the members in another order",
        |s, text, _| {
            let (header, receipt) = text.split_once(",\"receipt\"").unwrap();
            let receipt = receipt.strip_suffix('}').unwrap();
            signed(s, &format!("{{\"receipt\"{receipt},{}}}", header.strip_prefix('{').unwrap()))
        },
        "misbehaved.confirmation",
    ),
    ("M3 once more", |s, _, m1| signed(s, m1), "misbehaved.confirmation"),
    (
        "by another trusted identity",
        |_, text, _| signed(&mallory(), text),
        "misbehaved.confirmation",
    ),
    (
        "the signature of another identity",
        |s, text, _| {
            let (right, other) = (signed(s, text), signed(&mallory(), text));
            right.replace(member(&right, "signature"), member(&other, "signature"))
        },
        "signature.bad_signature",
    ),
    (
        "two signatures",
        |s, text, _| sign_octets(text.as_bytes(), &[s, &mallory()], wall()).unwrap(),
        "closed.signatures",
    ),
    ("without a signature", |_, text, _| text.to_owned(), "closed.schemas"),
    ("a message", |s, _, _| signed(s, message("hello").text()), "misbehaved.confirmation"),
];

/// A handshake in which the FIN of one side is replaced.
fn with_fin(of_initiator: bool, make: Make) -> Pair {
    let keys = Arc::new(Traffic::default());
    let trusting = |own, peer| config(own, &[peer, &mallory()], Profile::Hardened);
    let mut pair =
        Pair::new(trusting(&alice(), &bob()).key_log(keys.clone()), trusting(&bob(), &alice()));
    let signer = if of_initiator { alice() } else { bob() };
    let (mut number, mut m1) = (0, String::new());
    pair.run_with(|from_initiator, object| {
        if m1.is_empty() {
            m1.clone_from(&object);
        }
        number += usize::from(from_initiator == of_initiator);
        if from_initiator != of_initiator || number != 3 {
            return vec![object];
        }
        let fin = Sealed::parse(object.as_bytes(), &Limits::DEFAULT).unwrap();
        let plaintext = fin.open(&keys.key(of_initiator), 0).unwrap();
        let plaintext = String::from_utf8(plaintext).unwrap();
        let right = b64url::decode(member(&plaintext, "payload")).unwrap();
        let text = make(&signer, &String::from_utf8(right).unwrap(), &m1);
        vec![seal(&keys.key(of_initiator), &[4; 16], 0, text.as_bytes()).unwrap()]
    });
    pair
}

#[test]
fn the_right_fin_made_by_hand_is_accepted() {
    for of_initiator in [true, false] {
        let pair = with_fin(of_initiator, |signer, text, _| signed(signer, text));
        assert!(accepted(&pair.initiator_events) && accepted(&pair.responder_events));
    }
}

#[test]
fn r31_a_fin_of_the_responder_that_is_not_the_expected_one_is_refused() {
    for (name, make, code) in WRONG {
        let pair = with_fin(false, make);
        assert!(!accepted(&pair.initiator_events) && !accepted(&pair.responder_events), "{name}");
        assert_eq!(failure(&pair.initiator_events), Some(code), "{name}");
        // One refusal under the handshake's key, whatever the cause (R37).
        assert_eq!(failure(&pair.responder_events), Some("rejected.sealed"), "{name}");
    }
}

#[test]
fn r31_a_fin_of_the_initiator_that_is_not_the_expected_one_is_refused() {
    for (name, make, code) in WRONG {
        let pair = with_fin(true, make);
        assert!(!accepted(&pair.responder_events), "{name}");
        assert_eq!(failure(&pair.responder_events), Some(code), "{name}");
        // It is not answered (R37): M2, M4 and FIN_R were all.
        let sent = pair.sent.iter().filter(|(from_initiator, _)| !from_initiator).count();
        assert_eq!(sent, 3, "{name}");
    }
}

#[test]
fn r38_a_refusal_under_the_traffic_key_is_one_as_well() {
    for of_initiator in [true, false] {
        let pair = with_fin(of_initiator, |_, _, _| Rejection::NOT_FOUND.to_owned());
        let side = if of_initiator { &pair.responder_events } else { &pair.initiator_events };
        assert_eq!(failure(side), Some("rejected.sealed"));
    }
}

#[test]
fn r31_without_fin_nothing_is_accepted() {
    for cut in [true, false] {
        let mut pair = Pair::trusting(Profile::Hardened);
        let mut number = 0;
        pair.run_with(|from_initiator, object| {
            number += usize::from(from_initiator);
            if from_initiator && number == 3 { vec![] } else { vec![object] }
        });
        if cut {
            pair.responder.handle_eof(at(1));
        } else {
            pair.responder.handle_timeout(at(10));
        }
        pair.run();
        assert!(!accepted(&pair.responder_events));
        let expected = if cut { "truncated" } else { "timeout.handshake" };
        assert_eq!(failure(&pair.responder_events), Some(expected));
    }
}
