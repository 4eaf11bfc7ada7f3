//! What all parts of a running node share: keys, store, clock and addresses.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sdmp_container::{Authorization, Fingerprint, Identifier, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::authority::KeyState;
use sdmp_journal::exchange::Sender;
use sdmp_journal::sealed::Receipts;
use sdmp_journal::sync::{self, Library};
use sdmp_journal::{Author, Authority, Clock, Code, Connect, Head, Line, LineId, connect};
use sdmp_store::{Snapshot, Store};
use sdmp_transport::clock::wall_time;

use super::book::Book;
use super::metrics::Counters;
use super::news::Told;
use crate::Error;

/// The state of a node.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) me: LocalIdentity,
    /// The node's private key: what is sealed for the node opens with it.
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) node: Fingerprint,
    pub(crate) user: Fingerprint,
    pub(crate) store: Arc<dyn Store>,
    /// What happened that is not in the store.
    pub(crate) told: Told,
    pub(crate) counters: Counters,
    /// What the last signature of an exchange object took, in microseconds (N33).
    pub(crate) signature: AtomicU64,
    clock: Mutex<Clock>,
    book: Mutex<Book>,
    /// Receipts, if they are switched on (N41).
    receipts: Option<Mutex<Receipts>>,
    system: System,
}

/// The system's clock, or what stands for it.
#[derive(Clone)]
pub(crate) struct System(Arc<dyn Fn() -> Option<Timestamp> + Send + Sync>);

impl System {
    pub(crate) fn real() -> Self {
        Self::new(|| wall_time().ok())
    }

    pub(crate) fn new(clock: impl Fn() -> Option<Timestamp> + Send + Sync + 'static) -> Self {
        Self(Arc::new(clock))
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("System")
    }
}

impl State {
    pub(crate) fn new(
        (me, key): (LocalIdentity, Arc<PrivateKey>),
        user: Fingerprint,
        store: Arc<dyn Store>,
        (mut book, system, receipts): (Book, System, bool),
    ) -> Result<Self, Error> {
        let snapshot = store.snapshot()?;
        book.read_all(&*snapshot)?;
        let now = (system.0)().ok_or(Code::ClockBack).map_err(rule)?;
        let clock = Mutex::new(Clock::start(snapshot.clock(), now));
        drop(snapshot);
        let node = me.identity().fingerprint().clone();
        Ok(Self {
            me,
            key,
            node,
            user,
            store,
            told: Told::new(now),
            counters: Counters::default(),
            signature: AtomicU64::new(0),
            clock,
            book: Mutex::new(book),
            receipts: receipts.then(Mutex::default),
            system,
        })
    }

    /// What the system's clock says.
    pub(crate) fn system_time(&self) -> Result<Timestamp, Error> {
        (self.system.0)().ok_or(Code::ClockBack).map_err(rule)
    }

    /// The receipts that are planned, if they are switched on.
    pub(crate) fn receipts(&self) -> Option<MutexGuard<'_, Receipts>> {
        let receipts = self.receipts.as_ref()?;
        Some(receipts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time for everything but appends (N2).
    pub(crate) fn now(&self) -> Result<Timestamp, Error> {
        let system = self.system_time()?;
        self.clock().now(system).map_err(rule)
    }

    /// A time for a new resource: never the same twice (N4).
    pub(crate) fn stamp(&self) -> Result<Timestamp, Error> {
        let system = self.system_time()?;
        self.clock().stamp(system).map_err(rule)
    }

    /// The time of an append.
    pub(crate) fn time_to_append(&self) -> Result<Timestamp, sdmp_store::Error> {
        let system = self.system_time().map_err(|_| sdmp_store::Error::Clock(Code::ClockBack))?;
        self.clock().time_to_append(system).map_err(sdmp_store::Error::Clock)
    }

    /// Asks one consistent state of the node at one time.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> Result<T, Error> {
        let now = self.now()?;
        let snapshot = self.store.snapshot()?;
        let book = self.book();
        let shelf = Shelf { snapshot: &*snapshot, book: &book, node: &self.node };
        let found = look(&View { shelf, node: &self.node, user: &self.user, now });
        // What a failed lookup answered is not to be used.
        snapshot.check()?;
        Ok(found)
    }

