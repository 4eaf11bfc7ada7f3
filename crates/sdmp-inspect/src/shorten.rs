//! Long texts, cut short for reading.

use crate::escape::printable;

/// Strings up to this length, in characters, are shown whole.
pub(crate) const WHOLE: usize = 120;
const HEAD: usize = 32;
const TAIL: usize = 8;

/// The beginning and the end of a text that is longer than [`WHOLE`], and its length.
pub(crate) fn ends(text: &str) -> Option<(String, usize)> {
    let length = text.chars().count();
    if length <= WHOLE {
        return None;
    }
    let head: String = text.chars().take(HEAD).collect();
    let tail: String = text.chars().skip(length - TAIL).collect();
    Some((format!("{head}...{tail}"), length))
}

/// A string cut short, without its quotes, safe to print.
pub(crate) fn cut(text: &str) -> String {
    match ends(text) {
        None => printable(text),
        Some((short, length)) => format!("{} ({length} characters)", printable(&short)),
    }
}

/// A wire text with its long strings cut short, still on one line.
pub(crate) fn shortened(text: &str) -> String {
    let parts = text.split('"').map(|part| ends(part).map_or_else(|| part.to_owned(), |(s, _)| s));
    parts.collect::<Vec<_>>().join("\"")
}
