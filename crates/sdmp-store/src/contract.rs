//! What every engine promises.

use std::fmt::Debug;
use std::sync::Arc;

use sdmp_container::ResourceName;
use sdmp_journal::judge::Shares;
use sdmp_journal::sync::{Library, PeerRow, Want};
use sdmp_journal::{
    Candidate, Code, Fingerprint, Head, Identifier, Judged, Line, Resource, Timestamp, Verify, View,
};

use crate::Error;

/// Where a node keeps its journal, texts, cursors and wants.
///
/// Each method is one transaction: **atomic** (all of it, or nothing and an error) and **durable** when
/// it returns (a power cut afterwards takes nothing back). Calls may be made from several threads at
/// once; they block, so an async program makes them where blocking is allowed.
///
/// After any crash: lines chain without gaps, each identifier stands once, the head is their end (S1);
/// a line has its row, a row its text or the reason why it has none, control always its text (S2);
/// a revocation and what it changes are one transaction (S3); what a peer was told is never beyond the
/// head (S4); a cursor never runs ahead of its wants (S5).
pub trait Store: Send + Sync + Debug {
    /// One consistent state, for judging, serving and explaining. It does not stop appends, and is
    /// not to be held while a network or a person is waited for.
    ///
    /// # Errors
    /// What the engine says.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error>;

    /// Judges resources again, in the transaction (N6, 6 to 8), and appends those that are admitted:
    /// line, row, indexes and text of each, and the clock (N2). Of the journal's first lines the
    /// user's identity comes first and the trust in the node second (N21).
    ///
    /// # Errors
    /// [`Error::TooMany`] over 256 or [`LONGEST_APPEND_OCTETS`](crate::LONGEST_APPEND_OCTETS); [`Error::Stale`] if `expected` is not the head any more;
    /// [`Error::FirstLines`]; [`Error::Clock`], [`Error::Full`], [`Error::Fenced`]. Nothing of the
    /// append remains then.
    fn append(&self, append: Append) -> Result<Appended, Error>;

    /// Keeps cursors and the wants that their lines made, together (S5, N30, N31). A want without a
    /// value goes; one that is under way ([`Next::Asked`](sdmp_journal::sync::Next::Asked)) is kept as
    /// due at once.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Fenced`].
    fn keep(&self, changes: Changes) -> Result<(), Error>;

    /// As [`keep`](Self::keep), for a session that may have lost its peers to another process: it
    /// names the peers that it holds, each with the fence of its lease.
    ///
    /// # Errors
    /// [`Error::Fenced`] if a peer that changes is not named, or its fence is another one by now;
    /// [`Error::Full`]. Nothing is kept then.
    fn keep_held(&self, changes: Changes, held: &[(Fingerprint, u64)]) -> Result<(), Error>;

    /// Leases the session with a peer to a process, so that of several only one talks to it: returns its
    /// fence, one more than that of the session before, or [`None`] while another process has the peer.
    /// With the `fence` of a session that lease is renewed, also after its end if no other session has
    /// begun; [`None`] says that one has.
    ///
    /// # Errors
    /// [`Error::Full`].
    fn lease_peer(
        &self,
        peer: &Fingerprint,
        lease: &Lease,
        fence: Option<u64>,
    ) -> Result<Option<u64>, Error>;

    /// Takes wants that are due at `lease.now` and that no process has, urgent ones first, then in their
    /// order. They are due again when they are kept, or when the lease ends.
    ///
    /// # Errors
    /// [`Error::Full`].
    fn take_wants(&self, lease: &Lease, limit: usize) -> Result<Vec<ResourceName>, Error>;

    /// All cursors and wants, as they were kept; for the start.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a row cannot be read.
    fn kept(&self) -> Result<Kept, Error>;

    /// Gives up the texts of content (N50): lines and rows stay, with the reason. Control and what is
    /// gone already are left alone. Returns how many texts went. Very many may go in several transactions, one
    /// after the other: after an error or a crash the first ones are gone.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    fn give_up(&self, ids: &[Identifier], reason: Gone) -> Result<usize, Error>;

    /// Blocks an author or ends that (N50): what comes later is admitted without its text, and the
    /// texts that are here go. Returns how many texts went. Very many may go in several transactions; the author is
    /// blocked with the first one, and what a crash left goes at the next start.
    ///
    /// # Errors
    /// [`Error::Fenced`].
    fn block(&self, author: &Fingerprint, blocked: bool) -> Result<usize, Error>;

    /// Puts back the text of a resource that was given up and asked for again by a person (N50). The
    /// caller has verified its signature; another signer than the row's is not put back. Returns
    /// whether it was.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Fenced`].
    fn restore_text(&self, resource: &Resource) -> Result<bool, Error>;

    /// Notes that a sealed text was tried (N40): with which inner identifier, or why it cannot be
    /// shown. Returns `false`, and notes `None` for it, if that inner identifier was shown before.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Fenced`].
    fn opened(&self, id: &Identifier, result: Opening) -> Result<bool, Error>;

    /// Sealed texts that were not tried yet, the newest first (N40).
    ///
    /// # Errors
    /// What the engine says.
    fn unopened(&self, limit: usize) -> Result<Vec<Identifier>, Error>;

    /// What happened after event number `after`, oldest first, for pages and programs.
    ///
    /// # Errors
    /// What the engine says.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, Error>;

    /// The number of the last event; 0 before the first.
    ///
    /// # Errors
    /// What the engine says.
    fn last_event(&self) -> Result<u64, Error>;

    /// Sealed texts that can be shown (N40) on lines before number `before`, the latest line first.
    /// None of them is looked for by reading what else there is.
    ///
    /// # Errors
    /// What the engine says.
    fn shown(&self, before: Option<u64>, limit: usize) -> Result<Vec<(u64, Identifier)>, Error>;

