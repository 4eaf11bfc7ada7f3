//! Private keys are never shown, however they are written.

use sdmp_container::Limits;
use sdmp_container::strict::{self, Object, Value};

/// Every private key in PEM form has this in it, encrypted ones too.
pub(crate) const SECRET_MARK: &str = "PRIVATE KEY-----";

/// The same in base64url, for each place at which it may begin: what signs or wraps a private key
/// holds it too, also where it is malformed.
const ENCODED_MARKS: [&str; 3] =
    ["UFJJVkFURSBLRVktLS0t", "UklWQVRFIEtFWS0tLS0t", "SVZBVEUgS0VZLS0t"];

/// What stands in place of a text that holds a private key.
pub(crate) const HIDDEN: &str = "(hidden: there is a private key in it)";

/// A text that may be shown: one that holds a private key may not.
pub(crate) fn hide(text: String) -> String {
    if holds_secret(&text) { HIDDEN.to_owned() } else { text }
}

/// Whether there is a private key in it, however its characters are escaped.
fn holds_secret(text: &str) -> bool {
    if text.contains(SECRET_MARK) || ENCODED_MARKS.iter().any(|mark| text.contains(mark)) {
        return true;
    }
    // Escapes could hide the mark, so only texts without any are decided without parsing.
    if !text.contains("private_key") && !text.contains("\\u") {
        return false;
    }
    strict::parse(text.as_bytes(), &Limits::DEFAULT).is_ok_and(|value| {
        let member = |root: &Object<'_>| {
            root.get("private_key").is_some_and(|key| key.as_object().is_some())
        };
        value.as_object().is_some_and(member) || has_mark(&value)
    })
}

fn has_mark(value: &Value<'_>) -> bool {
    match value {
        Value::String(text) => text.contains(SECRET_MARK),
        Value::Array(values) => values.iter().any(has_mark),
        Value::Object(object) => object.iter().any(|(_, value)| has_mark(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Octets as text; what is not UTF-8 shows as replacement characters.
pub(crate) fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[cfg(test)]
mod tests {
    use sdmp_container::b64url;

    use super::*;

    #[test]
    fn a_private_key_is_hidden_however_it_is_written() {
        for before in ["", "a", "ab", "abc"] {
            let key = format!("{before}-----BEGIN PRIVATE KEY-----\nAA");
            let encoded = b64url::encode(key.as_bytes());
            let escaped =
                format!(r#"{{"a":"{}"}}"#, key.replace("KEY", r"\u004bEY").replace('\n', ""));
            for text in [key, encoded, escaped] {
                assert_eq!(hide(text.clone()), HIDDEN, "{text}");
            }
        }
        assert_eq!(hide("PUBLIC KEY-----".to_owned()), "PUBLIC KEY-----");
    }
}
