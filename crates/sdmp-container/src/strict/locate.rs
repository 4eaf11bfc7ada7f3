//! From a JSON pointer to an offset, to tell a person where a fault stands.

use crate::strict::string;

/// Line and column, both from 1, of the value that `pointer` (RFC 6901) points to; where it leads to
/// something missing, of the last object or array on the path to it. Lines end with LF; a column is one
/// character.
///
/// `None` if `octets` is not JSON text as far as the way goes.
///
/// ```
/// let text = b"{\n  \"a\": [true, null]\n}";
/// assert_eq!(sdmp_container::strict::position_of(text, "/a/1"), Some((2, 15)));
/// assert_eq!(sdmp_container::strict::position_of(text, "/b"), Some((1, 1)));
/// ```
#[must_use]
pub fn position_of(octets: &[u8], pointer: &str) -> Option<(usize, usize)> {
    line_and_column(octets, locate(octets, pointer)?)
}

/// Line and column, both from 1, of an offset. Where the line is not UTF-8 up to there, a column is
/// one octet.
pub(crate) fn line_and_column(octets: &[u8], offset: usize) -> Option<(usize, usize)> {
    let before = octets.get(..offset.min(octets.len()))?;
    let line_start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
    let last = before.get(line_start..)?;
    let column = match std::str::from_utf8(last) {
        Ok(text) => text.chars().count() + 1,
        Err(_) => last.len() + 1,
    };
    Some((line, column))
}

/// The offset of the value that `pointer` (RFC 6901) points to in a text that was parsed before;
/// where it leads to something missing, the offset of the last object or array on the path to it.
pub(crate) fn locate(octets: &[u8], pointer: &str) -> Option<usize> {
    let text = std::str::from_utf8(octets).ok()?;
    // Walked again only for an error: keeping an offset for each value would cost memory in every
    // good parse.
    let mut at = skip_white_space(octets, 0);
    for token in pointer.split('/').skip(1) {
        // In this order, so that `~01` becomes `~1` (RFC 6901 section 4).
        let token = token.replace("~1", "/").replace("~0", "~");
        match enter(text, at, &token)? {
            Some(next) => at = next,
            None => break,
        }
    }
    Some(at)
}

fn skip_white_space(octets: &[u8], from: usize) -> usize {
    let rest = octets.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|octet| matches!(octet, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// The offset of the child `token` of the value at `at`; `Some(None)` if it has no such child.
fn enter(text: &str, at: usize, token: &str) -> Option<Option<usize>> {
    let octets = text.as_bytes();
    let is_object = match octets.get(at)? {
        b'{' => true,
        b'[' => false,
        _ => return Some(None),
    };
    let mut next = skip_white_space(octets, at + 1);
    // An index has no leading zeros, so `/00` names nothing.
    let wanted = token.parse::<usize>().ok().filter(|_| token == "0" || !token.starts_with('0'));
    let mut index = 0_usize;
    loop {
        if matches!(octets.get(next)?, b'}' | b']') {
            return Some(None);
        }
        let found = if is_object {
            let (name, after) = string::read(text, next + 1).ok()?;
            let colon = skip_white_space(octets, after);
            next = skip_white_space(octets, colon + 1);
            name == token
        } else {
            wanted == Some(index)
        };
        if found {
            return Some(Some(next));
        }
        next = skip_white_space(octets, skip_value(text, next)?);
        if octets.get(next)? == &b',' {
            next = skip_white_space(octets, next + 1);
        }
        index += 1;
    }
}

/// The offset after the value at `at`. Brackets need no matching: the text was parsed before.
fn skip_value(text: &str, at: usize) -> Option<usize> {
    let octets = text.as_bytes();
    let mut depth = 0_usize;
    let mut next = at;
    loop {
        match octets.get(next)? {
            b'"' => next = string::read(text, next + 1).ok()?.1,
            b'{' | b'[' => {
                depth += 1;
                next += 1;
            }
            b'}' | b']' => {
                if depth == 0 {
                    return Some(next);
                }
                depth -= 1;
                next += 1;
            }
            b',' if depth == 0 => return Some(next),
            _ => {
                next += 1;
                continue;
            }
        }
        if depth == 0 {
            return Some(next);
        }
    }
}