    /// How many octets of content are here, by author (N51). An engine may read all rows for it: not for each append.
    ///
    /// # Errors
    /// What the engine says.
    fn octets(&self) -> Result<Vec<(Fingerprint, u64)>, Error>;

    /// The content of an author that goes first to make room, with its octets (N50): what does not
    /// open here, then the oldest lines. What says how nodes are reached stays.
    ///
    /// # Errors
    /// What the engine says.
    fn first_to_go(
        &self,
        author: &Fingerprint,
        limit: usize,
    ) -> Result<Vec<(Identifier, u64)>, Error>;

    /// Writes the indexes of these lines anew, out of the texts that stand there:
    /// [`repair`](crate::repair) calls it. Lines, texts and reasons stay as they are.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Fenced`].
    fn reindex(&self, resources: &[(u64, Resource)]) -> Result<(), Error>;
}

/// One consistent state of a store: what is known, and the lines. Texts that are given up after it was
/// taken may be missing.
pub trait Snapshot: View + Library + Send {
    /// The time of the last append (N2).
    fn clock(&self) -> Option<Timestamp>;

    /// What became of a text: [`None`] if the resource is not known.
    fn gone(&self, id: &Identifier) -> Option<Gone>;

    /// The identifiers on the lines from number `from` on, at most `limit`; line 1 is the node.
    fn rows(&self, from: u64, limit: usize) -> Vec<Identifier>;

    /// Fails if a lookup failed since the snapshot was taken: what was decided with it is to be
    /// dropped. (A lookup by itself has no error; see [`View`].)
    ///
    /// # Errors
    /// What the engine said.
    fn check(&self) -> Result<(), Error>;
}

/// What is to be appended.
#[derive(Clone)]
pub struct Append {
    /// The head on which the caller judged; `None` where it does not matter, since all is judged
    /// again.
    pub expected: Option<Head>,
    /// The resources, in the order in which their lines are to stand, as far as that can be.
    pub candidates: Vec<Candidate>,
    /// The node's user (N1).
    pub own: Fingerprint,
    /// The time (N2), which is stored.
    pub now: Timestamp,
    /// The limits of N51.
    pub shares: Shares,
    /// Verifies signatures that were not verified before.
    pub verifier: Arc<dyn Verify>,
}

impl Append {
    /// An append of these, judged with RSA and the default limits.
    #[must_use]
    pub fn new(own: Fingerprint, now: Timestamp, candidates: Vec<Candidate>) -> Self {
        let verifier = Arc::new(sdmp_journal::Rsa);
        Self { expected: None, candidates, own, now, shares: Shares::DEFAULT, verifier }
    }

    /// Only on this head.
    #[must_use]
    pub fn with_expected(self, head: Head) -> Self {
        Self { expected: Some(head), ..self }
    }

    /// With another verifier.
    #[must_use]
    pub fn with_verifier(self, verifier: Arc<dyn Verify>) -> Self {
        Self { verifier, ..self }
    }
}

impl Debug for Append {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Append({} resources at {})", self.candidates.len(), self.now)
    }
}

/// What came of an append.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The head behind it.
    pub head: Head,
    /// The new lines.
    pub lines: Vec<Line>,
    /// Each resource with its verdict.
    pub judged: Vec<Judged>,
}

/// Something that a process has until a time, and then no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The process: any name that no other of the node has.
    pub process: String,
    /// The time.
    pub now: Timestamp,
    /// When the lease ends, unless it is renewed before.
    pub until: Timestamp,
}

/// Cursors and wants that changed (what a machine wishes to have stored).
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Rows of peers.
    pub peers: Vec<(Fingerprint, PeerRow)>,
    /// Wants; `None` is one that goes.
    pub wants: Vec<(ResourceName, Option<Want>)>,
}

/// All cursors and wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Rows of peers.
    pub peers: Vec<(Fingerprint, PeerRow)>,
    /// Wants, by author and identifier.
    pub wants: Vec<(ResourceName, Want)>,
}

/// Why a row has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Gone {
    /// It has its text.
    Here,
    /// It is in the object store; a snapshot says that it is here.
    Elsewhere,
    /// It was revoked, and that long ago (N16).
    Revoked,
    /// It was evicted for room (N50).
    Evicted,
    /// A person let it be forgotten (N50).
    Forgotten,
    /// Its author is blocked (N50).
    Blocked,
}

impl Gone {
    /// All, by their number in tables.
    pub(crate) const ALL: [Self; 6] =
        [Self::Here, Self::Elsewhere, Self::Revoked, Self::Evicted, Self::Forgotten, Self::Blocked];

    pub(crate) fn number(self) -> i64 {
        Self::ALL.iter().position(|one| *one == self).and_then(|n| n.try_into().ok()).unwrap_or(0)
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number)).copied()
    }
}

/// What came of opening a sealed text (N40).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It is shown, under this inner identifier.
    Shown(Identifier),
    /// It cannot be shown, for this reason.
    Failed(Code),
}

/// Something that happened in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number: growing, without repetition.
    pub number: u64,
    /// The resource that it is about.
    pub id: Identifier,
    /// What happened to it.
    pub what: What,
}

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It was admitted.
    Admitted,
    /// Its text went.
    Gone(Gone),
    /// Its text came back.
    Back,
    /// It was opened and can be shown.
    Shown,
    /// It was opened and cannot be shown.
    NotShown,
}

/// A want as it is kept (N31): what was under way is due at once.
pub(crate) fn kept_form(want: &Want) -> Want {
    // Times of asking mean nothing after a restart: stored as due since ever.
    Timestamp::from_unix_millis(0).map_or_else(|| want.clone(), |start| want.stored(start))
}
