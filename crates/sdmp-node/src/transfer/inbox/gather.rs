//! Files that come in pieces: only what was verified is written.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sdmp_container::{Fingerprint, Identifier};

use super::super::parts::{self, storage};
use super::super::pieces::{Entry, GROUP, Kind, PIECE, Tally, Whole, hashes};
use super::super::refusal::Refusal;
use super::super::under_way;
use super::{Charge, Inbox, place};
use crate::file::open_regular;

/// What becomes of an announced entry.
#[derive(Debug)]
pub(in super::super) enum Found {
    /// The directory is there.
    Directory(PathBuf),
    /// Octets are to follow.
    File(Box<Gathering>),
}

/// A file that comes in pieces.
#[derive(Debug)]
pub(in super::super) struct Gathering {
    inbox: Inbox,
    entry: Entry,
    target: PathBuf,
    partial: PathBuf,
    /// The unfinished file, or the one of this name where that may be the same already.
    file: File,
    present: bool,
    /// What is there of an earlier attempt; not verified yet.
    held: u64,
    tally: Tally,
    charge: Charge,
    /// A list of fewer hashes than fit was the last.
    last: bool,
    under_way: Option<under_way::Entry>,
    peer: Fingerprint,
}

impl Inbox {
    /// Decides about an announced entry, and finds what is there of it.
    pub(in super::super) fn gather(
        &self,
        entry: &Entry,
        peer: &Fingerprint,
    ) -> Result<Found, Refusal> {
        if entry.size.is_some_and(|size| size > self.rules.max_size) {
            return Err(Refusal::Size);
        }
        let target = place::target(&self.directory, &entry.path)?;
        if entry.kind == Kind::Directory {
            place::make_directory(&target)?;
            let opened = File::open(&target).map_err(|error| storage(&error))?;
            // Its owner goes on to write here, whatever the mode at the sender is.
            place::describe(&opened, entry, 0o700, self.rules.keep_modes)?;
            return Ok(Found::Directory(target));
        }
        let there = place::there(&target)?;
        let same_size = there.as_ref().is_some_and(|there| Some(there.len()) == entry.size);
        if there.is_some() && !same_size && !self.rules.force {
            return Err(Refusal::Exists);
        }
        let charge = self.quota.charge(peer, entry.size.unwrap_or_default())?;
        let partial = parts::path_of_entry(&self.directory, entry, peer);
        let (file, under_way, held) = if same_size {
            let (file, there) = open_regular(&target).map_err(|error| storage(&error))?;
            (file, None, there.len())
        } else {
            let (file, under_way) = self.part(&partial, entry, peer)?;
            let there = file.metadata().map_err(|error| storage(&error))?.len();
            let piece = u64::try_from(PIECE).unwrap_or(u64::MAX);
            (file, Some(under_way), there.min(entry.size.unwrap_or(u64::MAX)) / piece * piece)
        };
        Ok(Found::File(Box::new(Gathering {
            inbox: self.clone(),
            entry: entry.clone(),
            target,
            partial,
            file,
            present: same_size,
            held,
            tally: Tally::default(),
            charge,
            last: false,
            under_way,
            peer: peer.clone(),
        })))
    }

    /// Where the octets of an announced entry gather.
    pub(in super::super) fn partial_of_entry(&self, entry: &Entry, peer: &Fingerprint) -> PathBuf {
        parts::path_of_entry(&self.directory, entry, peer)
    }

    /// Opens an unfinished file, for which there must be room.
    fn part(
        &self,
        partial: &Path,
        entry: &Entry,
        peer: &Fingerprint,
    ) -> Result<(File, under_way::Entry), Refusal> {
        if fs::symlink_metadata(partial).is_err() {
            self.reserve(entry.size.unwrap_or_default())?;
        }
        let file = parts::open(partial)?;
        Ok((file, self.under_way.enter(partial, peer)))
    }
}

impl Gathering {
    /// How many octets are there of an earlier attempt.
    pub(in super::super) fn held(&self) -> u64 {
        self.held
    }

