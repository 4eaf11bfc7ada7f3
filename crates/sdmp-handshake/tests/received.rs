//! What an accepted session says of containers that no honest peer sends: the peer is trusted, and
//! seals whatever it likes (R8, R11, R38, R38a, R41, R42).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sdmp_container::ResourceUri;
use sdmp_container::closed::Rejection;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::{Config, Event, ExtensionCheck, KeyLog, Profile};
use sdmp_schema::{MemoryResolver, Validator};
use sdmp_testkit::pair::*;

#[derive(Debug, Default)]
struct Secrets(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, _handshake: &[u8; 32], secret: &[u8]) {
        self.0.lock().unwrap().insert(label, secret.to_vec());
    }
}

impl Secrets {
    /// The initiator's first object after the handshake, with this plaintext.
    fn seal(&self, text: &str) -> String {
        let secrets = self.0.lock().unwrap();
        // Object 0 of the direction was FIN_I.
        let (key, sequence) = match secrets.get("AP_I2R") {
            Some(key) => (ContentKey::authenticated(Secret::new(key[..].try_into().unwrap())), 1),
            None => {
                let key = &secrets["PUBLISHED_K"];
                (ContentKey::unauthenticated(Secret::new(key[..].try_into().unwrap())), 0)
            }
        };
        network::seal(&key, &[9; 16], sequence, text.as_bytes()).unwrap()
    }
}

/// What the responder says when its accepted peer seals this text.
fn received(responder: Config, profile: Profile, text: &str) -> Event {
    let secrets = Arc::new(Secrets::default());
    let log: Arc<dyn KeyLog> = secrets.clone();
    let mut pair = Pair::new(config(&alice(), &[&bob()], profile).key_log(log), responder);
    pair.run();
    assert!(accepted(&pair.responder_events));
    let mut events = Vec::new();
    feed(&mut pair.responder, secrets.seal(text).as_bytes(), &mut events);
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn plain(profile: Profile) -> Config {
    config(&bob(), &[&alice()], profile)
}

fn code(event: &Event) -> &'static str {
    match event {
        Event::Failed(error) => error.code(),
        Event::Message(_) => "message",
        _ => "another event",
    }
}

const RECEIPT: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["receipt"]},"receipt":"RECEIPT"}"#;

#[test]
fn r41_reserved_receipts_end_a_hardened_session_and_are_texts_in_a_published_one() {
    for what in ["sdmp/0.12 close initiator x", "sdmp/0.12 "] {
        let text = RECEIPT.replace("RECEIPT", what);
        let event = received(plain(Profile::Hardened), Profile::Hardened, &text);
        assert_eq!(code(&event), "misbehaved.reserved_receipt", "{what}");
        let event = received(plain(Profile::Published), Profile::Published, &text);
        assert_eq!(code(&event), "message", "{what}");
    }
    let text = RECEIPT.replace("RECEIPT", "sdmp/0.12");
    let event = received(plain(Profile::Hardened), Profile::Hardened, &text);
    assert_eq!(code(&event), "message");
}

#[test]
fn r8_r11_r38_what_is_sealed_is_judged_like_anything_else() {
    for (text, expected) in [
        (
            r#"{"sdmp":{"version":"0.13.0","schemas":["message"]},"message":"x"}"#,
            "misbehaved.version",
        ),
        (Rejection::NOT_FOUND, "rejected"),
    ] {
        for profile in [Profile::Hardened, Profile::Published] {
            let event = received(plain(profile), profile, text);
            assert!(code(&event).starts_with(expected), "{expected}: {}", code(&event));
        }
    }
    for bad in [
        r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":7}"#,
        r#"{"sdmp":{"version":"0.12.0","schemas":["message"]}}"#,
        "{}",
        "no object",
    ] {
        let event = received(plain(Profile::Hardened), Profile::Hardened, bad);
        assert!(!["message", "another event"].contains(&code(&event)), "{bad}");
    }
}

fn extension(event: &Event) -> ExtensionCheck {
    match event {
        Event::Message(received) => received.extension,
        other => panic!("{other:?}"),
    }
}

#[test]
fn r38a_extensions_are_marked_and_do_not_end_the_session() {
    let profile = Profile::Hardened;
    let name = format!("sdmp://{0}/{0}", "A".repeat(86));
    let uri: ResourceUri = name.parse().unwrap();
    let schema = r#"{"properties":{"pet":{"enum":["cat","dog"]}},"required":["pet"]}"#;
    let resolver = Arc::new(MemoryResolver::new().with(&uri, schema));
    let knows = Arc::new(Validator::with_resolver(resolver));
    let text = |pet: &str| {
        format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["{name}"]}},"pet":"{pet}"}}"#)
    };
    let says = |config: Config, text: &str| extension(&received(config, profile, text));

    let core = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"x"}"#;
    assert_eq!(says(plain(profile), core), ExtensionCheck::None);
    assert_eq!(says(plain(profile).validator(Arc::clone(&knows)), core), ExtensionCheck::None);
    assert_eq!(says(plain(profile), &text("cat")), ExtensionCheck::Unresolved);
    assert_eq!(
        says(plain(profile).validator(Arc::clone(&knows)), &text("cat")),
        ExtensionCheck::Valid
    );
    assert_eq!(says(plain(profile).validator(knows), &text("cow")), ExtensionCheck::Invalid);
    let knows_nothing = Arc::new(Validator::new());
    assert_eq!(
        says(plain(profile).validator(knows_nothing), &text("cat")),
        ExtensionCheck::Unresolved
    );
}

#[test]
fn r42_the_limit_of_a_container_is_that_of_the_policy() {
    // The default limit of a container's text is 16 MiB; who allows more gets more.
    let profile = Profile::Hardened;
    let long = "x".repeat(17 << 20);
    let text =
        format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{long}"}}"#);
    let mut generous = policy(profile);
    generous.limits.message_octets = 40 << 20;
    let event = received(plain(profile).with_policy(generous), profile, &text);
    assert_eq!(code(&event), "message");
    let event = received(plain(profile), profile, &text);
    assert_eq!(code(&event), "misbehaved.too_long");
}
