//! What containers and the objects of a session say, opened with keys that are given.
//!
//! Everything here starts from octets that were seen: nothing is taken from inside a node but the
//! keys that it logged, so what is shown is what was sent.

pub(crate) mod container;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod page;
pub(crate) mod pretty;
pub(crate) mod rules;
pub(crate) mod session;
pub(crate) mod story;
pub(crate) mod tap;
pub(crate) mod text;
pub(crate) mod wire;

#[cfg(test)]
mod hostile;

/// Every private key in PEM form has this in it, encrypted ones too.
pub(crate) const SECRET_MARK: &str = "PRIVATE KEY-----";

/// A text that may be shown: one that holds a private key may not.
pub(crate) fn hide(text: String) -> String {
    if text.contains(SECRET_MARK) {
        "(hidden: there is a private key in it)".to_owned()
    } else {
        text
    }
}

/// Octets as text; what is not UTF-8 shows as replacement characters.
pub(crate) fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
