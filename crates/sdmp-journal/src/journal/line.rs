//! Lines of a journal (N21).

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Error};
use crate::{Fingerprint, Identifier, LineId};

/// A line of a journal after the first: `LID@FP/ID`, 260 characters (N21).
///
/// ```
/// use sdmp_journal::Line;
///
/// let hash = "A".repeat(86);
/// let text = format!("{hash}@{hash}/{hash}");
/// let line: Line = text.parse().unwrap();
/// assert_eq!(line.to_string(), text);
/// assert_eq!("x".parse::<Line>().unwrap_err().code(), "journal.line");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// The hash of the line before this one. A line is named by it, though it does not cover it.
    pub lid: LineId,
    /// The user of the resource.
    pub author: Fingerprint,
    /// The resource.
    pub id: Identifier,
}

impl Line {
    /// The characters of a line.
    pub const LEN: usize = 86 + 1 + 86 + 1 + 86;

    /// The identifier of the line that follows this one: its hash.
    #[must_use]
    pub fn next(&self) -> LineId {
        LineId::after(&self.to_string())
    }
}

impl FromStr for Line {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fault = |error| Error::Container(Code::JournalLine, error);
        let (lid, rest) = text.split_once('@').ok_or(Code::JournalLine)?;
        let (author, id) = rest.split_once('/').ok_or(Code::JournalLine)?;
        Ok(Self {
            lid: lid.parse()?,
            author: author.parse().map_err(fault)?,
            id: id.parse().map_err(fault)?,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}/{}", self.lid, self.author, self.id)
    }
}
