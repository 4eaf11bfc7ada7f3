//! Files whose pieces are hashed while they come (schema `pieces`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Container, Identifier};
use sdmp_transport::stream;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::inbox::{Found, Gathering};
use super::super::message::Answer;
use super::super::pieces::{Entry, GROUP, Said, Whole};
use super::super::refusal::Refusal;
use super::super::under_way;
use super::super::watch::{Event, Item, tell};
use super::taking::Taking;
use crate::blocking::blocking;
use crate::error::Error;

/// What became of an entry.
pub(super) enum Outcome {
    Stored(PathBuf, Option<Whole>),
    Refused(Refusal),
    /// The rest comes over another session.
    Paused,
}

/// What comes of a file.
enum Came {
    Octets(Vec<u8>),
    Hashes(Vec<Identifier>),
    Whole(Whole),
    Pause,
    /// The sender gave up.
    End,
}

impl Came {
    fn read(container: &Container) -> Option<Self> {
        if let Some((octets, end)) = stream::decode(container) {
            return match (octets.is_empty(), end) {
                (_, false) => Some(Self::Octets(octets)),
                (true, true) => Some(Self::End),
                (false, true) => None,
            };
        }
        match Said::read(container)? {
            Said::Hashes(hashes) => Some(Self::Hashes(hashes)),
            Said::Whole(whole) => Some(Self::Whole(whole)),
            Said::Pause => Some(Self::Pause),
            Said::Greeting { .. } | Said::Entry(_) | Said::From(_) => None,
        }
    }
}

impl Taking<'_> {
    /// Takes a file or directory, or refuses it; only what ends the session is an error.
    pub(super) async fn take_entry(
        &mut self,
        entry: &Entry,
        about: &Identifier,
    ) -> Result<Outcome, Error> {
        if let Err(refusal) = self.offered(entry)? {
            return self.refuse(about, refusal).await.map(Outcome::Refused);
        }
        let (inbox, peer) = (self.inbox, self.peer.clone());
        let partial = inbox.partial_of_entry(entry, &peer);
        let mut gathering = match self.begin(&partial, || inbox.gather(entry, &peer)).await {
            Err(refusal) => return self.refuse(about, refusal).await.map(Outcome::Refused),
            Ok(Found::Directory(path)) => {
                self.answer(about, Answer::Holds(0)).await?;
                return Ok(Outcome::Stored(path, None));
            }
            Ok(Found::File(gathering)) => gathering,
        };
        self.answer(about, Answer::Holds(gathering.held())).await?;
        if gathering.held() > 0 {
            if let Err(refusal) = self.compared(&mut gathering).await? {
                return self.refuse(about, refusal).await.map(Outcome::Refused);
            }
            self.answer(about, Answer::Holds(gathering.verified())).await?;
        }
        let name = entry.name();
        let (file, offset) = (Item::entry(entry, &name), gathering.verified());
        tell(self.watch, Event::Began { file, offset })?;
        // Input of unknown size comes as slowly as it is made.
        let limit = entry.size.map_or(self.patience.idle, |_| self.patience.silence);
        self.gathered(gathering, about, limit).await
    }

    /// Lets the sender say what the octets that are held should be.
    async fn compared(&mut self, gathering: &mut Gathering) -> Result<Result<(), Refusal>, Error> {
        // The sender reads as much as is held.
        let limit = self.patience.silence.max(self.patience.answer_after(gathering.held()));
        let container = self.more(limit).await?;
        match Said::read(&container) {
            Some(Said::From(from)) => Ok(blocking(|| gathering.compare(&from))),
            // It cannot read it any more.
            None if matches!(Came::read(&container), Some(Came::End)) => Ok(Err(Refusal::Mismatch)),
            _ => Err(Error::NotATransfer),
        }
    }

    /// Takes all octets. After a refusal, which is told at once, the rest is not kept.
    async fn gathered(
        &mut self,
        mut gathering: Box<Gathering>,
        about: &Identifier,
        limit: Duration,
    ) -> Result<Outcome, Error> {
        let under_way = gathering.under_way();
        let superseded = under_way.as_ref().map(under_way::Entry::superseded);
        let mut work = Work { gathering: Some(gathering), busy: None };
        let (mut octets, mut refused) = (Vec::new(), None);
        loop {
            // A superseded transfer must not write one more piece to the file that its successor
            // reads.
            let container = tokio::select! {
                biased;
                () = notified(superseded.as_ref()) => Err(Error::Superseded),
                container = self.more(limit) => container,
            };
            let container = match container {
                Ok(container) => container,
                // What is verified is kept, and the file is free when this is known.
                Err(error) => {
                    drop(work.settle().await);
                    return Err(error);
                }
            };
            let came = Came::read(&container).ok_or(Error::NotATransfer)?;
            // What follows a refusal is still read, since the sender learns of it only later.
            let taken = match (came, &refused) {
                (Came::Octets(more), None) => {
                    under_way.iter().for_each(under_way::Entry::heard);
                    tell(self.watch, Event::Advanced(more.len()))?;
                    octets.extend_from_slice(&more);
                    work.may_take(octets.len())
                }
                (Came::Hashes(hashes), None) => {
                    work.take(std::mem::take(&mut octets), hashes).await
                }
                (Came::Octets(_) | Came::Hashes(_), Some(_)) => Ok(()),
                (Came::Whole(_) | Came::Pause | Came::End, Some(_)) => {
                    return Ok(Outcome::Refused(refused.unwrap_or(Refusal::Mismatch)));
                }
                (Came::Whole(whole), None) => {
                    let ended = self.ended(work, &octets, &whole).await;
                    return self.verdict(about, ended, whole).await;
                }
                (Came::Pause, None) => match work.settle().await {
                    Ok(_) => return Ok(Outcome::Paused),
                    Err(refusal) => Err(refusal),
                },
                (Came::End, None) => {
                    let refusal = match work.settle().await {
                        Ok(gathering) => gathering.discard(),
                        Err(refusal) => refusal,
                    };
                    return self.refuse(about, refusal).await.map(Outcome::Refused);
                }
            };
            if let Err(refusal) = taken {
                // Nothing more of it is needed.
                (octets, refused) = (Vec::new(), Some(self.refuse(about, refusal).await?));
            }
        }
    }

    async fn ended(
        &mut self,
        mut work: Work,
        octets: &[u8],
        whole: &Whole,
    ) -> Result<PathBuf, Refusal> {
        let gathering = work.settle().await?;
        // Octets without hashes.
        if !octets.is_empty() {
            return Err(Refusal::Order);
        }
        blocking(|| gathering.finish(whole))
    }

    async fn verdict(
        &mut self,
        about: &Identifier,
        ended: Result<PathBuf, Refusal>,
        whole: Whole,
    ) -> Result<Outcome, Error> {
        match ended {
            Ok(path) => {
                self.answer(about, Answer::Holds(whole.size)).await?;
                Ok(Outcome::Stored(path, Some(whole)))
            }
            Err(refusal) => self.refuse(about, refusal).await.map(Outcome::Refused),
        }
    }
}