    /// How many octets are there and verified.
    pub(in super::super) fn verified(&self) -> u64 {
        self.tally.size()
    }

    /// What is told of its progress, and ready when the same peer sends the file anew.
    pub(in super::super) fn under_way(&mut self) -> Option<under_way::Entry> {
        self.under_way.take()
    }

    /// Compares what is there with what the sender says. What is not the same is not used: the file starts
    /// at its beginning.
    pub(in super::super) fn compare(&mut self, from: &Whole) -> Result<(), Refusal> {
        let failed = |error: std::io::Error| storage(&error);
        self.file.rewind().map_err(failed)?;
        self.tally = Tally::of(&mut self.file, self.held).map_err(failed)?;
        if from.size > 0 && self.tally.whole() == *from && from.size == self.held {
            if !self.present {
                // What stands behind the last whole piece was not verified.
                self.file.set_len(self.held).map_err(failed)?;
                self.file.seek(SeekFrom::Start(self.held)).map_err(failed)?;
            }
            return Ok(());
        }
        self.tally = Tally::default();
        if self.present {
            // Another file of this name.
            if !self.inbox.rules.force {
                return Err(Refusal::Exists);
            }
            let (file, under_way) = self.inbox.part(&self.partial, &self.entry, &self.peer)?;
            (self.file, self.under_way, self.present) = (file, Some(under_way), false);
        }
        self.file.set_len(0).map_err(failed)?;
        self.file.rewind().map_err(failed)
    }

    /// Whether so many octets more may come before the next list of hashes.
    pub(in super::super) fn may_take(&self, gathered: usize) -> Result<(), Refusal> {
        let gathered = u64::try_from(gathered).unwrap_or(u64::MAX);
        let size = self.tally.size().saturating_add(gathered);
        if self.present && gathered > 0 {
            return Err(Refusal::Size);
        }
        let most = self.entry.size.unwrap_or(self.inbox.rules.max_size);
        if size > most { Err(Refusal::Size) } else { Ok(()) }
    }

    /// Takes the octets of up to eight pieces, if they have these hashes.
    pub(in super::super) fn take(
        &mut self,
        octets: &[u8],
        announced: &[Identifier],
    ) -> Result<(), Refusal> {
        let pieces = octets.len().div_ceil(PIECE);
        if self.last || pieces == 0 || pieces != announced.len() {
            return Err(Refusal::Order);
        }
        let hashes = hashes(octets);
        let same = hashes.iter().zip(announced).all(|(ours, theirs)| ours == theirs.as_octets());
        if !same {
            return Err(self.discard());
        }
        if self.entry.size.is_none() {
            let octets = u64::try_from(octets.len()).unwrap_or(u64::MAX);
            self.charge.add(octets)?;
            self.inbox.reserve(octets)?;
        }
        self.file.write_all(octets).map_err(|error| storage(&error))?;
        self.tally.add(&hashes, octets.len());
        self.last = octets.len() < GROUP;
        Ok(())
    }

    /// Removes what came: it is of a file that is no more, or not what its sender says.
    pub(in super::super) fn discard(&self) -> Refusal {
        if !self.present {
            drop(fs::remove_file(&self.partial));
        }
        Refusal::Mismatch
    }

    /// Gives the file its name, once everything is there and right.
    pub(in super::super) fn finish(self, whole: &Whole) -> Result<PathBuf, Refusal> {
        let Self { inbox, entry, target, partial, file, present, tally, charge, .. } = self;
        let ours = tally.whole();
        if entry.size.is_some_and(|size| size != ours.size) || ours.size != whole.size {
            return Err(Refusal::Size);
        }
        if ours.hash != whole.hash {
            drop(fs::remove_file(&partial));
            return Err(Refusal::Mismatch);
        }
        if !present {
            place::describe(&file, &entry, 0, inbox.rules.keep_modes)?;
            place::name(&file, &partial, &target, inbox.rules.force)?;
            charge.keep();
        }
        Ok(target)
    }
}
