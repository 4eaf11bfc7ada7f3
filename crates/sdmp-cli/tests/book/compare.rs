//! Compares what a page shows with what a program printed.
//!
//! `[..]` stands for any part of a line, a line `...` for any number of lines.

/// Whether the lines shown are all that was printed.
pub(crate) fn matches(shown: &[String], printed: &str) -> bool {
    lines(shown, &printed.lines().map(str::trim_end).collect::<Vec<_>>(), false)
}

/// Whether the lines shown are how it began.
pub(crate) fn begins(shown: &[String], printed: &str) -> bool {
    lines(shown, &printed.lines().map(str::trim_end).collect::<Vec<_>>(), true)
}

fn lines(shown: &[String], printed: &[&str], more: bool) -> bool {
    let Some((first, rest)) = shown.split_first() else { return more || printed.is_empty() };
    if first.trim() == "..." {
        return (0..=printed.len()).any(|skipped| lines(rest, &printed[skipped..], more));
    }
    printed
        .split_first()
        .is_some_and(|(line, others)| one(first.trim_end(), line) && lines(rest, others, more))
}

fn one(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|&line| line.to_owned()).collect()
    }

    #[test]
    fn wildcards_stand_for_parts_and_for_lines() {
        let printed = "accepted: bob (abc)  \none\ntwo\nend\n";
        assert!(matches(&shown(&["accepted: bob ([..])", "...", "end"]), printed));
        assert!(matches(&shown(&["acc[..]bob[..])", "one", "...", "two", "end"]), printed));
        assert!(begins(&shown(&["accepted[..]"]), printed));
        assert!(!matches(&shown(&["accepted[..]"]), printed));
        assert!(!matches(&shown(&["accepted: eve[..]", "..."]), printed));
        assert!(!matches(&shown(&["...", "two"]), printed));
        assert!(!matches(&shown(&["...", "o[..]x", "..."]), printed));
        assert!(!begins(&shown(&["...", "three"]), printed));
    }

    #[test]
    fn a_wildcard_does_not_overlap_what_follows() {
        assert!(matches(&shown(&["ab[..]b"]), "abb"));
        assert!(!matches(&shown(&["ab[..]b"]), "ab"));
    }
}
