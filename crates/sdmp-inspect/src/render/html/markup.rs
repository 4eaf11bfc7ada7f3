//! Text as it may stand in HTML.

use crate::escape::printable;

/// Text as it may stand in an element or an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            c => {
                // Control characters and those that turn text around are shown as escapes.
                let mut octets = [0; 4];
                out.push_str(&printable(c.encode_utf8(&mut octets)));
            }
        }
    }
    out
}

/// A text for a reader with the keys, and the one for a reader without, where they differ.
pub(super) fn two_views(element: &str, known: &str, unknown: &str) -> String {
    if known == unknown {
        return escape(known);
    }
    let (known, unknown) = (escape(known), escape(unknown));
    format!(
        "<{element} class=\"known\">{known}</{element}>\
         <{element} class=\"unknown\">{unknown}</{element}>"
    )
}

/// A number with its thousands apart.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_marks_up_is_escaped() {
        assert_eq!(
            escape("<script>\"&'\u{202e}\u{7}"),
            "&lt;script&gt;&quot;&amp;&#39;\\u{202e}\\u{7}"
        );
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1000, 1234567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
