//! Inspecting hostile files: recordings, captures, streams, containers and key logs.

use sdmp_container::Timestamp;
use sdmp_inspect::escape::is_control;
use sdmp_inspect::key_log::SessionKeys;
use sdmp_inspect::render::{html, json, text};
use sdmp_inspect::{Input, Keys, KnownIdentities, inspect};

/// A key log, a zero octet, and the input; without the zero octet all of it is the input.
///
/// Whatever comes ends in a report; all three forms of output are bounded, and none of them can
/// control a terminal.
pub fn report(octets: &[u8]) {
    let zero = octets.iter().position(|octet| *octet == 0);
    let (log, input) = match zero {
        // A capture begins with its own mark, and has zeros further on.
        Some(at) if octets.starts_with(b"HS_") || octets.starts_with(b"AP_") || at == 0 => {
            let (log, rest) = octets.split_at(at);
            (log, rest.get(1..).unwrap_or_default())
        }
        _ => (&[][..], octets),
    };
    let (secrets, notes) = SessionKeys::parse(log);
    assert!(notes.len() <= 2, "bad lines are counted, not listed");
    let now: Timestamp = "2026-01-01T00:00:00.000Z".parse().expect("a timestamp");
    let keys = Keys::none().with_log(&secrets);
    let report = inspect(&Input::new(input), &keys, &KnownIdentities::new(), now);

    let mut shown = String::new();
    text::report(&mut shown, &report, text::Detail { short: false, fields: true });
    let json = json::report(&report);
    let html = html::page(&report);
    let most =
        (128 << 10) + 64 * input.len() + 16_384 * (report.steps().count() + report.sessions.len());
    for (form, output) in [("text", &shown), ("json", &json), ("html", &html)] {
        assert!(output.len() <= most, "{form}: {} octets of {}", output.len(), input.len());
        let own = |c: char| matches!(c, '\n' | '\t') || form == "text" && c == '\u{1b}';
        assert!(!output.chars().any(|c| is_control(c) && !own(c)), "{form} controls a terminal");
    }
    // The only escapes are colours of our own.
    assert!(shown.split('\u{1b}').skip(1).all(|rest| rest.starts_with('[')));
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
}
