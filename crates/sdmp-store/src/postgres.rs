//! The engine for a node that runs as several processes: a schema of a PostgreSQL server.
//!
//! One process **admits**: it holds an advisory lock of the server, for as long as its connection
//! lives, and each time another process takes that lock the *fence* in the head grows. A transaction
//! that writes the journal compares it, so what a process writes that was paused, or lost its
//! connection, is refused (`store.fenced`). A process takes the lock when it is free and something is to
//! be written; so if the one that admits ends, the next call of another goes on from the head.
//!
//! The others fetch, verify and serve. What they have verified goes to the [inbox](Postgres::hand_over)
//! of the one that admits; [`Postgres::listen`] tells of what others have written. Cursors and wants
//! are written by all, under leases.
//!
//! The server is reached without TLS: by a socket of the operating system, by loopback, or by a network
//! that is encrypted already.

mod inbox;
mod journal;
mod kept;
mod leases;
mod link;
mod open;
mod options;
mod room;
mod rows;
mod snapshot;
mod texts;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sdmp_journal::{Fingerprint, Head, Identifier, Resource, Timestamp};

use crate::contract::{
    Append, Appended, Changes, Event, Gone, Kept, Lease, Opening, Snapshot, Store,
};
use crate::control::Control;
use crate::{Error, lock, plan};
pub use inbox::{Handed, Listener};
use link::{Failure, Link};
pub use options::Options;
use snapshot::PostgresSnapshot;

/// The version of the tables that this program writes.
pub const VERSION: i64 = 2;

/// How many connections look things up; more threads than these share them.
const READERS: usize = 4;

/// A store in PostgreSQL. Several processes may have it open; one of them admits.
#[derive(Debug)]
pub struct Postgres {
    shared: Arc<Shared>,
    writing: Mutex<Writing>,
}

/// What snapshots and calls share.
#[derive(Debug)]
struct Shared {
    options: Options,
    /// What this process has read of the journal. Lines never change, so it is only ever behind.
    state: Mutex<State>,
    readers: [Mutex<Option<Arc<Link>>>; READERS],
    next_reader: AtomicUsize,
}

#[derive(Clone, Debug)]
struct State {
    control: Control,
    head: Head,
    clock: Option<Timestamp>,
}

/// The connection that writes. The advisory lock is its own: with the connection it is gone.
#[derive(Debug, Default)]
struct Writing {
    link: Option<Arc<Link>>,
    /// The fence with which this process admits, if it does.
    fence: Option<i64>,
}

impl Shared {
    fn connect(&self) -> Result<Arc<Link>, Error> {
        Link::connect(&self.options.config, &self.options.schema, None).map(Arc::new)
    }

    /// A connection for lookups, made again if it was lost.
    fn reader(&self) -> Result<Arc<Link>, Error> {
        let number = self.next_reader.fetch_add(1, Ordering::Relaxed) % READERS;
        let Some(place) = self.readers.get(number) else { return self.connect() };
        let mut place = lock(place);
        if let Some(link) = place.as_ref().filter(|link| !link.is_closed()) {
            return Ok(Arc::clone(link));
        }
        let link = self.connect()?;
        *place = Some(Arc::clone(&link));
        Ok(link)
    }

    fn read<T>(&self, read: impl FnOnce(&Link) -> Result<T, Failure>) -> Result<T, Error> {
        read(&*self.reader()?).map_err(Error::from)
    }

    /// The state at a head, with the control that came since this process looked last.
    fn state_at(&self, link: &Link, row: &open::HeadRow) -> Result<State, Failure> {
        let mut state = lock(&self.state).clone();
        let (from, to) = (state.head.count(), row.head.count());
        if to < from {
            // Another server, or one that has lost what it had: nothing is to be made of that.
            return Err(Error::Damaged("the journal is shorter than it was").into());
        }
        if from < to {
            state.control.admit(rows::control(link, from, to)?);
        }
        (state.head, state.clock) = (row.head.clone(), row.clock);
        let mut shared = lock(&self.state);
        if shared.head.count() <= to {
            *shared = state.clone();
        }
        Ok(state)
    }
}

