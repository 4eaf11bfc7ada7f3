//! Long texts, cut short for reading.

use std::borrow::Cow;

use crate::escape::printable;

/// Strings up to this length, in characters, are shown whole.
pub(crate) const WHOLE: usize = 120;
const HEAD: usize = 32;
const TAIL: usize = 8;

/// The beginning and the end of a text that is longer than [`WHOLE`], and its length.
pub(crate) fn ends(text: &str) -> Option<(String, usize)> {
    // Octets are at least as many as characters.
    // Most texts are short; counting characters is for the others.
    if text.len() <= WHOLE {
        return None;
    }
    let length = text.chars().count();
    if length <= WHOLE { None } else { Some((head_and_tail(text), length)) }
}

fn head_and_tail(text: &str) -> String {
    let head = text.chars().take(HEAD);
    let mut tail: Vec<char> = text.chars().rev().take(TAIL).collect();
    tail.reverse();
    head.chain("...".chars()).chain(tail).collect()
}

/// A text that is at most a few dozen characters long.
pub(crate) fn shortest(text: &str) -> Cow<'_, str> {
    if text.len() <= HEAD + TAIL + 3 {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(head_and_tail(text))
    }
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
