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

/// Writes a finite double: the shortest digits that read back as the same double, with the layout
/// of ECMAScript's `Number::toString`.
pub(crate) fn double(out: &mut String, value: f64) {
    if value == 0.0 {
        // Negative zero too: JSON.stringify(-0) is 0.
        out.push('0');
        return;
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if value < 0.0 {
        out.push('-');
    }
    layout(out, &digits, exponent);
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
