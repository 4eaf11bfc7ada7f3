//! The engine for simulations and tests: ordered maps, nothing on a disk.

mod room;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use sdmp_container::ResourceName;
use sdmp_journal::sync::{Next, PeerRow, Want};
use sdmp_journal::view::Known;
use sdmp_journal::{
    Admit, Fingerprint, Head, Identifier, Kind, Line, LineId, Resource, Timestamp, View,
};

use crate::contract::{
    Append, Appended, Changes, Event, Gone, Kept, Lease, Opening, Snapshot, Store, What,
};
use crate::{Error, Faults, contract, lock, plan};
use snapshot::MemorySnapshot;

/// A store in memory. What it holds is gone with it.
///
/// ```
/// use sdmp_journal::Fingerprint;
/// use sdmp_store::{Memory, Store};
///
/// let store = Memory::new(Fingerprint::from_octets([1; 64]));
/// assert_eq!(store.snapshot()?.head().count(), 1, "line 1 is the node itself (N21)");
/// # Ok::<(), sdmp_store::Error>(())
/// ```
#[derive(Debug)]
pub struct Memory {
    inner: Arc<Mutex<Arc<Inner>>>,
    faults: Faults,
}

#[derive(Clone, Debug)]
struct Inner {
    node: Fingerprint,
    known: Known,
    head: Head,
    clock: Option<Timestamp>,
    /// From line 2 on.
    lines: Vec<Line>,
    numbers: BTreeMap<LineId, usize>,
    texts: BTreeMap<Identifier, Text>,
    /// The `node` resources of each signer: when they say they were made, and whether with address.
    addresses: BTreeMap<Fingerprint, BTreeMap<(Option<Timestamp>, Identifier), bool>>,
    peers: BTreeMap<Fingerprint, PeerRow>,
    wants: BTreeMap<ResourceName, Want>,
    /// The process and fence of each peer's session, and when its lease ends.
    sessions: BTreeMap<Fingerprint, (String, u64, Timestamp)>,
    /// Wants that a process asks for, and until when.
    leased: BTreeMap<ResourceName, Timestamp>,
    opened: BTreeMap<Identifier, Option<Identifier>>,
    shown: BTreeSet<Identifier>,
    blocked: BTreeSet<Fingerprint>,
    events: Vec<(Identifier, What)>,
}

#[derive(Clone, Debug)]
struct Text {
    gone: Gone,
    text: Option<Arc<str>>,
}

impl Memory {
    /// An empty store of this node.
    #[must_use]
    pub fn new(node: Fingerprint) -> Self {
        let inner = Inner {
            head: Head::new(&node),
            node,
            known: Known::new(),
            clock: None,
            lines: Vec::new(),
            numbers: BTreeMap::new(),
            texts: BTreeMap::new(),
            addresses: BTreeMap::new(),
            peers: BTreeMap::new(),
            wants: BTreeMap::new(),
            sessions: BTreeMap::new(),
            leased: BTreeMap::new(),
            opened: BTreeMap::new(),
            shown: BTreeSet::new(),
            blocked: BTreeSet::new(),
            events: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(Arc::new(inner))), faults: Faults::none() }
    }

    /// With faults to order.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// A copy, as a restored or cloned store is one (N24, N47). It has no faults.
    #[must_use]
    pub fn copy(&self) -> Self {
        let inner = Arc::new(Mutex::new(Arc::clone(&self.lock())));
        Self { inner, faults: Faults::none() }
    }

    /// The same state once more, as after a restart, with these faults.
    #[must_use]
    pub fn reopen(&self, faults: Faults) -> Self {
        Self { inner: Arc::clone(&self.inner), faults }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Inner>> {
        lock(&self.inner)
    }

    /// Changes the state; faults come before anything has changed, so that nothing remains of them.
    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> Result<T, Error> {
        let mut inner = self.lock();
        for step in ["begin", "row", "commit"] {
            self.faults.at(step)?;
        }
        // Snapshots keep the old value: readers never wait, and never see half of a change.
        Ok(change(Arc::make_mut(&mut inner)))
    }
}

