//! The reader against input that somebody made to break it: whatever comes, it ends in a story.

use proptest::prelude::*;
use sdmp_container::Timestamp;
use sdmp_crypto::dh::{Group, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::schedule::transcript_1;
use sdmp_handshake::{KeyLog as _, Role};

use crate::input::{recording, stream};
use crate::key_log::SessionKeys;
use crate::known::KnownIdentities;
use crate::render::{html, json, text};
use crate::report::{Outcome, Report};
use crate::transcript::Transcript;
use crate::{container, session};

const MESSAGE: &str = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"<b>&"}"#;

fn now() -> Timestamp {
    "2026-01-01T00:00:00.000Z".parse().unwrap()
}

fn creation() -> String {
    let group = Group::named(NamedGroup::Ffdhe2048);
    let half = group.ephemeral(&mut SystemRandom::new()).unwrap();
    let (p, n) = (group.p().to_vec(), half.public().to_vec());
    sdmp_container::closed::SessionCreation { g: 2, p, n }.to_text()
}

/// A recording of a session without signatures, and its secrets.
fn session() -> (String, SessionKeys) {
    let (m1, m2) = (creation(), creation());
    let t1 = transcript_1(m1.as_bytes(), m2.as_bytes());
    let secrets = SessionKeys::default();
    let mut objects = vec![("initiator", m1), ("responder", m2)];
    let mut seal = |label, from, secret: u8, number| {
        let secret = [secret; 64];
        secrets.log(label, t1.first_chunk().unwrap(), &secret);
        let key = ContentKey::authenticated(Secret::new(secret));
        let text = network::seal(&key, &[number; 16], u64::from(number), MESSAGE.as_bytes());
        objects.push((from, text.unwrap()));
    };
    seal("HS_I2R", "initiator", 1, 0);
    seal("HS_R2I", "responder", 2, 0);
    seal("AP_R2I", "responder", 3, 0);
    seal("AP_I2R", "initiator", 4, 0);
    seal("AP_I2R", "initiator", 4, 1);
    let lines = objects.iter().enumerate().map(|(ms, (from, text))| {
        let wire = serde_json::Value::from(text.as_str());
        format!(r#"{{"event":"wire","session":"s","ms":{ms},"from":"{from}","wire":{wire}}}"#)
            + "\n"
    });
    (lines.collect(), secrets)
}

/// Everything that is done with an input, in each form of output.
fn tell(captures: &[Transcript], secrets: &SessionKeys) -> Report {
    let known = KnownIdentities::new();
    let told = captures.iter().map(|one| session::inspect(one, secrets, &known, now())).collect();
    let story = Report { input: "recording", sessions: told, notes: Vec::new() };
    let mut out = String::new();
    text::report(&mut out, &story, text::Detail { short: false, fields: true });
    assert!(out.contains("checks:"));
    assert!(serde_json::from_str::<serde_json::Value>(&json::report(&story)).is_ok());
    assert!(html::page(&story).ends_with("</html>\n"));
    story
}

#[test]
fn the_session_that_is_broken_below_is_whole_here() {
    let (recording, secrets) = session();
    let (captures, notes) = recording::read(recording.as_bytes());
    assert!(notes.is_empty());
    let story = tell(&captures, &secrets);
    let opened = story.steps().filter(|step| step.layers.len() == 1).count();
    assert_eq!(opened, 7, "each has one layer: nothing in it is signed");
    assert!(story.count(Outcome::Fails) > 0, "a message is no M3");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Octets replaced, cut out and repeated, lines exchanged.
    #[test]
    fn a_damaged_recording_is_told(
        seed in any::<prop::sample::Index>(),
        octets in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        lines in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
    ) {
        let (recording, secrets) = session();
        let mut all: Vec<&str> = recording.lines().collect();
        for (a, b) in &lines {
            let (a, b) = (a.index(all.len()), b.index(all.len()));
            all.swap(a, b);
        }
        all.push(all[seed.index(all.len())]);
        let mut damaged = all.join("\n").into_bytes();
        for (place, octet) in &octets {
            let place = place.index(damaged.len());
            damaged[place] = *octet;
        }
        damaged.truncate(damaged.len() - cut.index(damaged.len() / 4));
        let (captures, _) = recording::read(&damaged);
        tell(&captures, &secrets);
        tell(&stream::read(&damaged, None), &secrets);
    }

    #[test]
    fn any_octets_are_told(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        let secrets = SessionKeys::parse(&octets).0;
        tell(&recording::read(&octets).0, &secrets);
        for from in [None, Some(Role::Responder)] {
            tell(&stream::read(&octets, from), &secrets);
        }
        container::inspect(&octets, &KnownIdentities::new(), now(), None);
    }

    /// Texts that look like containers, nested in each other.
    #[test]
    fn any_container_is_told(
        schema in prop::sample::select(vec!["signature", "encrypted", "identity", "shared_key", "message", "private_key"]),
        depth in 0_usize..12,
        text in ".{0,40}",
    ) {
        let mut inner = MESSAGE.to_owned();
        for _ in 0..depth {
            let payload = sdmp_container::b64url::encode(inner.as_bytes());
            let identifier = sdmp_container::b64url::encode(&sdmp_crypto::hash::sha512(payload.as_bytes()));
            let protected = sdmp_container::b64url::encode(text.as_bytes());
            inner = format!(
                r#"{{"sdmp":{{"version":"0.12.0","schemas":["{schema}","signature"]}},"signature":{{"identifier":"{identifier}","payload":"{payload}","signatures":[{{"protected":"{protected}","signature":"AA"}}]}}}}"#
            ).replace("\"signature\",\"signature\"", "\"signature\"");
        }
        let told = container::inspect(inner.as_bytes(), &KnownIdentities::new(), now(), None);
        prop_assert!(!told.steps.is_empty());
    }
}

/// A wrong key log of many sessions must not cost minutes.
#[test]
fn looking_for_keys_is_bounded() {
    let (recording, _) = session();
    let secrets = SessionKeys::default();
    for number in 0_u16..2000 {
        let mut name = [0; 32];
        name[..2].copy_from_slice(&number.to_be_bytes());
        for label in ["HS_I2R", "HS_R2I", "AP_I2R", "AP_R2I"] {
            secrets.log(label, &name, &[9; 64]);
        }
    }
    // Without M1 the session has no name, so each key is tried until the budget is spent.
    let rest: String = recording.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let long = rest.repeat(20);
    let started = std::time::Instant::now();
    tell(&recording::read(long.as_bytes()).0, &secrets);
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}
