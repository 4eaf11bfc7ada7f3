//! The one thread that writes: it takes what waits and commits it together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use sdmp_container::ResourceName;
use sdmp_journal::{Candidate, Fingerprint, Identifier, Resource};

use super::files::Files;
use super::keys::Keys;
use super::{Failure, Shared, State, kept, leases, room, rows, write};
use crate::contract::{Append, Appended, Changes, Gone, Lease, Opening};
use crate::control::Control;
use crate::objects::Names;
use crate::{Error, Faults, lock, plan};

/// The most calls that one commit takes.
const GROUP: usize = 256;

/// Where an answer goes.
pub(super) type Done<T> = SyncSender<Result<T, Error>>;

/// A writing call.
pub(super) enum Job {
    Append(Append, Names, Done<Appended>),
    Keep(Changes, Done<()>),
    GiveUp(Vec<Identifier>, Gone, Done<usize>),
    Block(Fingerprint, bool, Done<usize>),
    Restore(Box<Resource>, Option<String>, Done<bool>),
    Opened(Identifier, Opening, Done<bool>),
    KeepHeld(Changes, Vec<(Fingerprint, u64)>, Done<()>),
    LeasePeer(Fingerprint, Lease, Option<u64>, Done<Option<u64>>),
    TakeWants(Lease, usize, Done<Vec<ResourceName>>),
    Reindex(Vec<(u64, Resource)>, Done<()>),
}

impl Job {
    /// About how many octets it writes.
    fn octets(&self) -> u64 {
        const ROW: usize = 1024;
        // A text that goes changes the page on which it was.
        const PAGE: usize = 16_384;
        let octets = match self {
            Self::Append(append, _, _) => {
                plan::octets(append).saturating_add(append.candidates.len().saturating_mul(ROW))
            }
            Self::Restore(resource, _, _) => resource.text().len(),
            Self::Keep(changes, _) | Self::KeepHeld(changes, _, _) => {
                changes.wants.len().saturating_mul(ROW)
            }
            Self::GiveUp(ids, _, _) => ids.len().saturating_mul(PAGE),
            Self::Block(..) => write::PART.saturating_mul(PAGE),
            Self::Opened(..) | Self::LeasePeer(..) | Self::TakeWants(..) | Self::Reindex(..) => ROW,
        };
        u64::try_from(octets).unwrap_or(u64::MAX)
    }
}

/// Says how a job ended, once the commit has.
type Tell = Box<dyn FnOnce(Result<(), Error>)>;