impl Store for Memory {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        Ok(Box::new(MemorySnapshot(Arc::clone(&self.lock()))))
    }

    fn append(&self, append: Append) -> Result<Appended, Error> {
        let mut inner = self.lock();
        self.faults.at("begin")?;
        let state = &**inner;
        let plan::Plan { rows, appended, now } =
            // Judged before anything is changed, so that a fault leaves the store as it was.
            plan::plan(append, &state.known, &state.head, state.clock, &state.node)?;
        for _ in &rows {
            self.faults.at("row")?;
        }
        for step in ["head", "commit"] {
            self.faults.at(step)?;
        }
        let inner = Arc::make_mut(&mut inner);
        for row in rows {
            inner.insert(row);
        }
        inner.head = appended.head.clone();
        inner.clock = Some(now);
        Ok(appended)
    }

    fn keep(&self, changes: Changes) -> Result<(), Error> {
        self.change(|inner| inner.keep(changes))
    }

    fn keep_held(&self, changes: Changes, held: &[(Fingerprint, u64)]) -> Result<(), Error> {
        self.change(|inner| {
            let is_held = |peer| {
                let fence = inner.sessions.get(peer).map(|(_, fence, _)| *fence);
                held.iter().any(|(key, held)| key == peer && Some(*held) == fence)
            };
            if !changes.peers.iter().all(|(peer, _)| is_held(peer)) {
                return Err(Error::Fenced);
            }
            inner.keep(changes);
            Ok(())
        })?
    }

    fn lease_peer(
        &self,
        peer: &Fingerprint,
        lease: &Lease,
        fence: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        self.change(|inner| {
            let found = inner.sessions.get(peer);
            let may = match (fence, found) {
                (None, None) => true,
                (None, Some((process, _, until))) => {
                    *process == lease.process || *until <= lease.now
                }
                (Some(_), None) => false,
                (Some(fence), Some((process, found, _))) => {
                    *process == lease.process && *found == fence
                }
            };
            let last = found.map_or(0, |(_, fence, _)| *fence);
            let fence = fence.unwrap_or_else(|| last.saturating_add(1));
            if may {
                let session = (lease.process.clone(), fence, lease.until);
                inner.sessions.insert(peer.clone(), session);
            }
            may.then_some(fence)
        })
    }

    fn take_wants(&self, lease: &Lease, limit: usize) -> Result<Vec<ResourceName>, Error> {
        self.change(|inner| {
            let is_free = |name| inner.leased.get(name).is_none_or(|until| *until <= lease.now);
            let is_due = |want: &Want| matches!(want.next, Next::Due(due) if due <= lease.now);
            let mut due: Vec<(bool, u64, ResourceName)> = inner
                .wants
                .iter()
                .filter(|(name, want)| is_due(want) && is_free(*name))
                .map(|(name, want)| (!want.urgent, want.order, name.clone()))
                .collect();
            due.sort();
            let taken: Vec<ResourceName> =
                due.into_iter().take(limit).map(|(_, _, name)| name).collect();
            inner.leased.extend(taken.iter().map(|name| (name.clone(), lease.until)));
            taken
        })
    }

    fn reindex(&self, _: &[(u64, Resource)]) -> Result<(), Error> {
        // The indexes are made of the texts as they are admitted, and nothing else can change them.
        self.change(|_| ())
    }

    fn kept(&self) -> Result<Kept, Error> {
        let inner = self.lock();
        Ok(Kept {
            peers: inner.peers.iter().map(|(peer, row)| (peer.clone(), row.clone())).collect(),
            wants: inner.wants.iter().map(|(name, want)| (name.clone(), want.clone())).collect(),
        })
    }

    fn give_up(&self, ids: &[Identifier], reason: Gone) -> Result<usize, Error> {
        self.change(|inner| ids.iter().filter(|id| inner.take_text(id, reason)).count())
    }

    fn block(&self, author: &Fingerprint, blocked: bool) -> Result<usize, Error> {
        self.change(|inner| {
            if !blocked {
                inner.blocked.remove(author);
                return 0;
            }
            inner.blocked.insert(author.clone());
            let lines = inner.lines.iter().filter(|line| line.author == *author);
            // Collected first, since taking a text changes what is walked.
            let ids: Vec<Identifier> = lines.map(|line| line.id.clone()).collect();
            ids.iter().filter(|id| inner.take_text(id, Gone::Blocked)).count()
        })
    }

    fn restore_text(&self, resource: &Resource) -> Result<bool, Error> {
        self.change(|inner| {
            let signer = inner.known.meta(resource.id()).map(|meta| meta.signer);
            let Some(text) = inner.texts.get_mut(resource.id()) else { return false };
            if signer.as_ref() != Some(resource.signer())
                || matches!(text.gone, Gone::Here | Gone::Elsewhere)
            {
                return false;
            }
            *text = Text { gone: Gone::Here, text: Some(resource.text().into()) };
            inner.events.push((resource.id().clone(), What::Back));
            true
        })
    }

    fn opened(&self, id: &Identifier, result: Opening) -> Result<bool, Error> {
        if !self.lock().texts.contains_key(id) {
            return Err(Error::Damaged("a resource that was opened is not known"));
        }
        self.change(|inner| {
            let (is_new, shown) = match result {
                Opening::Failed(_) => (true, None),
                Opening::Shown(sealed) => {
                    let again = inner.opened.get(id) == Some(&Some(sealed.clone()));
                    let is_new = inner.shown.insert(sealed.clone()) || again;
                    (is_new, Some(sealed).filter(|_| is_new))
                }
            };
            let what = if shown.is_some() { What::Shown } else { What::NotShown };
            let before = inner.opened.insert(id.clone(), shown.clone()).flatten();
            if let Some(before) = before.filter(|before| Some(before) != shown.as_ref()) {
                inner.shown.remove(&before);
            }
            inner.events.push((id.clone(), what));
            is_new
        })
    }

    fn unopened(&self, limit: usize) -> Result<Vec<Identifier>, Error> {
        let inner = self.lock();
        let sealed = |line: &&Line| {
            inner.known.meta(&line.id).is_some_and(|meta| meta.kind == Kind::Encrypted)
                && inner.texts.get(&line.id).is_some_and(|text| text.gone == Gone::Here)
                && !inner.opened.contains_key(&line.id)
        };
        let newest = inner.lines.iter().rev().filter(sealed);
        Ok(newest.take(limit).map(|line| line.id.clone()).collect())
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let inner = self.lock();
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        let numbered = (1..).zip(&inner.events).skip(skipped).take(limit);
        Ok(numbered
            .map(|(number, (id, what))| Event { number, id: id.clone(), what: *what })
            .collect())
    }

    fn last_event(&self) -> Result<u64, Error> {
        Ok(u64::try_from(self.lock().events.len()).unwrap_or(u64::MAX))
    }

    fn shown(&self, before: Option<u64>, limit: usize) -> Result<Vec<(u64, Identifier)>, Error> {
        Ok(self.lock().shown(before, limit))
    }

    fn octets(&self) -> Result<Vec<(Fingerprint, u64)>, Error> {
        Ok(self.lock().octets())
    }

    fn first_to_go(
        &self,
        author: &Fingerprint,
        limit: usize,
    ) -> Result<Vec<(Identifier, u64)>, Error> {
        Ok(self.lock().first_to_go(author, limit))
    }
}

