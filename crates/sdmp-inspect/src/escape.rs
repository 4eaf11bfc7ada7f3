//! Foreign text that may not control a terminal, and JSON that holds no such text either.

use serde_json::Value;

/// Text that is safe to print: control characters, and those that hide or reorder text, become
/// escapes.
///
/// A tab stays; line ends become `\n` and `\r`.
///
/// ```
/// use sdmp_inspect::escape::printable;
///
/// assert_eq!(printable("\u{1b}[31mred\u{202e}"), r"\u{1b}[31mred\u{202e}");
/// ```
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

/// Whether a character controls a terminal, is invisible, or makes text read differently from how
/// it is stored: the categories Cc, Cf, Zl and Zp of Unicode, without the two joiners that scripts
/// and emoji need.
#[must_use]
pub fn is_control(c: char) -> bool {
    const FORMAT: &[(char, char)] = &[
        ('\u{00AD}', '\u{00AD}'),
        ('\u{0600}', '\u{0605}'),
        ('\u{061C}', '\u{061C}'),
        ('\u{06DD}', '\u{06DD}'),
        ('\u{070F}', '\u{070F}'),
        ('\u{0890}', '\u{0891}'),
        ('\u{08E2}', '\u{08E2}'),
        ('\u{180E}', '\u{180E}'),
        ('\u{200B}', '\u{200B}'),
        ('\u{200E}', '\u{200F}'),
        ('\u{2028}', '\u{202E}'),
        ('\u{2060}', '\u{206F}'),
        ('\u{FEFF}', '\u{FEFF}'),
        ('\u{FFF9}', '\u{FFFB}'),
        ('\u{110BD}', '\u{110BD}'),
        ('\u{110CD}', '\u{110CD}'),
        ('\u{13430}', '\u{1343F}'),
        ('\u{1BCA0}', '\u{1BCA3}'),
        ('\u{1D173}', '\u{1D17A}'),
        ('\u{E0000}', '\u{E007F}'),
    ];
    c.is_control() || FORMAT.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Characters that make text read differently from how it is stored.
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// One JSON object, its members in this order, on one line. Every character that controls a
/// terminal is written as `\u`, so the line is safe to print.
///
/// ```
/// use sdmp_inspect::escape::json_object;
///
/// let line = json_object(&[("text", "\u{9b}31m".into()), ("clean", true.into())]);
/// assert_eq!(line, r#"{"text":"\u009b31m","clean":true}"#);
/// ```
#[must_use]
pub fn json_object(members: &[(&str, Value)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    json_text(format!("{{{}}}", members.join(",")))
}

/// The same JSON text; every character that controls a terminal is written as `\u`.
///
/// In JSON they stand in strings only, where an escape means the same character.
#[must_use]
pub fn json_text(json: String) -> String {
    if !json.chars().any(is_control) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_control(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_cannot_control_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{7}\u{202e}"), "a\\u{1b}[31mb\\nc\\u{7}\\u{202e}");
        assert_eq!(printable("\u{7f}\u{9b}\u{2028}\u{feff}"), "\\u{7f}\\u{9b}\\u{2028}\\u{feff}");
        assert_eq!(printable("grüße \t→ 👩\u{200d}🚀"), "grüße \t→ 👩\u{200d}🚀");
    }

    #[test]
    fn json_members_keep_their_order() {
        let line = json_object(&[("event", "closed".into()), ("clean", true.into())]);
        assert_eq!(line, r#"{"event":"closed","clean":true}"#);
    }

    #[test]
    fn json_holds_no_control_character_and_means_the_same() {
        let hostile: String = (0_u32..0x11_0000).filter_map(char::from_u32).collect();
        let line = json_object(&[(hostile.as_str(), hostile.as_str().into())]);
        assert!(!line.chars().any(is_control));
        let back: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back[&hostile], hostile);
    }
}