/// The writer's side of a store.
pub(super) struct Writing {
    pub(super) db: Connection,
    pub(super) files: Files,
    pub(super) faults: Faults,
}

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(writing: Writing, shared: Arc<Shared>) -> Result<Self, Error> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("sdmp-store".to_owned())
            .spawn(move || {
                let (keys, state) = (Keys::default(), shared.state());
                Loop { writing, keys, state, shared, is_full: false }.run(&waiting);
            })
            .map_err(|error| Error::Engine(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands a call over and waits for its end.
    pub(super) fn call<T>(&self, job: impl FnOnce(Done<T>) -> Job) -> Result<T, Error> {
        let (done, answer) = sync_channel(1);
        let gone = || Error::Engine("the store is closed".to_owned());
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job(done)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Loop {
    writing: Writing,
    keys: Keys,
    /// The state with what the transaction under way has done.
    state: State,
    shared: Arc<Shared>,
    /// A call of this transaction found the disk full.
    is_full: bool,
}

impl Loop {
    fn run(mut self, waiting: &Receiver<Job>) {
        let mut next = None;
        while let Some(first) = next.take().or_else(|| waiting.recv().ok()) {
            let mut octets = first.octets();
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = waiting.try_recv()
            {
                octets = octets.saturating_add(job.octets());
                if octets > self.writing.files.longest_group() {
                    next = Some(job);
                    break;
                }
                group.push(job);
            }
            self.commit(group);
            self.writing.files.checkpoint(&self.writing.db);
        }
        self.writing.files.close(&self.writing.db);
    }

    /// One transaction for all; a call that fails is taken back by itself.
    fn commit(&mut self, group: Vec<Job>) {
        let missing = std::mem::take(&mut *lock(&self.shared.missing));
        let begun = self
            .begin()
            .and_then(|()| write::evict_missing(&self.writing.db, &missing).map_err(Error::from));
        let mut tells: Vec<Tell> = Vec::new();
        let mut is_failed = begun.err();
        for job in group {
            match &is_failed {
                Some(error) => tells.push(refusal(job, error.clone())),
                None => match self.do_job(job) {
                    (tell, None) => tells.push(tell),
                    (tell, Some(error)) => {
                        tells.push(tell);
                        is_failed = Some(error);
                    }
                },
            }
        }
        let result = match is_failed {
            Some(error) => Err(error),
            None => self.end(),
        };
        match &result {
            Ok(()) => *lock(&self.shared.state) = self.state.clone(),
            Err(_) => {
                lock(&self.shared.missing).extend(missing);
                self.take_back();
            }
        }
        if self.is_full || result == Err(Error::Full) {
            self.is_full = false;
            self.writing.files.give_reserve();
        } else {
            self.writing.files.has_room();
        }
        for tell in tells {
            tell(result.clone());
        }
    }

    fn begin(&mut self) -> Result<(), Error> {
        if !self.writing.files.has_log(&self.writing.db) {
            return Err(Error::Busy);
        }
        self.writing.faults.at("begin")?;
        self.run_sql("BEGIN IMMEDIATE")
    }

    fn end(&mut self) -> Result<(), Error> {
        self.writing.faults.at("commit")?;
        self.run_sql("COMMIT")?;
        // It is durable, whatever a test orders here; only the process can still end.
        drop(self.writing.faults.at("committed"));
        Ok(())
    }

    /// A statement that each transaction has.
    fn run_sql(&self, sql: &'static str) -> Result<(), Error> {
        let ran = self.writing.db.prepare_cached(sql).and_then(|mut cached| cached.execute([]));
        ran.map(drop).map_err(|error| Failure::from(error).into())
    }

    fn take_back(&mut self) {
        // Fails where SQLite has done it already.
        drop(self.writing.db.execute_batch("ROLLBACK"));
        self.keys.clear();
        self.state = self.shared.state();
    }

    /// Does one call behind a savepoint. The second value is a failure of the whole transaction.
    fn do_job(&mut self, job: Job) -> (Tell, Option<Error>) {
        match job {
            Job::Append(append, names, done) => self.within(done, |this| {
                let is_content = |one: &Candidate| !one.resource().kind().is_control();
                this.check_room(append.candidates.iter().any(is_content))?;
                let Writing { db, faults, .. } = &this.writing;
                write::append(db, &mut this.keys, &mut this.state, append, &names, faults)
            }),
            Job::Keep(changes, done) => {
                self.within(done, |this| kept::keep(&this.writing.db, &mut this.keys, &changes))
            }
            Job::GiveUp(ids, reason, done) => {
                self.within(done, |this| write::give_up(&this.writing.db, &ids, reason))
            }
            Job::Block(author, blocked, done) => self.within(done, |this| {
                write::block(&this.writing.db, &mut this.keys, &author, blocked)
            }),
            Job::Restore(resource, name, done) => self.within(done, |this| {
                this.check_room(true)?;
                write::restore(&this.writing.db, &resource, name.as_deref())
            }),
            Job::Opened(id, result, done) => {
                self.within(done, |this| write::opened(&this.writing.db, &id, &result))
            }
            Job::KeepHeld(changes, held, done) => self.within(done, |this| {
                leases::check(&this.writing.db, &changes, &held)?;
                kept::keep(&this.writing.db, &mut this.keys, &changes)
            }),
            Job::LeasePeer(peer, lease, fence, done) => self.within(done, |this| {
                leases::lease_peer(&this.writing.db, &mut this.keys, &peer, &lease, fence)
            }),
            Job::TakeWants(lease, limit, done) => {
                self.within(done, |this| leases::take_wants(&this.writing.db, &lease, limit))
            }
            Job::Reindex(resources, done) => self.within(done, |this| {
                let db = &this.writing.db;
                for (line, resource) in &resources {
                    rows::reindex(db, &mut this.keys, *line, resource)?;
                }
                room::recount(db)?;
                this.state.control = Control::of(rows::control(db)?);
                Ok(())
            }),
        }
    }

    /// N49: while the reserve is given away, content is not written.
    fn check_room(&mut self, is_content: bool) -> Result<(), Error> {
        if is_content && !self.writing.files.has_room() { Err(Error::Full) } else { Ok(()) }
    }

    fn within<T: 'static>(
        &mut self,
        done: Done<T>,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> (Tell, Option<Error>) {
        let before = self.state.clone();
        let begun = self.run_sql("SAVEPOINT job");
        match begun.and_then(|()| work(self).map_err(Error::from)) {
            Ok(value) => {
                let failed = self.run_sql("RELEASE job").err();
                (tell(done, Ok(value)), failed)
            }
            Err(error) => {
                self.state = before;
                self.is_full |= error == Error::Full;
                self.keys.clear();
                let back = self.writing.db.execute_batch("ROLLBACK TO job; RELEASE job");
                // Where the disk is full SQLite may have ended the whole transaction.
                let failed = back.err().map(|_| error.clone());
                (tell(done, Err(error)), failed)
            }
        }
    }
}

/// The call's own error comes before that of the commit.
fn tell<T: 'static>(done: Done<T>, own: Result<T, Error>) -> Tell {
    Box::new(move |commit| {
        let result = own.and_then(|value| commit.map(|()| value));
        // The caller may have gone: nothing to report then.
        drop(done.send(result));
    })
}

fn refusal(job: Job, error: Error) -> Tell {
    match job {
        Job::Append(_, _, done) => tell(done, Err(error)),
        Job::Keep(_, done) | Job::KeepHeld(_, _, done) | Job::Reindex(_, done) => {
            tell(done, Err(error))
        }
        Job::GiveUp(_, _, done) | Job::Block(_, _, done) => tell(done, Err(error)),
        Job::Restore(_, _, done) | Job::Opened(_, _, done) => tell(done, Err(error)),
        Job::LeasePeer(_, _, _, done) => tell(done, Err(error)),
        Job::TakeWants(_, _, done) => tell(done, Err(error)),
    }
}
