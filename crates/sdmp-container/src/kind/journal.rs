//! News of journals.

use crate::kind::{Fields, Writer, from_container};
use crate::strict::Object;
use crate::{CoreSchema, Error};

/// The object of the schema `broadcast`: lines that were added to a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    since: String,
    entries: Vec<String>,
}

impl Broadcast {
    /// Makes the object; `since` identifies the line before the first entry.
    ///
    /// # Errors
    /// None at present: every combination of these types has a form.
    pub fn new(since: String, entries: Vec<String>) -> Result<Self, Error> {
        Ok(Self { since, entries })
    }

    from_container!(Broadcast);

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let fields = Fields::member(root, CoreSchema::Broadcast)?;
        Ok(Self { since: fields.string("since")?.to_owned(), entries: fields.strings("entries")? })
    }

    /// The container as text (R3).
    #[must_use]
    pub fn to_text(&self) -> String {
        Writer::new(CoreSchema::Broadcast)
            .open()
            .string("since", &self.since)
            .strings("entries", self.entries.iter().map(String::as_str))
            .finish()
    }

    /// The line before the first entry.
    #[must_use]
    pub fn since(&self) -> &str {
        &self.since
    }

    /// The lines, in order.
    #[must_use]
    pub fn entries(&self) -> &[String] {
        &self.entries
    }
}
