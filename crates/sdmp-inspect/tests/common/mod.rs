//! A recorded session without signatures, and everything that is done with a report.

use sdmp_container::Timestamp;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::dh::{Group, NamedGroup};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::KeyLog as _;
use sdmp_handshake::schedule::transcript_1;
use sdmp_inspect::Report;
use sdmp_inspect::key_log::SessionKeys;
use sdmp_inspect::render::{html, json, text};

pub(crate) const MESSAGE: &str =
    r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"<b>&"}"#;

pub(crate) fn now() -> Timestamp {
    "2026-01-01T00:00:00.000Z".parse().unwrap()
}

pub(crate) fn creation() -> String {
    let group = Group::named(NamedGroup::Ffdhe2048);
    let half = group.ephemeral(&mut SystemRandom::new()).unwrap();
    let (p, n) = (group.p().to_vec(), half.public().to_vec());
    SessionCreation { g: 2, p, n }.to_text()
}

/// Seals a message with a key that is made of one octet.
pub(crate) fn sealed(secret: u8, number: u8, text: &str) -> String {
    let key = ContentKey::authenticated(Secret::new([secret; 64]));
    network::seal(&key, &[number; 16], u64::from(number), text.as_bytes()).unwrap()
}

/// One line of a recording.
pub(crate) fn line(session: &str, from: &str, wire: &str) -> String {
    let (session, wire) = (serde_json::Value::from(session), serde_json::Value::from(wire));
    format!(r#"{{"event":"wire","session":{session},"ms":1,"from":"{from}","wire":{wire}}}"#) + "\n"
}

/// A recording of a session, and its secrets.
pub(crate) fn recording() -> (String, SessionKeys) {
    let (m1, m2) = (creation(), creation());
    let t1 = transcript_1(m1.as_bytes(), m2.as_bytes());
    let secrets = SessionKeys::default();
    let mut lines = line("s", "initiator", &m1) + &line("s", "responder", &m2);
    for (label, from, secret, number) in [
        ("HS_I2R", "initiator", 1, 0),
        ("HS_R2I", "responder", 2, 0),
        ("AP_R2I", "responder", 3, 0),
        ("AP_I2R", "initiator", 4, 0),
        ("AP_I2R", "initiator", 4, 1),
    ] {
        secrets.log(label, t1.first_chunk().unwrap(), &[secret; 64]);
        lines += &line("s", from, &sealed(secret, number, MESSAGE));
    }
    (lines, secrets)
}

/// Renders a report in each form, and gives the length of all of them.
pub(crate) fn render(report: &Report) -> usize {
    let mut out = String::new();
    text::report(&mut out, report, text::Detail { short: false, fields: true });
    assert!(out.contains("checks:"));
    let json = json::report(report);
    assert!(json.starts_with('{') && json.ends_with('}'));
    let html = html::page(report);
    assert!(html.ends_with("</html>\n"));
    out.len() + json.len() + html.len()
}
