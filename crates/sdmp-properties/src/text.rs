//! Properties of the parsers of short texts.

use sdmp_container::{Limits, ResourceUri, Timestamp, b64url, strict};

/// R1: each octet string has one text, and each text that is accepted is that one.
pub fn base64url(octets: &[u8]) {
    let text = b64url::encode(octets);
    assert_eq!(b64url::decode(&text).as_deref(), Ok(octets));
    if let Ok(decoded) = b64url::decode(octets) {
        assert_eq!(b64url::encode(&decoded).as_bytes(), octets, "two texts for the same octets");
    }
}

/// R4: what the strict parser accepts, serde_json accepts as an object with the same text; and what
/// is written again is read again.
pub fn json(octets: &[u8]) {
    let Ok(value) = strict::parse(octets, &Limits::DEFAULT) else { return };
    let other = serde_json::from_slice::<serde_json::Value>(octets);
    assert!(other.is_ok_and(|value| value.is_object()), "accepted what is no JSON object");
    let text = value.to_text();
    let again = strict::parse(text.as_bytes(), &Limits { octets: usize::MAX, ..Limits::DEFAULT });
    assert!(again.is_ok_and(|again| again.to_text() == text), "what was written reads differently");
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