    /// Who signs for the user, by a trust that is live and gives `what`.
    pub(crate) fn author(
        &self,
        what: Authorization,
        doing: &'static str,
    ) -> Result<Author<'_>, Error> {
        let trust = self.look(|view| view.own_trust(what))?;
        let trust = trust.ok_or(Error::NotAllowed(doing))?;
        Ok(Author::of_node(&self.me, self.user.clone(), trust))
    }

    /// Who sends exchange objects: the node's newest trust, or line 3 (N25).
    pub(crate) fn sender(&self) -> Result<Sender, Error> {
        let (node, user) = (self.me.clone(), self.user.clone());
        let trust = self.look(|view| view.newest_trust())?.ok_or(Error::NotAllowed("send"))?;
        Ok(Sender { node, user, trust })
    }
}

fn rule(code: Code) -> Error {
    Error::Rule(code.into())
}

/// One state of the node at one time.
pub(crate) struct View<'s> {
    pub(crate) shelf: Shelf<'s>,
    pub(crate) node: &'s Fingerprint,
    pub(crate) user: &'s Fingerprint,
    pub(crate) now: Timestamp,
}

impl<'s> View<'s> {
    pub(crate) fn guide(&self) -> sync::Snapshot<'_, dyn Snapshot + 's, Shelf<'s>> {
        let Self { shelf, node, user, now } = self;
        sync::Snapshot { view: shelf.snapshot, library: shelf, node, user, now: *now }
    }

    pub(crate) fn snapshot(&self) -> &'s (dyn Snapshot + 's) {
        self.shelf.snapshot
    }

    pub(crate) fn authority(&self) -> Authority<'s, dyn Snapshot + 's> {
        Authority::new(self.shelf.snapshot, self.now)
    }

    /// Whether this node may have a session with another (N17).
    pub(crate) fn may_connect(&self, peer: &Fingerprint) -> bool {
        let connect = connect(self.snapshot(), self.now, (self.user, self.node), peer);
        !matches!(connect, Connect::No(_))
    }

    /// The known identity of a key, as sessions take it (N17).
    pub(crate) fn identity(&self, key: &Fingerprint) -> Option<Identity> {
        let state: KeyState = self.authority().key_state(key)?;
        let fact = state.identity();
        Identity::create(&fact.key, fact.kind, fact.expires).ok()
    }

    fn own_trust(&self, what: Authorization) -> Option<Identifier> {
        let trusts = self.snapshot().trusts(self.user, self.node);
        let gives = trusts.iter().filter(|trust| trust.grants.has(what));
        let live = gives.filter(|trust| self.authority().check_trust(trust).is_ok());
        live.max_by_key(|trust| trust.meta.line).map(|trust| trust.meta.id.clone())
    }

    fn newest_trust(&self) -> Option<Identifier> {
        let trusts = self.snapshot().trusts(self.user, self.node);
        trusts.iter().max_by_key(|trust| trust.meta.line).map(|trust| trust.meta.id.clone())
    }
}

/// Journal and texts of the store, addresses of the book.
pub(crate) struct Shelf<'s> {
    snapshot: &'s (dyn Snapshot + 's),
    book: &'s Book,
    node: &'s Fingerprint,
}

impl Shelf<'_> {
    /// The resource that says how a node is reached.
    pub(crate) fn address(&self, node: &Fingerprint) -> Option<Identifier> {
        self.book.resource(node)
    }
}

impl Library for Shelf<'_> {
    fn head(&self) -> Head {
        self.snapshot.head()
    }

    fn lines(&self, since: &LineId, limit: usize) -> Option<Vec<Line>> {
        self.snapshot.lines(since, limit)
    }

    fn text(&self, id: &Identifier) -> Option<Arc<str>> {
        self.snapshot.text(id)
    }

    fn has_address(&self, node: &Fingerprint) -> bool {
        // The own one is what it publishes: others dial nothing else.
        if node == self.node { self.book.is_published(node) } else { self.book.has(node) }
    }
}
