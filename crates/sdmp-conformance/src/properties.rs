//! What must hold for any octets whatever: the bodies of the fuzz targets in `fuzz/`, and, on their
//! committed seeds, ordinary tests. A property that does not hold panics.

use crate::keys;
use sdmp_container::closed::{EncryptedObject, HandshakeSignature, Rejection, SessionCreation};
use sdmp_container::{Container, Limits, ResourceUri, Timestamp, b64url, strict};
use sdmp_crypto::rsa::{PrivateKey, PublicKey};
use sdmp_handshake::Deframer;

/// A property by the name of its fuzz target.
pub type Property = (&'static str, fn(&[u8]));

/// All properties; `fuzz/fuzz_targets` has a file for each.
pub const ALL: [Property; 9] = [
    ("base64url", base64url),
    ("closed", closed),
    ("container", container),
    ("deframer", deframer),
    ("handshake", handshake::any_input_is_refused),
    ("json", json),
    ("keys", key_texts),
    ("timestamp", timestamp),
    ("uri", uri),
];

/// R1: each octet string has one text, and each text that is accepted is that one.
pub fn base64url(octets: &[u8]) {
    let text = b64url::encode(octets);
    assert_eq!(b64url::decode(&text).as_deref(), Ok(octets));
    if let Ok(decoded) = b64url::decode(octets) {
        assert_eq!(b64url::encode(&decoded).as_bytes(), octets, "two texts for the same octets");
    }
}

/// R4: what the strict parser accepts, serde_json accepts as an object as well.
pub fn json(octets: &[u8]) {
    if strict::parse(octets, &Limits::DEFAULT).is_ok() {
        let other = serde_json::from_slice::<serde_json::Value>(octets);
        assert!(other.is_ok_and(|value| value.is_object()), "accepted what is no JSON object");
    }
}

/// R5, R7: an accepted container keeps its octets, and parses again to the same header.
pub fn container(octets: &[u8]) {
    let Ok(parsed) = Container::parse(octets, &Limits::DEFAULT) else { return };
    assert_eq!(parsed.octets(), octets, "the received octets are kept");
    assert!(!parsed.schemas().is_empty());
    let again = Container::parse(parsed.octets(), &Limits::DEFAULT);
    assert!(again.is_ok_and(
        |again| again.version() == parsed.version() && again.schemas() == parsed.schemas()
    ));
    // Whatever the verdict, checking every listed schema must come to an end.
    drop(parsed.check_core());
}

/// R12, R40: an accepted closed object is no longer accepted with one more member at its root.
pub fn closed(octets: &[u8]) {
    let accepted = |octets: &[u8]| {
        [
            SessionCreation::parse(octets).is_ok(),
            EncryptedObject::parse(octets, &Limits::CLOSED_HANDSHAKE).is_ok(),
            HandshakeSignature::parse(octets).is_ok(),
            Rejection::parse(octets).is_ok(),
        ]
    };
    let verdicts = accepted(octets);
    assert!(verdicts.iter().filter(|accepted| **accepted).count() <= 1, "no object is two at once");
    if verdicts.contains(&true)
        && let Some(end) = octets.iter().rposition(|octet| *octet == b'}')
    {
        let (body, _) = octets.split_at(end);
        let larger = [body, br#","x":1}"#].concat();
        assert!(!accepted(&larger).contains(&true), "an additional member was accepted");
    }
    if let Ok(object) = SessionCreation::parse(octets) {
        assert!(
            SessionCreation::parse(object.to_text().as_bytes())
                .is_ok_and(|again| again.to_text() == object.to_text())
        );
    }
}

/// R6: an accepted timestamp is written as it was read.
pub fn timestamp(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(parsed) = Timestamp::parse(text) {
        assert_eq!(parsed.to_string(), text);
        assert!(parsed.is_expired(parsed), "expired at its own moment");
    }
}

/// R10: an accepted URI is written as it was read, but for the slash after a bare host.
pub fn uri(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(parsed) = text.parse::<ResourceUri>() {
        let written = parsed.to_string();
        assert_eq!(written.trim_end_matches('/'), text.trim_end_matches('/'));
        assert!(written.parse::<ResourceUri>().is_ok_and(|again| again == parsed));
    }
}

/// R14, R15: a key that loads has one canonical text, under which it has the same fingerprint.
pub fn key_texts(octets: &[u8]) {
    let check = |key: &PublicKey| {
        let again = PublicKey::from_pem(key.canonical_pem());
        assert!(again.is_ok_and(|again| again.fingerprint() == key.fingerprint()));
        assert!(key.is_canonical(key.canonical_pem()));
    };
    if let Ok(key) = PublicKey::from_spki_der(octets) {
        check(&key);
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(key) = PublicKey::from_pem(text) {
        check(&key);
    }
    if let Ok(key) = PrivateKey::from_pem(text, None) {
        check(key.public());
    }
}

/// R43: objects do not depend on how the stream was cut.
pub fn deframer(octets: &[u8]) {
    let whole = frames(octets, octets.len().max(1));
    for chunk in [1, 7] {
        assert_eq!(frames(octets, chunk), whole, "chunks of {chunk} octets give other objects");
    }
}

fn frames(octets: &[u8], chunk: usize) -> (Vec<Vec<u8>>, bool) {
    const LIMIT: usize = 4096;
    let mut deframer = Deframer::new();
    let mut found = Vec::new();
    for mut piece in octets.chunks(chunk) {
        while !piece.is_empty() {
            match deframer.next(&mut piece, LIMIT) {
                Ok(Some(object)) => found.push(object),
                Ok(None) => {}
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}

/// Properties of the state machines.
pub mod handshake {
    use super::keys;
    use crate::operation::crypto::Fixed;
    use sdmp_handshake::{Config, Connection, Event, Now};
    use serde_json::json;
    use std::time::Duration;

    /// R30, R39: octets from nobody who holds a trusted key are never accepted, by either side, and
    /// what a side said once it does not take back.
    pub fn any_input_is_refused(octets: &[u8]) {
        for initiates in [true, false] {
            let Some(mut side) = start(initiates) else { continue };
            let mut rest = octets;
            while !rest.is_empty() {
                let taken = side.handle_input(now(), rest);
                drop(side.poll_output());
                let events: Vec<Event> = std::iter::from_fn(|| side.poll_event()).collect();
                assert!(
                    !events
                        .iter()
                        .any(|event| matches!(event, Event::Accepted(_) | Event::Message(_)))
                );
                if taken == 0 {
                    break;
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
            assert!(!side.is_accepted(), "accepted a peer that proved nothing");
        }
    }

    fn now() -> Now {
        let wall = sdmp_container::Timestamp::from_unix_millis(1_893_456_000_000);
        Now { elapsed: Duration::ZERO, wall: wall.unwrap_or(sdmp_container::Timestamp::MIN) }
    }

    fn start(initiates: bool) -> Option<Connection> {
        let local = keys::local(&json!("alice")).ok()?;
        let config = Config::new(local).trust([keys::identity(&json!("bob")).ok()?.0]);
        let random = Box::new(Fixed(vec![0x5a; 512]));
        if initiates {
            Connection::initiate(config, now(), random).ok()
        } else {
            Some(Connection::respond(config, now(), random))
        }
    }
}
