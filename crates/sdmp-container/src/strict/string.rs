//! Strings: finding their end fast, and unescaping.

use std::borrow::Cow;

use crate::{Error, ErrorKind};

/// How many octets are looked at together; the loop over a block has no branch, so the compiler
/// turns it into vector instructions.
const BLOCK: usize = 32;

/// The offset of the first octet at or after `from` that ends a run of plain characters: a
/// quotation mark, a backslash or a control character. The text's length if there is none.
pub(super) fn end_of_plain(octets: &[u8], from: usize) -> usize {
    let rest = octets.get(from..).unwrap_or_default();
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    let plain = blocks.iter().take_while(|block| is_plain(block)).count() * BLOCK;
    let tail = rest.get(plain..).unwrap_or_default();
    from + plain + tail.iter().position(|octet| is_special(*octet)).unwrap_or(tail.len())
}

fn is_special(octet: u8) -> bool {
    (octet < 0x20) | (octet == b'"') | (octet == b'\\')
}

fn is_plain(block: &[u8; BLOCK]) -> bool {
    // `fold` without an early exit: a branch in the loop would keep it from being vectorised.
    !block.iter().fold(false, |special, octet| special | is_special(*octet))
}

/// Reads the string whose first character is at `start`, after its quotation mark. Gives the
/// string and the offset after its closing quotation mark.
pub(super) fn read(text: &str, start: usize) -> Result<(Cow<'_, str>, usize), Error> {
    let octets = text.as_bytes();
    let mut run = start;
    let mut owned: Option<String> = None;
    loop {
        let end = end_of_plain(octets, run);
        // The text is valid UTF-8 and both ends are beside ASCII characters.
        let plain = text.get(run..end).unwrap_or_default();
        match octets.get(end) {
            Some(b'"') => {
                let string = match owned {
                    // Strings without escapes, which are nearly all, are not copied.
                    None => Cow::Borrowed(plain),
                    Some(mut owned) => {
                        owned.push_str(plain);
                        Cow::Owned(owned)
                    }
                };
                return Ok((string, end + 1));
            }
            Some(b'\\') => {
                // All the room at once: a string that moves as it grows leaves copies behind, which
                // nothing can wipe, and some strings are private keys.
                let owned =
                    owned.get_or_insert_with(|| String::with_capacity(room(octets, run, end)));
                owned.push_str(plain);
                let (character, next) = unescape(octets, end)?;
                owned.push(character);
                run = next;
            }
            Some(0) => return Err(Error::at(ErrorKind::Nul, end)),
            Some(_) => return Err(Error::at(ErrorKind::ControlCharacter, end)),
            None => return Err(Error::at(ErrorKind::UnexpectedEnd, end)),
        }
    }
}

/// The octets of the string that goes on at `run` and has its first backslash at `escape`, escapes
/// included: at least as many as it has without them. Zero if it does not end.
fn room(octets: &[u8], run: usize, escape: usize) -> usize {
    let mut at = escape;
    while octets.get(at) == Some(&b'\\') {
        at = end_of_plain(octets, at + 2);
    }
    if octets.get(at) == Some(&b'"') { at - run } else { 0 }
}

/// Reads the escape whose backslash is at `at`. Gives the character and the offset after it.
fn unescape(octets: &[u8], at: usize) -> Result<(char, usize), Error> {
    let character = match octets.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(octets, at),
        Some(_) => return Err(Error::at(ErrorKind::InvalidEscape, at)),
        None => return Err(Error::at(ErrorKind::UnexpectedEnd, at + 1)),
    };
    Ok((character, at + 2))
}

fn unescape_unicode(octets: &[u8], at: usize) -> Result<(char, usize), Error> {
    let lone = Error::at(ErrorKind::LoneSurrogate, at);
    let first = code_unit(octets, at)?;
    match first {
        0xd800..=0xdbff => {
            if octets.get(at + 6..at + 8) != Some(b"\\u") {
                return Err(lone);
            }
            let second = code_unit(octets, at + 6)?;
            // Half a pair has no UTF-8 form; replacing it would change what is hashed and signed
            // (R4).
            if !(0xdc00..=0xdfff).contains(&second) {
                return Err(lone);
            }
            let scalar = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            char::from_u32(scalar).map(|character| (character, at + 12)).ok_or(lone)
        }
        // The other halves are not scalar values.
        unit => char::from_u32(unit).map(|character| (character, at + 6)).ok_or(lone),
    }
}

/// Reads the four hexadecimal digits of the `\u` at `at`.
fn code_unit(octets: &[u8], at: usize) -> Result<u32, Error> {
    let mut unit = 0;
    for offset in at + 2..at + 6 {
        let digit = match octets.get(offset) {
            Some(octet) => char::from(*octet).to_digit(16),
            None => return Err(Error::at(ErrorKind::UnexpectedEnd, offset)),
        };
        unit = unit * 16 + digit.ok_or(Error::at(ErrorKind::InvalidUnicodeEscape, at))?;
    }
    Ok(unit)
}
