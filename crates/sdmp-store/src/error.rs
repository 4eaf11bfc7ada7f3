//! What a store refuses.

use sdmp_journal::{Code, Head, Timestamp};

/// Why a call did nothing. Each call is one transaction: where there is an error, nothing of it
/// remains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `store.full` (N49). The same call may be made again when there is room.
    #[error("nothing can be written: the disk is full (N49); it goes on when there is room")]
    Full,
    /// `store.locked`: another process holds this store: the one with this number, if it said that.
    #[error("another process{} holds this store: end it, or give it the command", number(*.0))]
    Locked(Option<u32>),
    /// `store.busy`: another program reads the database for so long that the write-ahead log has reached its
    /// bound.
    #[error("another program has been reading the store for long: it goes on when that ends")]
    Busy,
    /// `store.stale`: the journal has grown meanwhile; this is its head now.
    #[error("the journal's head moved meanwhile: take a new snapshot (N22)")]
    Stale(Box<Head>),
    /// `store.fenced`: another process admits for this node, or has the peer's session.
    #[error("another process admits for this node now (N22)")]
    Fenced,
    /// `clock.back` or `clock.ahead` (N2).
    #[error("{0}")]
    Clock(Code),
    /// More than 256 resources in one append (N22), or more than 32 MiB of texts.
    #[error("an append takes at most 256 resources of 32 MiB together (N22); this one has {0}")]
    TooMany(usize),
    /// The journal is empty, and what was admitted has not both the user's identity and a trust of the
    /// user in the node (N21).
    #[error(
        "a journal begins with the user's identity and its trust in this node (N21): append these first"
    )]
    FirstLines,
    /// The store's tokens differ (N47): it was copied or restored.
    #[error(
        "this store was copied, moved or restored (N47): say whether it was moved, or make a new device"
    )]
    Token,
    /// A newer version of the program wrote this store.
    #[error("the store has version {found}, this program knows {known}: use a newer program")]
    Newer {
        /// What the store says.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Another node's store.
    #[error("this store belongs to another node")]
    OtherNode,
    /// What was read is not what was written; `fsck` says more.
    #[error("the store is damaged ({0}): run its check")]
    Damaged(&'static str),
    /// `store.away`: the server of the database, or of long texts, is not reached, or went away in the middle of the call. Whether
    /// a call that was under way is done is not known: the same call again does the rest.
    #[error("the store's server is not reached ({0}): it goes on when the server is back")]
    Away(String),
    /// What the engine or the operating system says, in their words.
    #[error("the store failed: {0}")]
    Engine(String),
}

impl Error {
    /// A stable word for logs and programs (N52).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Full => "store.full",
            Self::Locked(_) => "store.locked",
            Self::Busy => "store.busy",
            Self::Stale(_) => "store.stale",
            Self::Fenced => "store.fenced",
            Self::Clock(code) => code.as_str(),
            Self::TooMany(_) => "store.too_many",
            Self::FirstLines => "store.first_lines",
            Self::Token => "store.token",
            Self::Newer { .. } => "store.newer",
            Self::OtherNode => "store.other_node",
            Self::Damaged(_) => "store.damaged",
            Self::Away(_) => "store.away",
            Self::Engine(_) => "store.engine",
        }
    }

    /// Whether the same call may succeed later, without anything else being done.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Full | Self::Locked(_) | Self::Busy | Self::Away(_))
    }
}

fn number(process: Option<u32>) -> String {
    process.map_or_else(String::new, |number| format!(" ({number})"))
}

/// N2 for an append: `stored` is the time of the last one.
pub(crate) fn check_clock(stored: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    const DAY: i64 = 24 * 3_600_000;
    match stored {
        // A clock that is a day behind what was written would judge expiry wrongly, and say so to
        // others.
        Some(stored) if stored.unix_millis().saturating_sub(now.unix_millis()) > DAY => {
            Err(Error::Clock(Code::ClockBack))
        }
        _ => Ok(()),
    }
}
