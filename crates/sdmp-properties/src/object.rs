//! Properties of containers and of what is in them.

use crate::machine::{damage, node};
use arbitrary::Unstructured;
use sdmp_container::closed::{EncryptedObject, HandshakeSignature, Rejection, SessionCreation};
use sdmp_container::{Container, CoreSchema, Limits, Message, kind};
use sdmp_envelope::{Identity, signature as envelope};
use std::sync::OnceLock;

/// R5, R7: an accepted container keeps its octets, and parses again to the same header.
pub fn container(octets: &[u8]) {
    let Ok(parsed) = Container::parse(octets) else { return };
    assert_eq!(parsed.as_bytes(), octets, "the received octets are kept");
    assert!(!parsed.schemas().is_empty());
    let again = Container::parse(parsed.as_bytes());
    assert!(again.is_ok_and(
        |again| again.version() == parsed.version() && again.schemas() == parsed.schemas()
    ));
    // Whatever the verdict, checking every listed schema must come to an end.
    drop(parsed.check_core());
}

/// R3, R9: a typed object that is read is written as a container that says the same and keeps the
/// schema; one whose schema is not listed is not read.
pub fn typed(octets: &[u8]) {
    let Ok(parsed) = Container::parse(octets) else { return };
    for schema in CoreSchema::ALL {
        match kind::rewrite(&parsed, schema) {
            Ok(text) => {
                assert!(parsed.lists(schema), "read an object whose schema is not listed");
                assert_eq!(kind::check(&parsed, schema), Ok(()));
                let limits = Limits { octets: usize::MAX, ..Limits::DEFAULT };
                let written =
                    Container::parse_within(text.as_str(), &limits).expect("it is a container");
                assert_eq!(written.check_core(), Ok(()));
                assert_eq!(
                    kind::rewrite(&written, schema).as_ref(),
                    Ok(&text),
                    "writing changed the object"
                );
            }
            Err(_) => {
                assert!(!parsed.lists(schema) || kind::check(&parsed, schema).is_err());
            }
        }
    }
    if let Ok(identity) = Identity::from_container(&parsed) {
        assert!(kind::check(&parsed, CoreSchema::Identity).is_ok());
        assert_eq!(identity.as_bytes(), octets, "an identity is its octets");
    }
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

/// R17 to R20: however a genuine signature container is damaged, what verifies is what was signed,
/// by who signed it.
pub fn signature(octets: &[u8]) {
    static GENUINE: OnceLock<(String, String)> = OnceLock::new();
    let (payload, genuine) = GENUINE.get_or_init(|| {
        let payload = Message::new("this was signed").to_text();
        let container = Container::parse(payload.as_str()).expect("its own text");
        let signers = [node("alice"), node("bob")];
        let signers = [&signers[0], &signers[1]];
        let text = envelope::sign(&container, &signers, node::wall()).expect("both may sign");
        (payload, text.text().to_owned())
    });
    let mut input = Unstructured::new(octets);
    let damaged = damage::apply(&mut input, genuine.as_bytes());
    let Ok(container) = Container::parse(damaged) else { return };
    let known = ["alice", "bob", "mallory"].map(|name| node(name).identity().clone());
    let directory = |kid: &_| known.iter().find(|known| known.fingerprint() == kid).cloned();
    if let Ok(verified) = envelope::verify(&container, &directory, node::wall()) {
        assert_eq!(verified.container.text(), payload, "other octets than the signed ones");
        let [alice, bob, _] = &known;
        assert!(!verified.signers.is_empty());
        for signer in &verified.signers {
            assert!([alice, bob].iter().any(|known| known.fingerprint() == signer.fingerprint()));
        }
    }
}
