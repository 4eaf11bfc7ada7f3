//! Hexadecimal text, in lower case.

use std::fmt::Write;

/// The text of these octets.
#[must_use]
pub fn encode(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        write!(text, "{octet:02x}").expect("a string takes any text");
        text
    })
}

/// The octets of a text.
///
/// # Panics
/// For an odd length or a letter that is no hexadecimal digit.
#[must_use]
pub fn decode(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "an odd number of digits: {text}");
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ASCII digits");
            u8::from_str_radix(pair, 16).expect("hexadecimal digits")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn octets_round_trip() {
        let octets: Vec<u8> = (0..=255).collect();
        assert_eq!(super::decode(&super::encode(&octets)), octets);
        assert_eq!(super::encode(&[0, 0xab]), "00ab");
    }
}
