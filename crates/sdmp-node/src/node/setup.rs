//! Who a node is and where: what it starts with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::LocalIdentity;
use sdmp_journal::sync::{Limits, Prefix};
use sdmp_journal::{Candidate, Resource, Verdict};
use sdmp_store::{Append, Store};

use super::book::Book;
use super::near::own_networks;
use super::room::Room;
use super::state::{State, System};
use crate::{Address, Error};

/// What a node starts with.
#[derive(Clone, Debug)]
pub struct Setup {
    me: LocalIdentity,
    key: Arc<PrivateKey>,
    user: Fingerprint,
    store: Arc<dyn Store>,
    listen: Option<Address>,
    peers: BTreeMap<Fingerprint, Vec<Address>>,
    near: Vec<Prefix>,
    ips: Vec<String>,
    limits: Limits,
    receipts: bool,
    room: Room,
    upkeep: Duration,
    system: System,
}

impl Setup {
    /// The node with this identity and its key, of this user (N1), with its store.
    #[must_use]
    pub fn new(
        me: LocalIdentity,
        key: Arc<PrivateKey>,
        user: Fingerprint,
        store: Arc<dyn Store>,
    ) -> Self {
        Self {
            me,
            key,
            user,
            store,
            listen: None,
            peers: BTreeMap::new(),
            near: Vec::new(),
            ips: Vec::new(),
            limits: Limits::default(),
            receipts: false,
            room: Room::default(),
            upkeep: Duration::from_secs(60),
            system: System::real(),
        }
    }

    /// Where other nodes come in. Without it the node only dials.
    #[must_use]
    pub fn with_listen(self, address: Address) -> Self {
        Self { listen: Some(address), ..self }
    }

    /// Where another node is, beside what it publishes.
    #[must_use]
    pub fn with_peer(mut self, node: Fingerprint, address: Address) -> Self {
        self.peers.entry(node).or_default().push(address);
        self
    }

    /// The networks around this node: there it dials no published address of another user's node
    /// (N35). Loopback and private networks count without being named.
    #[must_use]
    pub fn with_near(self, near: Vec<Prefix>) -> Self {
        Self { near, ..self }
    }

    /// The addresses that the node publishes, `a.b.c.d:port` or `[v6]:port` (N35).
    #[must_use]
    pub fn with_published(self, ips: Vec<String>) -> Self {
        Self { ips, ..self }
    }

    /// Other limits than those of N51: slow carriers take hours (N37).
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Says to senders that their messages were opened, 10 to 120 minutes later (N41).
    #[must_use]
    pub fn with_receipts(self) -> Self {
        Self { receipts: true, ..self }
    }

    /// How many octets of each other user's content are kept, in place of 1 GiB (N51).
    #[must_use]
    pub fn with_share(mut self, octets: u64) -> Self {
        self.room.author = octets;
        self
    }

    /// The disk on which this directory is keeps a tenth free: content of others is evicted (N51).
    #[must_use]
    pub fn with_disk(mut self, directory: impl Into<PathBuf>) -> Self {
        self.room.disk = Some(directory.into());
        self
    }

    /// How often the node looks for what is due (receipts, room; sixty times as long for renewals), in
    /// place of a minute.
    #[must_use]
    pub fn with_upkeep(self, pause: Duration) -> Self {
        Self { upkeep: pause, ..self }
    }

    /// Another clock than the system's, for tests: [`None`] is one that cannot be read.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Option<Timestamp> + Send + Sync + 'static) -> Self {
        Self { system: System::new(clock), ..self }
    }

    pub(crate) fn into_state(self) -> Result<(State, Rest), Error> {
        let mut book = Book::new(self.user.clone(), self.peers, self.near);
        book.set_networks(own_networks());
        let keys = (self.me, self.key);
        let state = State::new(keys, self.user, self.store, (book, self.system, self.receipts))?;
        let Self { listen, limits, ips, room, upkeep, .. } = self;
        Ok((state, Rest { listen, limits, ips, room, upkeep }))
    }
}

/// What a node needs only to start.
pub(crate) struct Rest {
    pub(crate) listen: Option<Address>,
    pub(crate) limits: Limits,
    pub(crate) ips: Vec<String>,
    pub(crate) room: Room,
    pub(crate) upkeep: Duration,
}

/// Begins the journal of a node in an empty store: its user's identity, a trust of the user in the
/// node, what that rests on, and the node's own identity (N21, N43).
///
/// # Errors
/// [`Error::NotAdmitted`] for the first resource that is not admitted;
/// [`sdmp_store::Error::FirstLines`] without the user's identity or the trust, and what else the store
/// says. Nothing is written where the first lines are missing.
pub fn begin(
    store: &dyn Store,
    user: &Fingerprint,
    first: Vec<Resource>,
    now: Timestamp,
) -> Result<(), Error> {
    let candidates = first.into_iter().map(Candidate::new).collect();
    let appended = store.append(Append::new(user.clone(), now, candidates))?;
    for judged in appended.judged {
        if !matches!(judged.verdict, Verdict::Admit { .. } | Verdict::Known) {
            return Err(Error::NotAdmitted(Box::new(judged.verdict)));
        }
    }
    Ok(())
}
