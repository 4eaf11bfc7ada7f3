//! base64url without padding, strictly (R1).
//!
//! The decoder refuses padding, white space, characters outside the alphabet, an impossible
//! length and non-zero trailing bits, so every text decodes to octets that encode to that text.

use base64_simd::{Out, URL_SAFE_NO_PAD};

use crate::{Error, ErrorKind};

/// Encodes octets.
///
/// ```
/// assert_eq!(sdmp_container::b64url::encode(b"\xfb\xff"), "-_8");
/// ```
#[must_use]
pub fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(octets)
}

/// Encodes octets onto the end of a text.
pub fn encode_append(octets: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_append(octets, text);
}

/// The number of characters that `octets` octets encode to.
#[must_use]
pub const fn encoded_len(octets: usize) -> usize {
    let tail = match octets % 3 {
        0 => 0,
        1 => 2,
        _ => 3,
    };
    (octets / 3).saturating_mul(4).saturating_add(tail)
}

/// Decodes a text.
///
/// # Errors
/// A `b64url.*` kind with the offset of the first character that is wrong (R1).
///
/// ```
/// use sdmp_container::b64url;
///
/// assert_eq!(b64url::decode("-_8").unwrap(), b"\xfb\xff");
/// assert_eq!(b64url::decode("-_9").unwrap_err().code(), "b64url.trailing_bits");
/// ```
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
    let mut octets = Vec::new();
    decode_append(text, &mut octets)?;
    Ok(octets)
}

/// Decodes a text onto the end of `octets`, which stays as it was if the text is refused.
///
/// # Errors
/// As [`decode`].
pub fn decode_append(text: impl AsRef<[u8]>, octets: &mut Vec<u8>) -> Result<(), Error> {
    let text = text.as_ref();
    // The fast decoder only says no; the reason is looked for afterwards, and only then.
    URL_SAFE_NO_PAD.decode_append(text, octets).map_err(|_| diagnose(text))
}

/// Checks a text without decoding it.
///
/// # Errors
/// As [`decode`].
pub fn check(text: impl AsRef<[u8]>) -> Result<(), Error> {
    let text = text.as_ref();
    URL_SAFE_NO_PAD.check(text).map_err(|_| diagnose(text))
}

/// Decodes a text of exactly `N` octets, without allocating.
pub(crate) fn decode_array<const N: usize>(text: &str, wrong: ErrorKind) -> Result<[u8; N], Error> {
    // The length alone refuses most wrong texts, and the array below needs it exact.
    if text.len() != encoded_len(N) {
        return Err(Error::new(wrong));
    }
    let mut octets = [0; N];
    let out = Out::from_slice(octets.as_mut_slice());
    URL_SAFE_NO_PAD.decode(text.as_bytes(), out).map_err(|_| diagnose(text.as_bytes()))?;
    Ok(octets)
}

/// Says why a text was refused: the fast decoder only says that it was.
fn diagnose(text: &[u8]) -> Error {
    for (offset, octet) in text.iter().enumerate() {
        let kind = match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => continue,
            b'=' => ErrorKind::Base64Padding,
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => ErrorKind::Base64WhiteSpace,
            _ => ErrorKind::Base64Alphabet,
        };
        return Error::at(kind, offset);
    }
    let kind =
        if text.len() % 4 == 1 { ErrorKind::Base64Length } else { ErrorKind::Base64TrailingBits };
    Error::at(kind, text.len().saturating_sub(1))
}

#[cfg(test)]
#[expect(clippy::as_conversions, reason = "tests")]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as ORACLE;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_refused_leaves_the_output_alone() {
        let mut octets = b"before".to_vec();
        assert!(decode_append("AAAA".repeat(100) + "=", &mut octets).is_err());
        assert_eq!(octets, b"before");
        decode_append("AAAA", &mut octets).unwrap();
        assert_eq!(octets, b"before\0\0\0");
    }

    #[test]
    fn a_refusal_names_the_first_wrong_character() {
        let fault = |text: &str| decode(text).unwrap_err();
        assert_eq!(fault("AAA=A+"), Error::at(ErrorKind::Base64Padding, 3));
        assert_eq!(fault("A\nA="), Error::at(ErrorKind::Base64WhiteSpace, 1));
        assert_eq!(fault("AAAA+"), Error::at(ErrorKind::Base64Alphabet, 4));
        assert_eq!(fault("AAAAA"), Error::at(ErrorKind::Base64Length, 4));
        assert_eq!(fault("AAAAAB"), Error::at(ErrorKind::Base64TrailingBits, 5));
    }

    /// The vectorised decoder handles long texts in blocks: one wrong octet anywhere must tell.
    #[test]
    fn one_wrong_octet_anywhere_is_found() {
        for length in [2, 3, 4, 31, 32, 33, 37, 38, 39, 64, 66, 100, 203] {
            if cfg!(miri) && length > 40 {
                continue; // minutes each, under Miri
            }
            let text = vec![b'A'; length];
            if length % 4 == 1 {
                assert_eq!(decode(&text).unwrap_err().kind(), ErrorKind::Base64Length);
                continue;
            }
            for at in 0..length {
                for wrong in
                    [0, b'=', b' ', b'+', b'/', b'.', b'@', b'[', b'`', b'{', 0x80, 0xc1, 0xff]
                {
                    let mut text = text.clone();
                    text[at] = wrong;
                    assert!(decode(&text).is_err(), "{length} {at} {wrong}");
                    assert!(check(&text).is_err(), "{length} {at} {wrong}");
                }
            }
        }
    }

    /// R1: of all last characters only those whose unused bits are zero.
    #[test]
    fn unused_bits_must_be_zero_at_every_length() {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for length in 2..if cfg!(miri) { 40 } else { 140 } {
            let unused = match length % 4 {
                2 => 4,
                3 => 2,
                _ => continue,
            };
            for (value, last) in ALPHABET.iter().enumerate() {
                let mut text = vec![b'_'; length];
                text[length - 1] = *last;
                let expected = value % (1 << unused) == 0;
                assert_eq!(decode(&text).is_ok(), expected, "{length} {value}");
                assert_eq!(check(&text).is_ok(), expected, "{length} {value}");
            }
        }
    }

    proptest! {
        #[test]
        fn octets_keep_their_text(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = encode(&octets);
            prop_assert_eq!(text.len(), encoded_len(octets.len()));
            prop_assert_eq!(&text, &ORACLE.encode(&octets));
            let mut appended = "before".to_owned();
            encode_append(&octets, &mut appended);
            prop_assert_eq!(appended.strip_prefix("before"), Some(text.as_str()));
            prop_assert_eq!(check(&text), Ok(()));
            prop_assert_eq!(decode(&text), Ok(octets));
        }

        #[test]
        fn verdicts_agree_with_another_library(text in prop::collection::vec(
            prop_oneof![20 => prop::char::ranges(vec!['a'..='z', 'A'..='Z', '0'..='9'].into()).prop_map(|c| c as u8),
                        2 => Just(b'-'), 2 => Just(b'_'), 1 => any::<u8>()], 0..120)) {
            let ours = decode(&text);
            prop_assert_eq!(check(&text).is_ok(), ours.is_ok());
            prop_assert_eq!(ours.ok(), ORACLE.decode(&text).ok());
        }
    }
}
