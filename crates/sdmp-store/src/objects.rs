//! Long texts in an object store beside the database: a folder, or a bucket of a server that speaks S3.
//!
//! First the text is written there under a random name, and durable; then its row, with the name. So a row never
//! names what was not written, and what a crash leaves is a name without a row, which goes after a day (S7). A
//! text that is missing nevertheless counts as evicted: its row stays, and it can be fetched again (N50).

#[cfg(feature = "objects")]
mod folder;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod sign;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

#[cfg(feature = "objects")]
pub use folder::Folder;
#[cfg(feature = "s3")]
pub use s3::S3;
use sdmp_crypto::random::{Random, SystemRandom};
use sdmp_journal::{Identifier, Resource, Timestamp};

use crate::{Append, Error};

/// From how many octets on a text is long.
pub const LONG: usize = 64 << 10;

/// How old a name without a row is before it goes: an append that is under way has none yet (S7).
const DAY: i64 = 24 * 3_600_000;

/// Where long texts are. Names are 32 hexadecimal digits; nothing is written twice under one name.
pub trait Objects: Send + Sync + Debug {
    /// Writes a text. It is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Away`], or what the system says.
    fn put(&self, name: &str, text: &[u8]) -> Result<(), Error>;

    /// Reads a text; [`None`] where it is known not to be there.
    ///
    /// # Errors
    /// [`Error::Away`], or what the system says.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Deletes a text, which may be gone already.
    ///
    /// # Errors
    /// [`Error::Away`], or what the system says.
    fn delete(&self, name: &str) -> Result<(), Error>;

    /// All names, and when each was written, if that can be read.
    ///
    /// # Errors
    /// [`Error::Away`], or what the system says.
    fn list(&self) -> Result<Vec<(String, Option<Timestamp>)>, Error>;
}

/// The object store of an engine.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    pub(crate) objects: Arc<dyn Objects>,
    /// From how many octets on.
    pub(crate) long: usize,
}

/// The names under which texts of an append were written.
pub(crate) type Names = BTreeMap<Identifier, String>;

impl Elsewhere {
    /// Writes the long texts of content; control always has its text in the database (S2).
    pub(crate) fn put_all(
        &self,
        append: &Append,
        is_known: impl Fn(&Identifier) -> bool,
    ) -> Result<Names, Error> {
        let mut names = Names::new();
        for candidate in &append.candidates {
            let resource = candidate.resource();
            if self.takes(resource)
                && !names.contains_key(resource.id())
                && !is_known(resource.id())
            {
                names.insert(resource.id().clone(), self.put(resource)?);
            }
        }
        Ok(names)
    }

    /// Whether a text of this resource is kept here.
    pub(crate) fn takes(&self, resource: &Resource) -> bool {
        !resource.kind().is_control() && resource.text().len() >= self.long
    }

    /// Writes one, under a new name.
    pub(crate) fn put(&self, resource: &Resource) -> Result<String, Error> {
        let mut octets = [0; 16];
        let drawn = SystemRandom::new().fill(&mut octets);
        drawn.map_err(|error| Error::Engine(error.to_string()))?;
        let name = hex(&octets);
        self.objects.put(&name, resource.text().as_bytes())?;
        Ok(name)
    }

    /// Deletes what no row names and was written a day before `now`. Returns how many.
    pub(crate) fn collect(
        &self,
        now: Timestamp,
        is_named: impl Fn(&str) -> Result<bool, Error>,
    ) -> Result<usize, Error> {
        let before = now.unix_millis().saturating_sub(DAY);
        let mut count = 0_usize;
        for (name, written) in self.objects.list()? {
            if written.is_some_and(|written| written.unix_millis() < before) && !is_named(&name)? {
                self.objects.delete(&name)?;
                count = count.saturating_add(1);
            }
        }
        Ok(count)
    }
}

/// In lower-case hexadecimal digits.
fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A time of the system, if it can be told in a container.
#[cfg(feature = "objects")]
fn timestamp(time: std::time::SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_unix_millis(i64::try_from(since.as_millis()).ok()?)
}
