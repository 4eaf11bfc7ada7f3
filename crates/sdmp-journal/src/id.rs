//! What names things: keys, resources, lines (R2).

use std::fmt;
use std::str::FromStr;

use sdmp_crypto::hash::sha512;

use crate::error::{Code, Error};

pub use sdmp_container::{Fingerprint, Identifier};

/// The identifier of a journal line (N21): the SHA-512 of the line before it; of line 1 the line
/// itself, which is a fingerprint.
///
/// ```
/// use sdmp_journal::LineId;
///
/// let first = "A".repeat(86);
/// let of_line_1: LineId = first.parse().unwrap();
/// assert_eq!(of_line_1.to_string(), first);
/// let of_line_2 = LineId::after(&first);
/// assert_ne!(of_line_1, of_line_2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId([u8; 64]);

impl LineId {
    /// The identifier of the line that follows a line with this text.
    #[must_use]
    pub fn after(line: &str) -> Self {
        Self(sha512(line.as_bytes()))
    }

    /// The identifier of line 1 of this node's journal.
    #[must_use]
    pub const fn first(node: &Fingerprint) -> Self {
        Self(*node.as_octets())
    }

    /// From its 64 octets.
    #[must_use]
    pub const fn from_bytes(octets: [u8; 64]) -> Self {
        Self(octets)
    }

    /// The 64 octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl FromStr for LineId {
    type Err = Error;

    /// Reads the text form: exactly 86 characters of strict base64url (R1, R2).
    fn from_str(text: &str) -> Result<Self, Error> {
        let hash: Identifier =
            text.parse().map_err(|error| Error::Container(Code::JournalLine, error))?;
        Ok(Self(*hash.as_octets()))
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sdmp_container::b64url::encode(&self.0))
    }
}

impl fmt::Debug for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineId({self})")
    }
}
