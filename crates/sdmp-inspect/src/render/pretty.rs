//! JSON for reading: indented, members in the order in which they stand, long strings cut short.

use sdmp_container::Limits;
use sdmp_container::strict::{self, Value};

use crate::escape::printable;
use crate::shorten::{WHOLE, ends};

/// The text, indented by `indent` columns; as it is when it is not JSON.
pub(crate) fn pretty(text: &str, indent: usize) -> String {
    match strict::parse(text.as_bytes(), &Limits::DEFAULT) {
        Ok(value) => {
            let mut out = " ".repeat(indent);
            write_value(&mut out, &value, indent);
            out
        }
        Err(_) => format!("{}{}", " ".repeat(indent), printable(text)),
    }
}

fn write_value(out: &mut String, value: &Value<'_>, indent: usize) {
    let inner = indent + 2;
    match value {
        Value::Object(object) if !object.is_empty() => {
            out.push_str("{\n");
            for (index, (name, value)) in object.iter().enumerate() {
                separate(out, index);
                out.push_str(&" ".repeat(inner));
                out.push_str(&quoted(name));
                out.push_str(": ");
                write_value(out, value, inner);
            }
            close(out, indent, '}');
        }
        Value::Array(values) if values.iter().any(|value| !is_short(value)) => {
            out.push_str("[\n");
            for (index, value) in values.iter().enumerate() {
                separate(out, index);
                out.push_str(&" ".repeat(inner));
                write_value(out, value, inner);
            }
            close(out, indent, ']');
        }
        Value::String(text) => out.push_str(&quoted(text)),
        // Short arrays too: strings of theirs are foreign.
        _ => out.push_str(&printable(&value.to_text())),
    }
}

fn is_short(value: &Value<'_>) -> bool {
    match value {
        Value::String(text) => text.len() <= WHOLE,
        Value::Object(_) | Value::Array(_) => false,
        _ => true,
    }
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push_str(",\n");
    }
}

fn close(out: &mut String, indent: usize, bracket: char) {
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(bracket);
}

fn quoted(text: &str) -> String {
    let json = |text: &str| printable(&Value::String(text.into()).to_text());
    match ends(text) {
        None => json(text),
        Some((short, length)) => format!("{} ({length} characters)", json(&short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let expected = "  {\n    \"b\": {\n      \"x\": [\"1\", 2]\n    },\n    \"a\": {}\n  }";
        let shown = pretty(r#"{"b":{"x":["1",2]},"a":{}}"#, 2);
        assert_eq!(shown.replace("[\"1\",2]", "[\"1\", 2]"), expected);
    }

    /// Wherever a string stands: as a value, in a short array, in a long one, as a name.
    #[test]
    fn no_control_character_is_left() {
        let bad = "\u{9b}31m\u{7f}\u{202e}\u{2028}";
        let text = format!(
            r#"{{"{bad}":"{bad}","ips":["{bad}"],"long":["{bad}","{}"],"x":[[{{"{bad}":1}}]]}}"#,
            "A".repeat(500)
        );
        let shown = pretty(&text, 0);
        assert!(!shown.chars().any(|c| c != '\n' && crate::escape::is_control(c)), "{shown}");
        assert_eq!(shown.matches("\\u{202e}").count(), 5);
    }

    #[test]
    fn long_strings_say_how_long_they_are() {
        let text = format!(r#"{{"p":"{}"}}"#, "A".repeat(500));
        assert!(pretty(&text, 0).contains("AAA...AAAAAAAA\" (500 characters)"));
        assert!(crate::shorten::shortened(&text).len() < 100);
    }
}
