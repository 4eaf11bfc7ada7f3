//! base64url without padding, strictly (R1).
//!
//! The decoder refuses padding, white space, characters outside the alphabet, an impossible
//! length and non-zero trailing bits, so every text decodes to octets that encode to that text.

use base64_simd::URL_SAFE_NO_PAD;

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

/// Decodes a text of exactly `N` octets.
pub(crate) fn decode_array<const N: usize>(text: &str, wrong: ErrorKind) -> Result<[u8; N], Error> {
    if text.len() != encoded_len(N) {
        return Err(Error::new(wrong));
    }
    decode(text)?.try_into().map_err(|_| Error::new(wrong))
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
