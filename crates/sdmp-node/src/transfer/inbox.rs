//! The directory that files arrive in: nothing leaves it, nothing in it is replaced unasked, and
//! what bears a file's name is that whole file.
//!
//! Octets gather in a hidden file that outlives an interruption: a sender of the same file
//! goes on where it stopped. Only when the SHA-512 is right and the octets are on the disk does the
//! file get its name. All of it is readable by its owner only.

mod gather;
mod place;
mod quota;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sdmp_container::Fingerprint;
use sdmp_crypto::hash::Sha512;
use tokio::sync::Notify;

use super::message::Announced;
use super::name;
use super::parts::{self, make_room, storage};
use super::refusal::Refusal;
use super::under_way::{Entry, UnderWay};
use crate::error::Error;
use crate::file::{Draft, make_one_private_directory, open_regular};
pub(super) use gather::{Found, Gathering};
use quota::{Charge, Quota};

/// How much is read at once to hash what is there already.
const BLOCK: usize = 256 * 1024;

/// What an [`Inbox`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Whether files of the same name are replaced: no.
    pub force: bool,
    /// The largest file in octets: 32 GiB.
    pub max_size: u64,
    /// How many octets all unfinished files may take: 64 GiB. Older ones are removed for newer ones.
    pub max_unfinished: u64,
    /// How many octets one peer may leave here as long as the inbox is open: no limit.
    pub max_per_peer: u64,
    /// Whether files get the permissions of the group and of others that they have at the sender: no.
    pub keep_modes: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            force: false,
            max_size: 32 << 30,
            max_unfinished: 64 << 30,
            max_per_peer: u64::MAX,
            keep_modes: false,
        }
    }
}

impl Rules {
    /// Replaces files of the same name, or not.
    #[must_use]
    pub fn with_force(self, force: bool) -> Self {
        Self { force, ..self }
    }

    /// Takes files up to this size in octets, and as many unfinished ones as make twice that.
    #[must_use]
    pub fn with_max_size(self, max_size: u64) -> Self {
        Self { max_size, max_unfinished: max_size.saturating_mul(2), ..self }
    }

    /// Lets all unfinished files together take so many octets.
    #[must_use]
    pub fn with_max_unfinished(self, max_unfinished: u64) -> Self {
        Self { max_unfinished, ..self }
    }

    /// Lets one peer leave so many octets here as long as the inbox is open.
    #[must_use]
    pub fn with_max_per_peer(self, max_per_peer: u64) -> Self {
        Self { max_per_peer, ..self }
    }

    /// Gives files the permissions of the group and of others that they have at the sender, or not.
    #[must_use]
    pub fn with_keep_modes(self, keep_modes: bool) -> Self {
        Self { keep_modes, ..self }
    }
}

/// The directory and its rules. Clones share what is under way.
///
/// ```
/// use sdmp_node::transfer::{Event, Inbox, Outgoing, Patience, Rules, receive, send};
/// use sdmp_transport::{accept, connect, memory};
/// use std::ops::ControlFlow;
/// # #[tokio::main(flavor = "multi_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use sdmp_handshake::Profile;
/// # use sdmp_testkit::{nodes, pair};
/// # let config = |own: fn() -> _, peer: fn() -> _| pair::config(&own(), &[&peer()], Profile::Hardened);
/// # let (alice, bob) = (config(nodes::alice, nodes::bob), config(nodes::bob, nodes::alice));
/// # let directory = tempfile::tempdir()?;
/// # let (letter, arrived) = (directory.path().join("letter.txt"), directory.path().join("inbox"));
///
/// std::fs::write(&letter, "hello")?;
/// let files = Outgoing::check_all(&[&letter])?;
/// let inbox = Inbox::open(&arrived, Rules::default().with_max_size(1 << 20))?;
///
/// let (one, other) = memory::pair(4);
/// let (alice, bob) = tokio::try_join!(connect(one, alice), accept(other, bob))?;
/// let (quiet, silent) =
///     (&mut |_: Event<'_>| ControlFlow::Continue(()), &mut |_: Event<'_>| ControlFlow::Continue(()));
/// let (sent, received) = tokio::try_join!(
///     send(alice, &files, Patience::default(), quiet),
///     receive(bob, &inbox, Patience::default(), silent),
/// )?;
/// assert_eq!((sent.stored, received.stored), (1, 1));
/// assert_eq!(std::fs::read_to_string(arrived.join("letter.txt"))?, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Inbox {
    directory: PathBuf,
    rules: Rules,
    under_way: UnderWay,
    /// No more than what unfinished files take; looked at anew when it would exceed the quota.
    unfinished: Arc<Mutex<u64>>,
    quota: Quota,
}

/// What becomes of an announced file.
#[derive(Debug)]
pub(super) enum Begun {
    /// The very same file is there under this name.
    Present(PathBuf),
    Incoming(Box<Incoming>),
}

/// A file that is being received.
#[derive(Debug)]
pub(super) struct Incoming {
    file: File,
    hash: Sha512,
    held: u64,
    announced: Announced,
    partial: PathBuf,
    target: PathBuf,
    force: bool,
    entry: Entry,
    charge: Charge,
}

impl Inbox {
    /// Opens a directory that can be written to; makes it, with mode 0700, if only its last
    /// component is missing. Removes unfinished files that were not continued for a week.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(directory: &Path, rules: Rules) -> Result<Self, Error> {
        let failed = |error: io::Error| {
            Error::io(format!("cannot use the directory {}", directory.display()), &error)
        };
        match make_one_private_directory(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
        // Resolved once: a link that changes later must not lead files elsewhere.
        let directory = fs::canonicalize(directory).map_err(failed)?;
        if !directory.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        // Better now than for each file that a peer sends.
        drop(Draft::write(&directory.join("sdmp"), "").map_err(failed)?);
        let unfinished = make_room(&directory, 0, rules.max_unfinished).unwrap_or(u64::MAX);
        let unfinished = Arc::new(Mutex::new(unfinished));
        let quota = Quota::new(rules.max_per_peer);
        Ok(Self { directory, rules, under_way: UnderWay::default(), unfinished, quota })
    }

