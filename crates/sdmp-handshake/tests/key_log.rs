//! The key log (see `KeyLog`): with it, everything on the wire opens; without a request, nothing is
//! logged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sdmp_container::closed::Rejection;
use sdmp_container::{Container, CoreSchema, Limits, b64url};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::ContentKey;
use sdmp_envelope::network::Sealed;
use sdmp_handshake::schedule::transcript_1;
use sdmp_handshake::{KeyLog, Profile};
use sdmp_testkit::pair::*;

/// The handshake's name and the secret, by label.
type Entries = BTreeMap<&'static str, ([u8; 32], Vec<u8>)>;

#[derive(Default)]
struct Log(Mutex<Entries>);

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log(redacted)")
    }
}

impl KeyLog for Log {
    fn log(&self, label: &'static str, handshake: &[u8; 32], secret: &[u8]) {
        let before = self.0.lock().unwrap().insert(label, (*handshake, secret.to_vec()));
        assert!(before.is_none(), "one call a secret");
    }
}

impl Log {
    fn key(&self, label: &str) -> ContentKey {
        let entries = self.0.lock().unwrap();
        let secret = &entries[label].1[..];
        match secret.len() {
            64 => ContentKey::authenticated(Secret::new(secret.try_into().unwrap())),
            _ => ContentKey::unauthenticated(Secret::new(secret.try_into().unwrap())),
        }
    }

    fn labels(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().keys().copied().collect()
    }
}

fn open(key: &ContentKey, sequence: u64, object: &str) -> Container {
    let sealed = Sealed::parse(object.as_bytes(), &Limits::DEFAULT).unwrap();
    let text = sealed.open(key, sequence).unwrap();
    Container::parse(text).unwrap()
}

/// A whole session of which both sides keep a log; the logs, and what was on the wire.
fn logged(profile: Profile) -> ([Arc<Log>; 2], Vec<(bool, String)>) {
    let logs = [Arc::new(Log::default()), Arc::new(Log::default())];
    let [ours, theirs] = logs.clone();
    let mut pair = Pair::new(
        config(&alice(), &[&bob()], profile).key_log(ours),
        config(&bob(), &[&alice()], profile).key_log(theirs),
    );
    pair.run();
    for text in ["one", "two"] {
        pair.initiator.send(at(1), &message(text)).unwrap();
        pair.responder.send(at(1), &message(text)).unwrap();
    }
    pair.initiator.close(at(1)).unwrap();
    pair.responder.close(at(1)).unwrap();
    pair.run();
    let name = transcript_1(pair.sent[0].1.as_bytes(), pair.sent[1].1.as_bytes());
    for log in &logs {
        assert!(log.0.lock().unwrap().values().all(|(handshake, _)| handshake[..] == name[..32]));
    }
    (logs, pair.sent)
}

#[test]
fn everything_of_a_hardened_session_opens_with_the_logged_secrets() {
    let (logs, sent) = logged(Profile::Hardened);
    for log in logs {
        let labels = ["AP_I2R", "AP_R2I", "EXPORTER", "HS_I2R", "HS_R2I", "SESSION_ID"];
        assert_eq!(log.labels(), labels);
        let mut numbers = [0, 0];
        let mut opened = Vec::new();
        for (place, (from_initiator, object)) in sent.iter().enumerate().skip(2) {
            let direction = usize::from(!from_initiator);
            // M3 and M4 are under the handshake's keys, all later ones under the traffic keys.
            let handshake = place < 4;
            let label = match (handshake, from_initiator) {
                (true, true) => "HS_I2R",
                (true, false) => "HS_R2I",
                (false, true) => "AP_I2R",
                (false, false) => "AP_R2I",
            };
            let number = if handshake { 0 } else { numbers[direction] };
            let container = open(&log.key(label), number, object);
            numbers[direction] += u64::from(!handshake);
            opened.push(container.schemas()[0].to_string());
        }
        let signatures = opened.iter().filter(|schema| *schema == "signature").count();
        let messages = opened.iter().filter(|schema| *schema == "message").count();
        let receipts = opened.iter().filter(|schema| *schema == "receipt").count();
        assert_eq!((signatures, messages, receipts), (4, 4, 2), "{opened:?}");
    }
}

#[test]
fn everything_of_a_published_session_opens_with_the_one_key() {
    let (logs, sent) = logged(Profile::Published);
    for log in logs {
        assert_eq!(log.labels(), ["PUBLISHED_K"]);
        for (place, (_, object)) in sent.iter().enumerate().skip(2) {
            let container = open(&log.key("PUBLISHED_K"), 0, object);
            let schema = if place < 4 { CoreSchema::Signature } else { CoreSchema::Message };
            assert!(container.lists(schema));
        }
        assert_eq!(sent.len(), 8);
    }
}

#[test]
fn refusals_open_too() {
    let log = Arc::new(Log::default());
    let mut pair = Pair::new(
        config(&mallory(), &[&bob()], Profile::Hardened),
        config(&bob(), &[&alice()], Profile::Hardened).key_log(log.clone()),
    );
    pair.run();
    // No traffic keys: the handshake never came so far.
    assert_eq!(log.labels(), ["HS_I2R", "HS_R2I"]);
    for (sequence, (_, object)) in (0..2).zip(&pair.sent[3..]) {
        let container = open(&log.key("HS_R2I"), sequence, object);
        assert_eq!(container.text(), Rejection::NOT_FOUND);
    }
}

#[test]
fn a_connection_shows_none_of_its_secrets() {
    for profile in [Profile::Hardened, Profile::Published] {
        let log = Arc::new(Log::default());
        let own = config(&alice(), &[&bob()], profile).key_log(log.clone());
        let mut pair = Pair::new(own, config(&bob(), &[&alice()], profile));
        let mut shown = vec![format!("{:?}", pair.initiator)];
        pair.run_with(|_, object| vec![object]);
        shown.push(format!("{:#?} {:?}", pair.initiator, pair.responder));
        let shown = shown.join("\n").replace(['\n', ' '], "");
        for (label, (_, secret)) in log.0.lock().unwrap().iter() {
            // The session id is a public name (R44).
            if *label != "SESSION_ID" {
                let start = &secret[..4];
                let lists = [format!("{start:?}"), format!("{start:x?}"), format!("{start:02x?}")];
                for list in lists.map(|list| list.replace(['[', ']', ' '], "")) {
                    assert!(!shown.contains(&list), "{label}");
                    assert!(!shown.contains(&list.replace(',', "")), "{label}");
                }
                assert!(!shown.contains(&b64url::encode(&secret[..6])), "{label}");
            }
        }
    }
}
