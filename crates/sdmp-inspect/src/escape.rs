//! Foreign text that may not control the terminal, and JSON that is plain ASCII where it matters.

use serde_json::Value;

/// Text that is safe to print: control characters, and those that reorder text, become escapes.
///
/// A tab stays; line ends become `\n` and `\r`.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if is_control(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Whether a character controls a terminal, or makes text read differently from how it is stored.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control() || is_bidi_control(c)
}

/// Characters that make text read differently from how it is stored.
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// One JSON object, its members in this order, on one line.
#[must_use]
pub fn json_object(members: &[(&str, Value)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_cannot_control_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{7}\u{202e}"), "a\\u{1b}[31mb\\nc\\u{7}\\u{202e}");
        assert_eq!(printable("grüße \t→"), "grüße \t→");
    }

    #[test]
    fn json_members_keep_their_order() {
        let line = json_object(&[("event", "closed".into()), ("clean", true.into())]);
        assert_eq!(line, r#"{"event":"closed","clean":true}"#);
    }
}
