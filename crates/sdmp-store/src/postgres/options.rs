//! Where a store is and how it is opened.

use std::path::PathBuf;

use sdmp_journal::Fingerprint;
use tokio_postgres::Config;

use crate::{Error, Faults};

/// Where a store is and how it is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) config: Config,
    pub(super) schema: String,
    pub(super) node: Fingerprint,
    pub(super) token: Option<PathBuf>,
    pub(super) moved: bool,
    pub(super) repair: bool,
    pub(super) faults: Faults,
}

impl Options {
    /// The store of this node, in a schema of its own: `node_` and the first sixteen octets of the
    /// fingerprint in hexadecimal. `server` is a connection string of PostgreSQL:
    /// `host=/run/postgresql user=sdmp dbname=sdmp`.
    ///
    /// # Errors
    /// [`Error::Engine`] if that cannot be read.
    pub fn new(server: &str, node: Fingerprint) -> Result<Self, Error> {
        let config = server.parse().map_err(|error| Error::Engine(format!("{error}")))?;
        let first = node.as_octets().iter().take(16);
        let schema = first.fold("node_".to_owned(), |name, octet| format!("{name}{octet:02x}"));
        Ok(Self {
            config,
            schema,
            node,
            token: None,
            moved: false,
            repair: false,
            faults: Faults::none(),
        })
    }

    /// The second place of the token (N47): a file that backups skip. Each machine has its own.
    #[must_use]
    pub fn with_token(self, file: impl Into<PathBuf>) -> Self {
        Self { token: Some(file.into()), ..self }
    }

    /// A person says that the store was moved, not copied, or is opened from one more machine: the
    /// second token is written anew.
    #[must_use]
    pub fn with_moved(self) -> Self {
        Self { moved: true, ..self }
    }

    /// Writes the indexes of control anew, out of its texts, before anything is read: for a store that
    /// does not open because they are damaged. [`repair`](crate::repair) does the rest.
    #[must_use]
    pub fn with_repair(self) -> Self {
        Self { repair: true, ..self }
    }

    /// With faults to order, for tests.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// In a schema of this name: lower-case letters, digits and underscores, 63 at most.
    ///
    /// # Errors
    /// [`Error::Engine`] if the name has another form.
    pub fn with_schema(self, name: &str) -> Result<Self, Error> {
        let is_plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let is_first = |octet: &u8| !octet.is_ascii_digit();
        let has_form = name.bytes().all(is_plain) && name.as_bytes().first().is_some_and(is_first);
        if has_form && name.len() <= 63 {
            return Ok(Self { schema: name.to_owned(), ..self });
        }
        let wanted = "lower-case letters, digits and underscores, 63 at most, no digit first";
        Err(Error::Engine(format!("a schema has a name of {wanted}")))
    }

    /// The name of the schema, for operators.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }
}
