//! JSON text as ECMAScript's `JSON.stringify` writes it (R3).

use std::fmt::Write;

/// Writes a string with its quotes.
pub(crate) fn string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(needs_escape) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        if let Some(character) = chars.next() {
            escape(out, character);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// The length of what [`string`] writes.
pub(crate) fn string_len(text: &str) -> usize {
    let octets = text.bytes().map(|octet| match octet {
        b'"' | b'\\' | 8..=10 | 12 | 13 => 2,
        0..=0x1f => 6,
        _ => 1,
    });
    octets.sum::<usize>() + 2
}

fn needs_escape(octet: u8) -> bool {
    octet < 0x20 || octet == b'"' || octet == b'\\'
}

fn escape(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{9}' => out.push_str("\\t"),
        '\u{a}' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\u{d}' => out.push_str("\\r"),
        // Writing to a string cannot fail.
        other => drop(write!(out, "\\u{:04x}", u32::from(other))),
    }
}

/// Writes a finite double: the shortest digits that read back as the same double, of those the
/// nearest, of two as near the even one, with the layout of ECMAScript's `Number::toString`. (The
/// standard library takes the odd one at times.)
pub(crate) fn double(out: &mut String, value: f64) {
    if value == 0.0 {
        // Negative zero too: JSON.stringify(-0) is 0.
        out.push('0');
        return;
    }
    if value < 0.0 {
        out.push('-');
    }
    let mut buffer = zmij::Buffer::new();
    let (digits, exponent) = scientific(buffer.format_finite(value.abs()));
    layout(out, &digits, exponent);
}

/// Takes a decimal number apart: its digits, of which neither the first nor the last is zero, and
/// the exponent of ten when the point stands after the first digit.
fn scientific(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    let zeros = all.len() - digits.len();
    // The lengths are those of a double's digits: they fit.
    let place = i32::try_from(whole.len()).unwrap_or(0) - i32::try_from(zeros).unwrap_or(0) - 1;
    let exponent: i32 = exponent.parse().unwrap_or(0);
    (digits.trim_end_matches('0').to_owned(), exponent + place)
}

/// `digits` with a point after the first one, times ten to the power of `exponent`.
fn layout(out: &mut String, digits: &str, exponent: i32) {
    let count = digits.len();
    match usize::try_from(exponent) {
        Ok(exponent) if exponent < 21 => match digits.split_at_checked(exponent + 1) {
            Some((whole, "")) => out.push_str(whole),
            Some((whole, fraction)) => {
                out.push_str(whole);
                out.push('.');
                out.push_str(fraction);
            }
            None => {
                out.push_str(digits);
                out.extend(std::iter::repeat_n('0', exponent + 1 - count));
            }
        },
        Err(_) if exponent >= -6 => {
            out.push_str("0.");
            let zeros = usize::try_from(-1 - exponent).unwrap_or(0);
            out.extend(std::iter::repeat_n('0', zeros));
            out.push_str(digits);
        }
        _ => {
            match digits.split_at_checked(1) {
                Some((first, rest)) if !rest.is_empty() => {
                    out.push_str(first);
                    out.push('.');
                    out.push_str(rest);
                }
                _ => out.push_str(digits),
            }
            out.push('e');
            out.push(if exponent < 0 { '-' } else { '+' });
            out.push_str(&exponent.unsigned_abs().to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_known_before_it_is_written() {
        let every: String = (0_u8..=0x7f).map(char::from).chain("é\u{1f600}".chars()).collect();
        for text in every.chars().map(String::from).chain([String::new(), every.clone()]) {
            let mut written = String::new();
            string(&mut written, &text);
            assert_eq!(string_len(&text), written.len(), "{text:?}");
        }
    }
}
