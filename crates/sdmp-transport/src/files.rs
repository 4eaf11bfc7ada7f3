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

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sdmp_crypto::random::{Random, SystemRandom};
use sdmp_handshake::SessionLimits;
use tokio::time::sleep;
use tracing::debug;

use crate::carrier::{Carrier, CarrierLimits, Chunk, Halves, ObjectReceiver, ObjectSender};
use crate::listener::{Acceptor, Incoming, Source};

/// How often a directory is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// Room for a line feed and what white space a carrier may add.
const AROUND: usize = 64;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A session's files as a carrier.
#[derive(Debug)]
pub struct Files(FilesSender);

impl Carrier for Files {
    /// Writing to a disk does not wait for the peer.
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        let session = Arc::clone(&self.0.session);
        (Box::new(self.0), Box::new(FilesReceiver { session, next: 0, limits }))
    }
}

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
pub fn dial(directory: impl AsRef<Path>) -> io::Result<Files> {
    let mut name = [0; 16];
    SystemRandom::new().fill(&mut name).map_err(|_| io::ErrorKind::Other)?;
    let name: String = name.iter().map(|octet| format!("{octet:02x}")).collect();
    let path = directory.as_ref().join(name);
    fs::create_dir(&path)?;
    Ok(open(path, 'i', 'r'))
}

fn open(path: PathBuf, own: char, other: char) -> Files {
    let session = Arc::new(Session {
        path,
        own,
        other,
        sent_end: AtomicBool::new(false),
        received_end: AtomicBool::new(false),
    });
    Files(FilesSender { session, next: 0 })
}

/// What both halves share: the place, and who has ended.
#[derive(Debug)]
struct Session {
    path: PathBuf,
    own: char,
    other: char,
    sent_end: AtomicBool,
    received_end: AtomicBool,
}

impl Session {
    fn file(&self, side: char, number: u64, suffix: &str) -> PathBuf {
        self.path.join(format!("{side}-{number:08}.{suffix}"))
    }

    /// Whether the peer has taken everything that we sent.
    fn is_drained(&self) -> bool {
        fs::read_dir(&self.path).is_ok_and(|entries| {
            entries.flatten().all(|entry| {
                !entry.file_name().to_string_lossy().starts_with(&format!("{}-", self.own))
            })
        })
    }
}

impl Drop for Session {
    /// The side that leaves last takes the directory with it.
    fn drop(&mut self) {
        let over =
            self.sent_end.load(Ordering::Acquire) && self.received_end.load(Ordering::Acquire);
        if over && self.is_drained() {
            // Who cannot remove it leaves rubbish, and nothing worse.
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

#[derive(Debug)]
struct FilesSender {
    session: Arc<Session>,
    next: u64,
}

impl FilesSender {
    fn write(&mut self, object: &[u8], suffix: &str) -> io::Result<()> {
        let temporary =
            self.session.path.join(format!(".{}-{:08}.tmp", self.session.own, self.next));
        let mut file = fs::File::create(&temporary)?;
        file.write_all(object)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, self.session.file(self.session.own, self.next, suffix))?;
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        if self.session.sent_end.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.write(b"", "end")
    }
}

impl Drop for FilesSender {
    /// A peer that waits for hours is told of a cut at once, where that is still possible.
    fn drop(&mut self) {
        drop(self.end());
    }
}

#[async_trait]
impl ObjectSender for FilesSender {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        self.write(object, "json")
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.end()
    }
}

#[derive(Debug)]
struct FilesReceiver {
    session: Arc<Session>,
    next: u64,
    limits: CarrierLimits,
}

impl FilesReceiver {
    /// Without a pause, so that a caller who gives up waiting cannot lose what was read.
    fn take(&mut self) -> io::Result<Option<Chunk>> {
        let session = &self.session;
        let file = session.file(session.other, self.next, "json");
        if let Some(object) = read_whole(&file, self.limits.object_octets())? {
            fs::remove_file(&file)?;
            self.next = self.next.saturating_add(1);
            return Ok(Some(Chunk::Object(object)));
        }
        let end = session.file(session.other, self.next, "end");
        if read_whole(&end, self.limits.object_octets())?.is_some() {
            fs::remove_file(&end)?;
            session.received_end.store(true, Ordering::Release);
            return Ok(Some(Chunk::End));
        }
        if session.path.is_dir() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

#[async_trait]
impl ObjectReceiver for FilesReceiver {
    async fn receive(&mut self) -> io::Result<Chunk> {
        loop {
            if let Some(received) = self.take()? {
                return Ok(received);
            }
            sleep(PAUSE).await;
        }
    }
}

/// A file's content without its line feed; `None` while it is missing or still being copied.
fn read_whole(path: &Path, longest: usize) -> io::Result<Option<Bytes>> {
    let most = u64::try_from(longest.saturating_add(AROUND)).unwrap_or(u64::MAX);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !metadata.is_file() || metadata.len() > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut object = Vec::new();
    // It may have grown since it was looked at.
    file.take(most).read_to_end(&mut object)?;
    if object.pop() != Some(b'\n') {
        return Ok(None);
    }
    Ok(Some(object.into()))
}

/// A directory where sessions come in.
#[derive(Debug)]
pub struct FilesAcceptor {
    directory: PathBuf,
}

impl FilesAcceptor {
    /// Listens on a directory, which must exist. Sessions that an earlier listener had taken are
    /// set aside: their secrets died with it.
    ///
    /// # Errors
    /// Those of the system: no such directory, no permission.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let acceptor = Self { directory: directory.into() };
        for path in acceptor.sessions()? {
            if path.join("taken").exists() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let aside = acceptor.directory.join(format!("aside-{name}"));
                // A synchronised folder may bring back what was set aside before. `taken` keeps it
                // from being taken up in any case.
                if !aside.exists() {
                    fs::rename(&path, aside)?;
                }
            }
        }
        Ok(acceptor)
    }

    /// The directories that are named like sessions.
    fn sessions(&self) -> io::Result<Vec<PathBuf>> {
        let mut sessions = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_session = name.to_str().is_some_and(|name| {
                name.len() == 32 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
            });
            if is_session && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                sessions.push(entry.path());
            }
        }
        sessions.sort();
        Ok(sessions)
    }

    /// Takes a session that waits, if there is one.
    fn take(&self) -> io::Result<Option<Files>> {
        for path in self.sessions()? {
            if !path.join("i-00000000.json").exists() {
                continue;
            }
            match fs::File::create_new(path.join("taken")) {
                Ok(_) => return Ok(Some(open(path, 'r', 'i'))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                // One session that cannot be taken must not keep others waiting.
                Err(error) => debug!(kind = %error.kind(), "a session cannot be taken"),
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Acceptor for FilesAcceptor {
    async fn next(&mut self) -> io::Result<Incoming> {
        loop {
            if let Some(files) = self.take()? {
                return Ok(Incoming::ready(files, Source::Local));
            }
            sleep(PAUSE).await;
        }
    }
}