/// Ready when the transfer is superseded, which one without an unfinished file never is.
async fn notified(superseded: Option<&Arc<Notify>>) {
    match superseded {
        Some(superseded) => superseded.notified().await,
        None => std::future::pending().await,
    }
}

/// A file, and how its last group came out.
type Written = (Box<Gathering>, Result<(), Refusal>);

/// A file, one group of which may be verified and written beside everything else.
struct Work {
    gathering: Option<Box<Gathering>>,
    busy: Option<JoinHandle<Written>>,
}

impl Work {
    /// Waits for the group that is being written.
    async fn settle(&mut self) -> Result<Box<Gathering>, Refusal> {
        if let Some(busy) = self.busy.take() {
            let failed = |_| Refusal::Storage("it cannot be stored".to_owned());
            let (gathering, written) = busy.await.map_err(failed)?;
            written?;
            return Ok(gathering);
        }
        self.gathering.take().ok_or(Refusal::Order)
    }

    /// Whether so many octets may wait for their hashes.
    fn may_take(&self, waiting: usize) -> Result<(), Refusal> {
        if waiting > GROUP {
            return Err(Refusal::Order);
        }
        // While a group is written, the next one is looked at when its hashes are here.
        self.gathering.as_ref().map_or(Ok(()), |gathering| gathering.may_take(waiting))
    }

    async fn take(&mut self, octets: Vec<u8>, hashes: Vec<Identifier>) -> Result<(), Refusal> {
        let mut gathering = self.settle().await?;
        gathering.may_take(octets.len())?;
        self.busy = Some(spawn_blocking(move || {
            let taken = gathering.take(&octets, &hashes);
            (gathering, taken)
        }));
        Ok(())
    }
}