impl Writing {
    fn link(&mut self, shared: &Shared) -> Result<Arc<Link>, Error> {
        if let Some(link) = self.link.as_ref().filter(|link| !link.is_closed()) {
            return Ok(Arc::clone(link));
        }
        (self.link, self.fence) = (None, None);
        let link = shared.connect()?;
        self.link = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Takes the lock of the one process that admits, if it is free.
    fn admit(&mut self, shared: &Shared) -> Result<i64, Error> {
        let link = self.link(shared)?;
        if let Some(fence) = self.fence {
            return Ok(fence);
        }
        let taken = link
            .row(
                "SELECT pg_try_advisory_lock('head'::regclass::oid::bigint + 7021800360943616000)",
                &[],
            )
            .map(|row| row.is_some_and(|row| row.get(0)));
        if !taken.map_err(Error::from)? {
            return Err(Error::Fenced);
        }
        let fence = link
            .row("UPDATE head SET fence = fence + 1 RETURNING fence", &[])
            .map(|row| row.map_or(0, |row| row.get(0)));
        match fence {
            Ok(fence) => {
                self.fence = Some(fence);
                Ok(fence)
            }
            Err(failure) => {
                // With the connection the lock goes as well.
                self.link = None;
                Err(failure.into())
            }
        }
    }
}

impl Drop for Writing {
    /// Another process, or this one when it opens the store again, admits at once.
    fn drop(&mut self) {
        if let (Some(link), Some(_)) = (self.link.take(), self.fence) {
            link.unlock();
        }
    }
}

/// Who may make a writing call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The process that admits.
    Admitting,
    /// Any.
    All,
}

impl Postgres {
    /// Opens the store, or makes its schema: runs migrations, compares the tokens (N47), reads the
    /// control. The journal is not scanned, and nothing is locked: see [`Postgres::admits`].
    ///
    /// # Errors
    /// [`Error::Away`], [`Error::Newer`], [`Error::Token`], [`Error::OtherNode`], [`Error::Damaged`].
    pub fn open(options: &Options) -> Result<Self, Error> {
        let state =
            State { control: Control::of(Vec::new()), head: Head::new(&options.node), clock: None };
        let shared = Shared {
            options: options.clone(),
            state: Mutex::new(state),
            readers: Default::default(),
            next_reader: AtomicUsize::new(0),
        };
        let link = shared.reader()?;
        open::prepare(&link, options)?;
        let row = open::head(&link, false).map_err(Error::from)?;
        shared.state_at(&link, &row).map_err(Error::from)?;
        Ok(Self { shared: Arc::new(shared), writing: Mutex::default() })
    }

