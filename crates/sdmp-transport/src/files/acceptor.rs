//! A directory where sessions come in.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::time::sleep;
use tracing::debug;

use super::directory::Directory;
use super::job::Job;
use super::{Files, PAUSE, Session, TAKEN, file_name};
use crate::listener::{Acceptor, Incoming, Source};

/// A directory where sessions come in.
#[derive(Debug)]
pub struct FilesAcceptor {
    looking: Arc<Looking>,
    job: Job<io::Result<Option<Files>>>,
}

/// What is looked through, again and again.
#[derive(Debug)]
struct Looking {
    directory: Arc<Directory>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Sessions that were taken, so that abandoned ones cost nothing.
    taken: HashSet<String>,
    /// What the last look found and nothing was tried with yet. One look serves all of them: a look
    /// for each session would make a thousand of them cost a million names.
    waiting: Vec<String>,
}

impl FilesAcceptor {
    /// Listens on a directory, which must exist. Sessions that an earlier listener had taken are
    /// set aside: their secrets died with it.
    ///
    /// # Errors
    /// Those of the system: no such directory, no permission.
    pub async fn bind(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let path = directory.into();
        let mut opening = Job::default();
        let looking = opening.run(move || Looking::start(&path)).await??;
        Ok(Self { looking: Arc::new(looking), job: Job::default() })
    }
}

impl Looking {
    fn start(path: &Path) -> io::Result<Self> {
        let directory = Directory::open(path)?;
        for name in directory.names()?.into_iter().filter(|name| is_session(name)) {
            if directory.enter(&name).is_ok_and(|session| session.has(TAKEN)) {
                let aside = format!("aside-{name}");
                // A synchronised folder may bring back what was set aside before, and others may
                // have put something there. `taken` keeps it from being taken up in any case.
                if !directory.has(&aside)
                    && let Err(error) = directory.rename(&name, &aside)
                {
                    debug!(kind = %error.kind(), "a session of a former listener stays");
                }
            }
        }
        Ok(Self { directory: Arc::new(directory), seen: Mutex::default() })
    }

    /// Takes a session that waits, if there is one.
    fn take(&self) -> io::Result<Option<Files>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.waiting.is_empty() {
            let names = self.directory.names()?.into_iter().filter(|name| is_session(name));
            let names: HashSet<_> = names.collect();
            seen.taken.retain(|name| names.contains(name));
            seen.waiting = names.into_iter().filter(|name| !seen.taken.contains(name)).collect();
        }
        while let Some(name) = seen.waiting.pop() {
            match self.try_take(&name) {
                Ok(None) => {}
                Ok(Some(files)) => {
                    seen.taken.insert(name);
                    return Ok(Some(files));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    seen.taken.insert(name);
                }
                // One session that cannot be taken must not keep others waiting.
                Err(error) => debug!(kind = %error.kind(), "a session cannot be taken"),
            }
        }
        Ok(None)
    }

    fn try_take(&self, name: &str) -> io::Result<Option<Files>> {
        let session = self.directory.enter(name)?;
        // The directory comes before its first object; until then it may still be a half-finished
        // copy.
        if !session.has(&file_name('i', 0, "json")) {
            return Ok(None);
        }
        // Created exclusively, so that of several listeners on one folder only one takes a session.
        session.claim(TAKEN)?;
        let root = Arc::clone(&self.directory);
        Ok(Some(Files::of(Session::new(root, name.to_owned(), session, 'r', 'i'))))
    }
}

fn is_session(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[async_trait]
impl Acceptor for FilesAcceptor {
    async fn next(&mut self) -> io::Result<Incoming> {
        loop {
            let looking = Arc::clone(&self.looking);
            if let Some(files) = self.job.run(move || looking.take()).await?? {
                return Ok(Incoming::ready(files, Source::Local));
            }
            sleep(PAUSE).await;
        }
    }
}