impl Inner {
    fn keep(&mut self, changes: Changes) {
        self.peers.extend(changes.peers);
        for (name, want) in changes.wants {
            self.leased.remove(&name);
            match want {
                Some(want) => drop(self.wants.insert(name, contract::kept_form(&want))),
                None => drop(self.wants.remove(&name)),
            }
        }
    }

    fn insert(&mut self, row: plan::Row) {
        let (kind, user, signer, id, created) = {
            let meta = row.fact.meta();
            (meta.kind, &meta.user, meta.signer.clone(), meta.id.clone(), meta.created)
        };
        let blocked = !kind.is_control() && self.blocked.contains(user);
        let text = match blocked {
            true => Text { gone: Gone::Blocked, text: None },
            false => Text { gone: Gone::Here, text: Some(row.text) },
        };
        if kind == Kind::Node {
            let of_signer = self.addresses.entry(signer).or_default();
            of_signer.insert((created, id.clone()), row.has_address);
        }
        self.numbers.insert(row.line.lid, self.lines.len());
        self.lines.push(row.line);
        self.texts.insert(id.clone(), text);
        self.events.push((id, What::Admitted));
        self.known.admit(row.fact);
    }

    /// Gives up a text of content that is here.
    fn take_text(&mut self, id: &Identifier, reason: Gone) -> bool {
        let is_content = self.known.meta(id).is_some_and(|meta| !meta.kind.is_control());
        let Some(text) = self.texts.get_mut(id).filter(|text| text.gone == Gone::Here) else {
            return false;
        };
        if is_content {
            *text = Text { gone: reason, text: None };
            self.events.push((id.clone(), What::Gone(reason)));
        }
        is_content
    }
}