    /// Whether this process admits; if no process does, this one does from now on, until it ends or
    /// its connection is lost.
    ///
    /// # Errors
    /// [`Error::Away`], or what the server says.
    pub fn admits(&self) -> Result<bool, Error> {
        match lock(&self.writing).admit(&self.shared) {
            Ok(_) => Ok(true),
            Err(Error::Fenced) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// One transaction that writes. All such transactions of a node, of whatever process, come one
    /// after the other: they begin by locking the head.
    fn write<T>(
        &self,
        who: Who,
        work: impl FnOnce(&Link, &mut State) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let mut writing = lock(&self.writing);
        let fence = match who {
            Who::Admitting => Some(writing.admit(&self.shared)?),
            Who::All => None,
        };
        let link = writing.link(&self.shared)?;
        let faults = &self.shared.options.faults;
        faults.at("begin")?;
        let result = open::in_transaction(&link, |link| {
            let row = open::head(link, true)?;
            if fence.is_some_and(|fence| fence != row.fence) {
                return Err(Error::Fenced.into());
            }
            let mut state = self.shared.state_at(link, &row)?;
            let value = work(link, &mut state)?;
            faults.at("commit")?;
            link.rows("SELECT pg_notify(current_schema(), '')", &[])?;
            Ok((value, state))
        });
        match result {
            Ok((value, state)) => {
                // It is durable, whatever a test orders here; only the process can still end.
                drop(faults.at("committed"));
                *lock(&self.shared.state) = state;
                Ok(value)
            }
            Err(failure) => {
                let error = Error::from(failure);
                if error == Error::Fenced {
                    // The lock is another's by now, and this connection is not to hold one of old.
                    writing.link = None;
                }
                Err(error)
            }
        }
    }
}

impl Store for Postgres {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, Error> {
        let link = self.shared.reader()?;
        let state = open::head(&link, false).and_then(|row| self.shared.state_at(&link, &row));
        let state = state.map_err(Error::from)?;
        let node = self.shared.options.node.clone();
        Ok(Box::new(PostgresSnapshot::new(node, state, link)))
    }

    fn append(&self, mut append: Append) -> Result<Appended, Error> {
        let options = &self.shared.options;
        let control = lock(&self.shared.state).control.clone();
        plan::verify(&mut append, &control);
        self.write(Who::Admitting, |link, state| {
            journal::append(link, state, append, &options.node, &options.faults)
        })
    }

    fn keep(&self, changes: Changes) -> Result<(), Error> {
        self.write(Who::All, |link, _| kept::keep(link, &changes))
    }

    fn keep_held(&self, changes: Changes, held: &[(Fingerprint, u64)]) -> Result<(), Error> {
        self.write(Who::All, |link, _| {
            leases::check(link, &changes, held)?;
            kept::keep(link, &changes)
        })
    }

    fn lease_peer(
        &self,
        peer: &Fingerprint,
        lease: &Lease,
        fence: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        self.write(Who::All, |link, _| leases::lease_peer(link, peer, lease, fence))
    }

    fn take_wants(
        &self,
        lease: &Lease,
        limit: usize,
    ) -> Result<Vec<sdmp_container::ResourceName>, Error> {
        self.write(Who::All, |link, _| leases::take_wants(link, lease, limit))
    }

    fn kept(&self) -> Result<Kept, Error> {
        self.shared.read(kept::load)
    }

    fn give_up(&self, ids: &[Identifier], reason: Gone) -> Result<usize, Error> {
        self.write(Who::Admitting, |link, _| texts::give_up(link, ids, reason))
    }

    fn block(&self, author: &Fingerprint, blocked: bool) -> Result<usize, Error> {
        self.write(Who::Admitting, |link, _| texts::block(link, author, blocked))
    }

    fn restore_text(&self, resource: &Resource) -> Result<bool, Error> {
        self.write(Who::Admitting, |link, _| texts::restore(link, resource))
    }

    fn opened(&self, id: &Identifier, result: Opening) -> Result<bool, Error> {
        self.write(Who::Admitting, |link, _| texts::opened(link, id, &result))
    }

    fn unopened(&self, limit: usize) -> Result<Vec<Identifier>, Error> {
        self.shared.read(|link| texts::unopened(link, limit))
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, Error> {
        self.shared.read(|link| texts::events(link, after, limit))
    }

    fn last_event(&self) -> Result<u64, Error> {
        self.shared.read(room::last_event)
    }

    fn shown(&self, before: Option<u64>, limit: usize) -> Result<Vec<(u64, Identifier)>, Error> {
        self.shared.read(|link| room::shown(link, before, limit))
    }

    fn octets(&self) -> Result<Vec<(Fingerprint, u64)>, Error> {
        self.shared.read(room::octets)
    }

    fn first_to_go(
        &self,
        author: &Fingerprint,
        limit: usize,
    ) -> Result<Vec<(Identifier, u64)>, Error> {
        self.shared.read(|link| room::first_to_go(link, author, limit))
    }

    fn reindex(&self, resources: &[(u64, Resource)]) -> Result<(), Error> {
        self.write(Who::Admitting, |link, state| {
            for (line, resource) in resources {
                rows::reindex(link, *line, resource)?;
            }
            state.control = Control::of(rows::control(link, 0, state.head.count())?);
            Ok(())
        })
    }
}
