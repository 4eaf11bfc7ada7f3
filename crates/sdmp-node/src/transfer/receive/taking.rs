//! What taking whole files and taking them in pieces have in common.

use std::path::Path;
use std::time::Duration;

use sdmp_container::{Container, Fingerprint, Identifier};
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender, stream};
use tokio::time::{Instant, sleep};

use super::super::inbox::Inbox;
use super::super::message::{Announced, Answer};
use super::super::patience::{Patience, within};
use super::super::pieces::{self, Entry, Said};
use super::super::refusal::Refusal;
use super::super::watch::Watch;
use crate::blocking::blocking;
use crate::error::Error;

/// How long a transfer that gives way may take to let go of its file.
const GIVE_WAY: Duration = Duration::from_secs(2);

/// How many files were stored and refused. A second attempt, from the beginning, makes the first
/// one good. Only one file is kept: an insider announces as many as it likes.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) stored: u64,
    pub(super) refused: u64,
    mismatched: Option<Announced>,
}

impl Count {
    pub(super) fn stored(&mut self, file: Option<&Announced>) {
        self.stored += 1;
        let before = self.mismatched.take();
        if before.is_some() && before.as_ref() == file {
            self.refused -= 1;
        }
    }

    pub(super) fn refused(&mut self, file: Option<&Announced>, refusal: &Refusal) {
        self.refused += 1;
        self.mismatched = file.filter(|_| *refusal == Refusal::Mismatch).cloned();
    }
}

/// What a sender says between files.
pub(super) enum Next {
    Greeting {
        files: u64,
        octets: Option<u64>,
    },
    Whole(Announced),
    /// With what answers name it by.
    Entry(Entry, Identifier),
}

/// One session over which files come.
pub(super) struct Taking<'a> {
    pub(super) sender: SessionSender,
    pub(super) receiver: SessionReceiver,
    pub(super) inbox: &'a Inbox,
    pub(super) peer: Fingerprint,
    pub(super) patience: Patience,
    pub(super) watch: &'a mut dyn Watch,
    /// What the greeting said, as far as it has not come yet.
    offer: Option<Offer>,
}

/// What a greeting said, and whether this side wants it.
struct Offer {
    files: u64,
    octets: Option<u64>,
    accepted: Option<bool>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(
        session: SecureSession,
        inbox: &'a Inbox,
        patience: Patience,
        watch: &'a mut dyn Watch,
    ) -> Self {
        let peer = session.peer().fingerprint().clone();
        let (sender, receiver) = session.split();
        Self { sender, receiver, inbox, peer, patience, watch, offer: None }
    }

    /// What comes next; `None` once the peer has closed.
    pub(super) async fn next(&mut self) -> Result<Option<Next>, Error> {
        let next = within(self.patience.idle, "announced no file", self.receiver.recv()).await?;
        let Some(received) = next else { return Ok(None) };
        let container = received.container;
        let next = match Said::read(&container) {
            Some(Said::Greeting { files, octets }) => Next::Greeting { files, octets },
            Some(Said::Entry(entry)) => Next::Entry(entry, pieces::identifier(&container)),
            Some(_) => return Err(Error::NotATransfer),
            None => Next::Whole(Announced::read(&container).ok_or(Error::NotATransfer)?),
        };
        Ok(Some(next))
    }

    /// Answers a greeting, of which there is one.
    pub(super) async fn greeted(&mut self, files: u64, octets: Option<u64>) -> Result<(), Error> {
        if self.offer.is_some() {
            return Err(Error::NotATransfer);
        }
        self.offer = Some(Offer { files, octets, accepted: None });
        Ok(self.sender.send(pieces::welcome(self.watch.asks())?).await?)
    }

    /// Whether an entry is what the greeting said, and wanted.
    pub(super) fn offered(&mut self, entry: &Entry) -> Result<Result<(), Refusal>, Error> {
        // Entries come after a greeting only.
        let offer = self.offer.as_mut().ok_or(Error::NotATransfer)?;
        let accepted = match offer.accepted {
            Some(accepted) => accepted,
            None => blocking(|| self.watch.accepts(offer.files, offer.octets)),
        };
        offer.accepted = Some(accepted);
        if !accepted {
            return Ok(Err(Refusal::Declined));
        }
        let (Some(files), Some(octets)) = (
            offer.files.checked_sub(1),
            // An unknown size makes the sum unknown.
            offer.octets.map_or(Some(None), |octets| {
                octets.checked_sub(entry.size.unwrap_or_default()).map(Some)
            }),
        ) else {
            return Ok(Err(Refusal::Size));
        };
        (offer.files, offer.octets) = (files, octets);
        Ok(Ok(()))
    }

    pub(super) async fn answer(&mut self, about: &Identifier, answer: Answer) -> Result<(), Error> {
        Ok(self.sender.send(answer.container(about)?).await?)
    }

    pub(super) async fn refuse(
        &mut self,
        about: &Identifier,
        refusal: Refusal,
    ) -> Result<Refusal, Error> {
        self.answer(about, Answer::Refused(refusal.clone())).await?;
        Ok(refusal)
    }

    /// Decides about a file. An older transfer of this file by the same peer gives way when its
    /// connection is silent: it may be dead, and the peer has begun anew.
    pub(super) async fn begin<T>(
        &mut self,
        partial: &Path,
        begin: impl Fn() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let began = Instant::now();
        let mut gives_way = false;
        loop {
            let begun = blocking(&begin);
            if begun.as_ref().err() != Some(&Refusal::Busy) {
                return begun;
            }
            // The same peer again, most likely after a lost connection: its old transfer would
            // block it for a minute.
            gives_way |= self.inbox.supersede(partial, &self.peer);
            if !gives_way || began.elapsed() > GIVE_WAY {
                return begun;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The next container of a file, with this patience.
    pub(super) async fn more(&mut self, limit: Duration) -> Result<Container, Error> {
        let next = within(limit, "sent nothing more of a file", self.receiver.recv());
        next.await?.map(|received| received.container).ok_or(Error::Incomplete)
    }

    /// The next chunk, and whether it is the last.
    pub(super) async fn chunk(&mut self) -> Result<(Vec<u8>, bool), Error> {
        let container = self.more(self.patience.silence).await?;
        stream::decode(&container).ok_or(Error::NotATransfer)
    }
}
