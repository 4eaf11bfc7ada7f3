//! Who a node is and where: what it starts with.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdmp_container::{Fingerprint, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::LocalIdentity;
use sdmp_journal::sync::{Limits, Prefix};
use sdmp_journal::{Candidate, Resource, Verdict};
use sdmp_store::{Append, Store};

use super::book::Book;
use super::state::State;
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

    pub(crate) fn into_state(self) -> Result<(State, Option<Address>, Limits, Vec<String>), Error> {
        let book = Book::new(self.user.clone(), self.peers, self.near);
        let state = State::new((self.me, self.key), self.user, self.store, book)?;
        Ok((state, self.listen, self.limits, self.ips))
    }
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
