//! The receiving half of a transfer.

use std::path::PathBuf;
use std::time::Duration;

use sdmp_container::Fingerprint;
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender, stream};
use tokio::time::{Instant, sleep};

use super::inbox::{Begun, Inbox, Incoming};
use super::message::{Announced, Answer};
use super::patience::{Patience, close_and_wait, within};
use super::refusal::Refusal;
use super::watch::{Event, Summary, Watch, tell};
use crate::blocking::blocking;
use crate::error::Error;

/// How long a transfer that gives way may take to let go of its file.
const GIVE_WAY: Duration = Duration::from_secs(2);

/// Takes the files that the peer of a session sends into an inbox, until the peer closes. What is
/// refused does not end the session; the watch is told.
///
/// # Errors
/// How the session was cut; [`Error::NotATransfer`] when the peer has another role,
/// [`Error::Incomplete`] when it leaves in the middle of a file, [`Error::Silent`] when it sends
/// nothing more, [`Error::Superseded`] when it sends the file anew over another session,
/// [`Error::Stopped`] by the watch.
pub async fn receive(
    session: SecureSession,
    inbox: &Inbox,
    patience: Patience,
    watch: &mut dyn Watch,
) -> Result<Summary, Error> {
    let peer = session.peer().fingerprint().clone();
    let (sender, receiver) = session.split();
    let mut taking = Taking { sender, receiver, inbox, peer, patience, watch };
    let mut count = Count::default();
    while let Some(file) = taking.announcement().await? {
        match taking.take(&file).await? {
            Ok(path) => {
                count.stored(&file);
                tell(taking.watch, Event::Stored { file: &file, path: Some(&path) })?;
            }
            Err(refusal) => {
                count.refused(&file, &refusal);
                tell(taking.watch, Event::Refused { file: &file, refusal: &refusal })?;
            }
        }
    }
    let Taking { mut sender, mut receiver, .. } = taking;
    let authenticated = close_and_wait(&mut sender, &mut receiver, patience.close).await?;
    Ok(Summary { stored: count.stored, failed: count.refused, authenticated })
}

/// How many files were stored and refused. A second attempt, from the beginning, makes the first
/// one good. Only one file is kept: an insider announces as many as it likes.
#[derive(Debug, Default)]
struct Count {
    stored: u64,
    refused: u64,
    mismatched: Option<Announced>,
}

impl Count {
    fn stored(&mut self, file: &Announced) {
        self.stored += 1;
        if self.mismatched.take().is_some_and(|before| before == *file) {
            self.refused -= 1;
        }
    }

    fn refused(&mut self, file: &Announced, refusal: &Refusal) {
        self.refused += 1;
        self.mismatched = (*refusal == Refusal::Mismatch).then(|| file.clone());
    }
}

struct Taking<'a> {
    sender: SessionSender,
    receiver: SessionReceiver,
    inbox: &'a Inbox,
    peer: Fingerprint,
    patience: Patience,
    watch: &'a mut dyn Watch,
}

impl Taking<'_> {
    /// The next file; `None` once the peer has closed.
    async fn announcement(&mut self) -> Result<Option<Announced>, Error> {
        let next = within(self.patience.idle, "announced no file", self.receiver.recv()).await?;
        next.map(|received| Announced::read(&received.container).ok_or(Error::NotATransfer))
            .transpose()
    }

    async fn answer(&mut self, file: &Announced, answer: Answer) -> Result<(), Error> {
        Ok(self.sender.send(answer.container(&file.hash)?).await?)
    }

    async fn refuse(&mut self, file: &Announced, refusal: Refusal) -> Result<Refusal, Error> {
        self.answer(file, Answer::Refused(refusal.clone())).await?;
        Ok(refusal)
    }

    /// Decides about a file. An older transfer of this file by the same peer gives way when its
    /// connection is silent: it may be dead, and the peer has begun anew.
    async fn begin(&mut self, file: &Announced) -> Result<Begun, Refusal> {
        let began = Instant::now();
        let mut gives_way = false;
        loop {
            let begun = blocking(|| self.inbox.begin(file, &self.peer));
            if begun.as_ref().err() != Some(&Refusal::Busy) {
                return begun;
            }
            // The same peer again, most likely after a lost connection: its old transfer would
            // block it for a minute.
            gives_way |= self.inbox.supersede(file, &self.peer);
            if !gives_way || began.elapsed() > GIVE_WAY {
                return begun;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Takes a file, or refuses it; only what ends the session is an error.
    async fn take(&mut self, file: &Announced) -> Result<Result<PathBuf, Refusal>, Error> {
        let begun = match self.begin(file).await {
            Ok(begun) => begun,
            Err(refusal) => return self.refuse(file, refusal).await.map(Err),
        };
        let held = match &begun {
            Begun::Present(_) => file.size,
            Begun::Incoming(incoming) => incoming.held(),
        };
        self.answer(file, Answer::Holds(held)).await?;
        tell(self.watch, Event::Began { file, offset: held })?;
        let stored = match begun {
            // The sender does not know yet that nothing is needed, and still sends the end of an
            // empty stream.
            Begun::Present(path) => self.no_octets().await?.map(|()| path),
            Begun::Incoming(incoming) => match self.fill(incoming, file).await? {
                // The peer knows already.
                Err(refusal) => return Ok(Err(refusal)),
                Ok(incoming) => blocking(|| incoming.finish()),
            },
        };
        match stored {
            Ok(path) => {
                self.answer(file, Answer::Holds(file.size)).await?;
                Ok(Ok(path))
            }
            Err(refusal) => self.refuse(file, refusal).await.map(Err),
        }
    }

    /// The next chunk, and whether it is the last.
    async fn chunk(&mut self) -> Result<(Vec<u8>, bool), Error> {
        let next =
            within(self.patience.silence, "sent nothing more of a file", self.receiver.recv());
        match next.await? {
            Some(received) => stream::decode(&received.container).ok_or(Error::NotATransfer),
            None => Err(Error::Incomplete),
        }
    }

    /// A file that is here already has nothing to follow but the end.
    async fn no_octets(&mut self) -> Result<Result<(), Refusal>, Error> {
        let mut any = false;
        loop {
            let (octets, end) = self.chunk().await?;
            any |= !octets.is_empty();
            if end {
                return Ok(if any { Err(Refusal::Size) } else { Ok(()) });
            }
        }
    }

    /// Takes all octets. After a refusal, which is told at once, the rest is not kept.
    async fn fill(
        &mut self,
        mut incoming: Box<Incoming>,
        file: &Announced,
    ) -> Result<Result<Box<Incoming>, Refusal>, Error> {
        let superseded = incoming.superseded();
        let mut refused = None;
        loop {
            let (octets, end) = tokio::select! {
                // A superseded transfer must not write one more chunk to the file that its
                // successor hashes.
                biased;
                () = superseded.notified() => return Err(Error::Superseded),
                chunk = self.chunk() => chunk?,
            };
            // What follows a refusal is still read, since the sender learns of it only later.
            if refused.is_none() {
                if let Err(refusal) = blocking(|| incoming.write(&octets)) {
                    refused = Some(self.refuse(file, refusal).await?);
                }
                tell(self.watch, Event::Advanced(octets.len()))?;
            }
            if end {
                return Ok(refused.map_or(Ok(incoming), Err));
            }
        }
    }
}
