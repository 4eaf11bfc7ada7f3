//! A directory as a carrier: one object a file, for folders that are synchronised or carried about
//! on a stick.
//!
//! ```text
//! DIR/SESSION/i-00000000.json   objects of the initiator, in order
//! DIR/SESSION/r-00000000.json   objects of the responder
//! DIR/SESSION/i-00000007.end    the initiator sends nothing more
//! DIR/SESSION/taken             a listener has taken this session
//! DIR/aside-SESSION             what a listener that died left behind
//! ```
//!
//! SESSION is 32 random hexadecimal digits, so a side that starts again starts a new session, and
//! what its former self left is never mistaken for it. Files appear whole (a rename), end with a
//! line feed (so that one that is still being copied is told apart), and are removed once read.
//! Files of any other name, and of numbers that are past, are left alone. Only sealed objects and
//! public values are ever written.
//!
//! Others may write to the directory: see `Directory` for what that cannot do.

mod acceptor;
mod directory;
mod job;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sdmp_handshake::SessionLimits;
use tokio::time::sleep;

pub use self::acceptor::FilesAcceptor;
use self::directory::{Directory, random_name};
use self::job::Job;
use crate::carrier::{Carrier, CarrierLimits, Chunk, Halves, ObjectReceiver, ObjectSender};

/// How often a directory is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// The file that says that a listener has taken a session.
const TAKEN: &str = "taken";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Time limits for a carrier that takes hours: everything else stays as R42 says.
#[must_use]
pub fn limits() -> SessionLimits {
    SessionLimits {
        first_message: 12 * HOUR,
        handshake: 24 * HOUR,
        write_stall: HOUR,
        ..SessionLimits::default()
    }
}

/// Begins a new session in a directory, which must exist.
///
/// # Errors
/// Those of the system: no such directory, no permission.
pub async fn dial(directory: impl AsRef<Path>) -> io::Result<Files> {
    let path = directory.as_ref().to_owned();
    let begin = move || {
        let directory = Directory::open(&path)?;
        let name = random_name()?;
        let session = directory.create(&name)?;
        Ok(Files::of(Session::new(Arc::new(directory), name, session, 'i', 'r')))
    };
    Job::default().run(begin).await?
}

/// A session's files as a carrier.
#[derive(Debug)]
pub struct Files(Sender);

impl Files {
    fn of(session: Session) -> Self {
        Self(Sender { session: Arc::new(session), next: 0, job: Job::default() })
    }
}

impl Carrier for Files {
    /// Writing to a disk does not wait for the peer.
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        let session = Arc::clone(&self.0.session);
        (Box::new(self.0), Box::new(Receiver { session, next: 0, limits, job: Job::default() }))
    }
}

fn file_name(side: char, number: u64, suffix: &str) -> String {
    format!("{side}-{number:08}.{suffix}")
}

/// Whether a session's files have such names.
fn is_of_session(name: &str) -> bool {
    let numbered = name.split_once('.').is_some_and(|(stem, suffix)| {
        let number = stem.strip_prefix("i-").or_else(|| stem.strip_prefix("r-"));
        matches!(suffix, "json" | "end")
            && number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
    });
    numbered || name == TAKEN
}

/// What both halves share: the place, and who has ended.
#[derive(Debug)]
struct Session {
    root: Arc<Directory>,
    name: String,
    directory: Directory,
    own: char,
    other: char,
    sent_end: AtomicBool,
    received_end: AtomicBool,
}

impl Session {
    fn new(
        root: Arc<Directory>,
        name: String,
        directory: Directory,
        own: char,
        other: char,
    ) -> Self {
        let (sent_end, received_end) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { root, name, directory, own, other, sent_end, received_end }
    }

    /// Says that we send nothing more, once.
    fn end(&self, next: u64) -> io::Result<()> {
        // Called by `finish` and again when dropped; the file is written once.
        if self.sent_end.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.directory.write(&file_name(self.own, next, "end"), b"")
    }

    /// The peer's object or end of that number, if it is there.
    fn take(&self, number: u64, longest: usize) -> io::Result<Option<Chunk>> {
        let file = file_name(self.other, number, "json");
        if let Some(object) = self.directory.read(&file, longest)? {
            self.directory.remove(&file);
            return Ok(Some(Chunk::Object(object)));
        }
        let end = file_name(self.other, number, "end");
        if self.directory.read(&end, longest)?.is_some() {
            self.directory.remove(&end);
            self.received_end.store(true, Ordering::Release);
            return Ok(Some(Chunk::End));
        }
        // Gone, set aside by a listener that started again, or another one in its place.
        if !self.root.holds(&self.name, &self.directory) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(None)
    }

    /// The side that leaves last takes the directory with it, unless something foreign is in it.
    fn clear(&self) {
        let Ok(names) = self.directory.names() else { return };
        let of = |side: char| names.iter().any(|name| name.starts_with(&format!("{side}-")));
        if of(self.own) {
            // The peer has not taken everything that we sent.
            return;
        }
        if self.root.holds(&self.name, &self.directory) {
            for name in names.iter().filter(|name| is_of_session(name)) {
                self.directory.remove(name);
            }
            self.root.remove_directory(&self.name);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let is_over =
            self.sent_end.load(Ordering::Acquire) && self.received_end.load(Ordering::Acquire);
        if is_over {
            self.clear();
        }
    }
}

#[derive(Debug)]
struct Sender {
    session: Arc<Session>,
    next: u64,
    job: Job<io::Result<()>>,
}

impl Drop for Sender {
    /// A peer that waits for hours is told of a cut at once, where that is still possible. These are
    /// a few short calls, and a task for them might never run when the program ends.
    fn drop(&mut self) {
        // A sender that is dropped has to end its stream, or the peer would wait for hours.
        drop(self.session.end(self.next));
    }
}

#[async_trait]
impl ObjectSender for Sender {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        let (session, object) = (Arc::clone(&self.session), object.to_vec());
        let name = file_name(session.own, self.next, "json");
        self.next = self.next.saturating_add(1);
        self.job.run(move || session.directory.write(&name, &object)).await?
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn finish(&mut self) -> io::Result<()> {
        let (session, next) = (Arc::clone(&self.session), self.next);
        self.job.run(move || session.end(next)).await?
    }
}

#[derive(Debug)]
struct Receiver {
    session: Arc<Session>,
    next: u64,
    limits: CarrierLimits,
    job: Job<io::Result<Option<Chunk>>>,
}

#[async_trait]
impl ObjectReceiver for Receiver {
    async fn receive(&mut self) -> io::Result<Chunk> {
        loop {
            let (session, next) = (Arc::clone(&self.session), self.next);
            let longest = self.limits.object_octets();
            if let Some(chunk) = self.job.run(move || session.take(next, longest)).await?? {
                self.next = self.next.saturating_add(1);
                return Ok(chunk);
            }
            // Polled: folders that other programs synchronise give no reliable notifications.
            sleep(PAUSE).await;
        }
    }
}
