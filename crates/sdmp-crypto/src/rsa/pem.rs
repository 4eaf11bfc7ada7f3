//! PEM texts of keys (R14), read tolerantly in their line breaks and in nothing else.

use crate::error::KeyError;
use der::pem::{LineEnding, decode_vec, encode_string};
use zeroize::Zeroizing;

/// What stands between the dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// SubjectPublicKeyInfo.
    Public,
    /// PKCS#8.
    Private,
    /// PKCS#8, encrypted.
    EncryptedPrivate,
    /// PKCS#1.
    RsaPrivate,
}

impl Label {
    const fn text(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC KEY",
            Self::Private => "PRIVATE KEY",
            Self::EncryptedPrivate => "ENCRYPTED PRIVATE KEY",
            Self::RsaPrivate => "RSA PRIVATE KEY",
        }
    }

    fn from_text(text: &str) -> Result<Self, KeyError> {
        match text {
            "PUBLIC KEY" => Ok(Self::Public),
            "PRIVATE KEY" => Ok(Self::Private),
            "ENCRYPTED PRIVATE KEY" => Ok(Self::EncryptedPrivate),
            "RSA PRIVATE KEY" => Ok(Self::RsaPrivate),
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                Err(KeyError::Certificate)
            }
            "EC PRIVATE KEY" | "DSA PRIVATE KEY" => Err(KeyError::Algorithm),
            _ => Err(KeyError::Label),
        }
    }
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The kind of the one PEM document in `text`, by its first line.
pub(super) fn label(text: &str, limit: usize) -> Result<Label, KeyError> {
    if text.len() > limit {
        return Err(KeyError::Oversized);
    }
    let text = text.trim_ascii();
    let (before, rest) = text.split_once(BEGIN).ok_or(KeyError::Pem)?;
    let (name, rest) = rest.split_once(DASHES).ok_or(KeyError::Pem)?;
    let label = Label::from_text(name)?;
    let (_, tail) = rest.split_once(END).ok_or(KeyError::Pem)?;
    let tail = tail.strip_prefix(name).and_then(|t| t.strip_prefix(DASHES));
    // The library skips what stands before, and stops at the first end: two documents, or a
    // comment, would make one text mean different things to different readers.
    if !before.is_empty() || !tail.ok_or(KeyError::Pem)?.is_empty() {
        return Err(KeyError::Trailing);
    }
    // The old encryption of PKCS#1 hashes the passphrase once with MD5: too weak to be read.
    if rest.contains("Proc-Type:") {
        return Err(KeyError::Encryption);
    }
    Ok(label)
}

/// The octets of the one PEM document in `text`.
pub(super) fn decode(text: &str, limit: usize) -> Result<(Label, Zeroizing<Vec<u8>>), KeyError> {
    let label = label(text, limit)?;
    let (_, octets) = decode_vec(text.trim_ascii().as_bytes()).map_err(|_| KeyError::Pem)?;
    Ok((label, Zeroizing::new(octets)))
}

/// The canonical text: lines of 64 columns joined by LF, none at the end (R14).
pub(super) fn encode(label: Label, octets: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    let text = encode_string(label.text(), LineEnding::LF, octets).map_err(|_| KeyError::Pem)?;
    let mut text = Zeroizing::new(text);
    // The text is hashed for the fingerprint (R15), so its end has to be fixed: no line feed.
    let len = text.trim_end_matches('\n').len();
    text.truncate(len);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        encode(Label::Public, &[5; 100]).unwrap().to_string()
    }

    #[test]
    fn the_canonical_text_has_64_columns_and_no_lf_at_the_end() {
        let text = text();
        let lines: Vec<_> = text.split('\n').collect();
        assert_eq!(lines.len(), 5);
        assert_eq!((lines[1].len(), lines[2].len(), lines[3].len()), (64, 64, 8));
        assert_eq!(lines[4], "-----END PUBLIC KEY-----");
    }

    #[test]
    fn line_breaks_and_white_space_around_are_tolerated() {
        for same in [text(), text() + "\n", format!("\n {}\r\n", text().replace('\n', "\r\n"))] {
            let (label, octets) = decode(&same, 4096).unwrap();
            assert_eq!((label, &octets[..]), (Label::Public, &[5; 100][..]));
        }
    }

    #[test]
    fn everything_else_has_its_error() {
        let with = |label: &str| text().replace("PUBLIC KEY", label);
        for (bad, error) in [
            (String::new(), KeyError::Pem),
            ("-----BEGIN PUBLIC KEY-----".into(), KeyError::Pem),
            (text().replace("END PUBLIC", "END PRIVATE"), KeyError::Pem),
            (text().replace("BQUF", "B=UF"), KeyError::Pem),
            (text().replace("BQUF", "BQÜF"), KeyError::Pem),
            (text().replace("BQUF", "BQ F"), KeyError::Pem),
            (with("CERTIFICATE"), KeyError::Certificate),
            (with("EC PRIVATE KEY"), KeyError::Algorithm),
            (with("CERTIFICATE REQUEST"), KeyError::Label),
            (format!("a comment\n{}", text()), KeyError::Trailing),
            (format!("{}\na comment", text()), KeyError::Trailing),
            (format!("{}\n{}", text(), text()), KeyError::Trailing),
            (
                text().replace("KEY-----\nB", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nB"),
                KeyError::Encryption,
            ),
            (" ".repeat(4097), KeyError::Oversized),
        ] {
            assert_eq!(decode(&bad, 4096).unwrap_err(), error, "{bad}");
        }
    }
}
