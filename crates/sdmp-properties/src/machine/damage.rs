//! Ways to damage a text: a few edits, as the input says.

use arbitrary::Unstructured;

/// Applies up to four edits; none if the input is at its end.
pub(crate) fn apply(input: &mut Unstructured<'_>, genuine: &[u8]) -> Vec<u8> {
    let mut octets = genuine.to_vec();
    let edits = number(input) % 5;
    for _ in 0..edits {
        edit(input, &mut octets);
    }
    octets
}

fn edit(input: &mut Unstructured<'_>, octets: &mut Vec<u8>) {
    let kind = number(input) % 6;
    let at = position(input, octets.len());
    match kind {
        0 => {
            let mask = u8::try_from(number(input)).unwrap_or(1).max(1);
            if let Some(octet) = octets.get_mut(at) {
                *octet ^= mask;
            }
        }
        1 => {
            let new = u8::try_from(number(input)).unwrap_or_default();
            if let Some(octet) = octets.get_mut(at) {
                *octet = new;
            }
        }
        2 => {
            let end = at.saturating_add(number(input)).min(octets.len());
            drop(octets.drain(at..end));
        }
        3 => {
            let end = at.saturating_add(number(input)).min(octets.len());
            let twice = octets.get(at..end).unwrap_or_default().to_vec();
            drop(octets.splice(at..at, twice));
        }
        4 => octets.truncate(at),
        _ => {
            let length = (number(input) % 32).min(input.len());
            let new = input.bytes(length).unwrap_or_default().to_vec();
            drop(octets.splice(at..at, new));
        }
    }
}

/// A number of one octet; 0 at the end of the input.
pub(crate) fn number(input: &mut Unstructured<'_>) -> usize {
    usize::from(input.arbitrary::<u8>().unwrap_or_default())
}

/// A place in a text of this length, its end included.
pub(crate) fn position(input: &mut Unstructured<'_>, length: usize) -> usize {
    let place = usize::from(input.arbitrary::<u16>().unwrap_or_default());
    place % length.saturating_add(1)
}