    /// Decides about an announced file, and finds what is there of it.
    pub(super) fn begin(
        &self,
        announced: &Announced,
        peer: &Fingerprint,
    ) -> Result<Begun, Refusal> {
        // First of all: everything below builds paths from this name.
        name::check(&announced.name).map_err(|_| Refusal::Name)?;
        if announced.size > self.rules.max_size {
            return Err(Refusal::Size);
        }
        let target = self.directory.join(&announced.name);
        match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(storage(&error)),
            // Never through a link, and never over a directory or device, even with `force`.
            Ok(there) if !there.is_file() => return Err(Refusal::Exists),
            Ok(there) => {
                let same_size = there.len() == announced.size;
                // Hashing is expensive, so the size is compared first.
                if same_size
                    && hash_of(&target).is_ok_and(|hash| hash == *announced.hash.as_octets())
                {
                    return Ok(Begun::Present(target));
                }
                if !self.rules.force {
                    return Err(Refusal::Exists);
                }
            }
        }
        self.incoming(announced, target, peer).map(|incoming| Begun::Incoming(Box::new(incoming)))
    }

    fn incoming(
        &self,
        announced: &Announced,
        target: PathBuf,
        peer: &Fingerprint,
    ) -> Result<Incoming, Refusal> {
        let partial = parts::path(&self.directory, announced);
        let charge = self.quota.charge(peer, announced.size)?;
        // A continued file has its room already.
        if fs::symlink_metadata(&partial).is_err() {
            self.reserve(announced.size)?;
        }
        let file = parts::open(&partial)?;
        let mut incoming = Incoming {
            file,
            hash: Sha512::new(),
            held: 0,
            announced: announced.clone(),
            entry: self.under_way.enter(&partial, peer),
            partial,
            target,
            force: self.rules.force,
            charge,
        };
        incoming.hash_what_is_there().map_err(|error| storage(&error))?;
        if incoming.held > announced.size {
            // Nothing of ours: start again.
            incoming.restart().map_err(|error| storage(&error))?;
        }
        Ok(incoming)
    }

    /// Finds room for a file of this size among the unfinished ones.
    fn reserve(&self, size: u64) -> Result<(), Refusal> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if unfinished.saturating_add(size) > self.rules.max_unfinished {
            // What was counted may be finished or gone meanwhile.
            *unfinished = make_room(&self.directory, size, self.rules.max_unfinished)
                .ok_or_else(|| Refusal::Storage("too much is unfinished already".to_owned()))?;
        }
        *unfinished = unfinished.saturating_add(size);
        Ok(())
    }

    /// Makes a transfer of the same file end whose sender was silent, if this peer began it; then
    /// [`begin`](Self::begin) can be tried again.
    pub(super) fn supersede(&self, partial: &Path, peer: &Fingerprint) -> bool {
        self.under_way.supersede(partial, peer)
    }

    /// Where the octets of an announced file gather.
    pub(super) fn partial(&self, announced: &Announced) -> PathBuf {
        parts::path(&self.directory, announced)
    }
}

impl Incoming {
    /// How many octets are there.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Ready when the same peer sends the file anew over another session.
    pub(super) fn superseded(&self) -> Arc<Notify> {
        self.entry.superseded()
    }

    /// Takes the next octets.
    pub(super) fn write(&mut self, octets: &[u8]) -> Result<(), Refusal> {
        let length = u64::try_from(octets.len()).map_err(|_| Refusal::Size)?;
        // Checked before writing: a peer must not use more of the disk than it announced.
        let held = self.held.saturating_add(length);
        if held > self.announced.size {
            return Err(Refusal::Size);
        }
        self.file.write_all(octets).map_err(|error| storage(&error))?;
        self.hash.update(octets);
        self.held = held;
        self.entry.heard();
        Ok(())
    }

    /// Gives the file its name, once everything is there and right. What is not right is removed.
    pub(super) fn finish(self) -> Result<PathBuf, Refusal> {
        let Self { file, hash, held, announced, partial, target, force, entry: _entry, charge } =
            self;
        if held != announced.size || hash.finish() != *announced.hash.as_octets() {
            // Kept, it would spoil every later attempt.
            drop(fs::remove_file(&partial));
            return Err(Refusal::Mismatch);
        }
        place::name(&file, &partial, &target, force)?;
        charge.keep();
        Ok(target)
    }

    fn hash_what_is_there(&mut self) -> io::Result<()> {
        let mut block = vec![0; BLOCK];
        loop {
            let read = self.file.read(&mut block)?;
            let Some(octets) = block.get(..read).filter(|octets| !octets.is_empty()) else {
                return Ok(());
            };
            self.hash.update(octets);
            self.held += u64::try_from(read).unwrap_or_default();
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        io::Seek::rewind(&mut self.file)?;
        (self.hash, self.held) = (Sha512::new(), 0);
        Ok(())
    }
}

fn hash_of(path: &Path) -> io::Result<[u8; 64]> {
    let (mut file, _) = open_regular(path)?;
    let mut hash = Sha512::new();
    let mut block = vec![0; BLOCK];
    loop {
        let read = file.read(&mut block)?;
        match block.get(..read).filter(|octets| !octets.is_empty()) {
            Some(octets) => hash.update(octets),
            None => return Ok(hash.finish()),
        }
    }
}
