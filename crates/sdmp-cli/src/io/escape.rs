//! What others wrote never controls the terminal: escapes for texts, reports and JSON.

use sdmp_inspect::escape::is_control;

/// Several lines of ours, with text of others among them.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' { out.push(c) } else { push(&mut out, c) }
    }
    out
}

/// As [`text`], but colours (ESC, `[`, digits and semicolons, `m`) are left as they are.
pub(crate) fn styled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // Only this one form of escape sequence passes: it cannot move the cursor or set a title.
        let length = colour(rest).unwrap_or(c.len_utf8());
        let (now, later) = rest.split_at(length);
        if length > c.len_utf8() {
            out.push_str(now);
        } else if c == '\n' {
            out.push(c);
        } else {
            push(&mut out, c);
        }
        rest = later;
    }
    out
}

/// The length of the colour sequence that a text begins with.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters.get(end..)?.starts_with('m').then_some(2 + end + 1)
}

/// JSON text: in its strings these characters are written as `\\u`, and elsewhere there are none.
/// ASCII control characters are escaped in strings already; outside they are white space.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c >= '\u{7f}' && is_control(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn push(out: &mut String, c: char) {
    if c != '\t' && is_control(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_lines_only() {
        assert_eq!(text("a\nb\r\u{1b}[2J"), "a\nb\\u{d}\\u{1b}[2J");
    }

    #[test]
    fn a_report_keeps_its_colours_only() {
        assert_eq!(styled("\u{1b}[1;31mred\u{1b}[0m\n"), "\u{1b}[1;31mred\u{1b}[0m\n");
        for bad in
            ["\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}", "\u{1b}[31", "\u{9b}31m", "\u{1b}[?25l"]
        {
            assert!(!styled(bad).contains(is_control), "{bad:?}");
        }
    }

    #[test]
    fn json_text_stays_the_same_json() {
        let value = serde_json::json!({"a": "\u{1b}\u{7f}\u{9b}\u{202e}\u{2069}ü\"\\"});
        let escaped = json(&value.to_string());
        assert!(!escaped.contains(is_control), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}
