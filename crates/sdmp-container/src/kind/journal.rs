//! News of journals.

use crate::kind::{Fields, Writer};
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
    #[must_use]
    pub fn new(since: String, entries: Vec<String>) -> Self {
        Self { since, entries }
    }

    pub(crate) fn from_root(root: &Object<'_>) -> Result<Self, Error> {
        let (since, entries) = Self::read(root)?;
        let entries = entries.map(|entry| entry.map(str::to_owned)).collect::<Result<_, _>>()?;
        Ok(Self { since: since.to_owned(), entries })
    }

    pub(crate) fn check_root(root: &Object<'_>) -> Result<(), Error> {
        Self::read(root)?.1.try_for_each(|entry| entry.map(drop))
    }

    fn read<'o>(
        root: &'o Object<'_>,
    ) -> Result<(&'o str, impl Iterator<Item = Result<&'o str, Error>>), Error> {
        let fields = Fields::member(root, CoreSchema::Broadcast)?;
        Ok((fields.string("since")?, fields.strings("entries")?))
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
