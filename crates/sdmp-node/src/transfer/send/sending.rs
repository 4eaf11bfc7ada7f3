//! What sending whole files and sending them in pieces have in common.

use std::time::Duration;

use sdmp_container::{Container, Identifier};
use sdmp_handshake::SessionLimits;
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender, stream};

use super::super::message::Answer;
use super::super::outgoing::{Outgoing, Source};
use super::super::patience::{Patience, close_and_wait, within};
use super::super::pieces::{self, Entry, Said, Tally};
use super::super::refusal::Refusal;
use super::super::watch::{Event, Item, Watch, tell};
use crate::error::Error;
use crate::wear::Wear;

/// How long a person may think about what comes.
const ASKED: Duration = Duration::from_secs(10 * 60);

/// One session over which files are sent.
pub(super) struct Sending<'a> {
    pub(super) out: Out,
    pub(super) receiver: SessionReceiver,
    pub(super) patience: Patience,
    pub(super) watch: &'a mut dyn Watch,
    /// Whether the receiver takes files in pieces.
    pub(super) in_pieces: bool,
    /// How long the receiver takes beyond the usual for its first answer.
    pub(super) asked: Duration,
    began: bool,
}

/// The way to the receiver, and how much of what it may carry is used.
pub(super) struct Out {
    sender: SessionSender,
    wear: Wear,
}

/// What became of a file.
pub(super) enum Fate {
    Stored,
    NotStored,
    /// The session is used up; what was sent of the file is kept.
    Worn(Option<Box<Flow>>),
}

/// A file whose octets are on their way.
pub(super) struct Flow {
    pub(super) entry: Entry,
    pub(super) source: Source,
    pub(super) tally: Tally,
}

impl Out {
    pub(super) async fn feed(&mut self, container: Container) -> Result<(), Error> {
        self.wear.count(&container);
        Ok(futures::SinkExt::feed(&mut self.sender, container).await?)
    }

    pub(super) async fn send(&mut self, container: Container) -> Result<(), Error> {
        self.wear.count(&container);
        Ok(self.sender.send(container).await?)
    }

    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        Ok(futures::SinkExt::flush(&mut self.sender).await?)
    }

    /// Whether another session should take over.
    pub(super) fn is_worn(&self) -> bool {
        self.wear.is_enough()
    }
}

impl<'a> Sending<'a> {
    /// Greets the receiver, which says whether it takes files in pieces.
    pub(super) async fn begin(
        session: SecureSession,
        files: &[Outgoing],
        limits: &SessionLimits,
        patience: Patience,
        watch: &'a mut dyn Watch,
    ) -> Result<Self, Error> {
        let (sender, receiver) = session.split();
        let out = Out { sender, wear: Wear::new(limits) };
        let mut sending = Self {
            out,
            receiver,
            patience,
            watch,
            in_pieces: false,
            asked: Duration::ZERO,
            began: false,
        };
        let octets = files
            .iter()
            .try_fold(0_u64, |sum, file| Some(sum.saturating_add(file.size()?)))
            .map(|octets| octets.min(1 << 53));
        let greeting =
            Said::Greeting { files: u64::try_from(files.len()).unwrap_or_default(), octets };
        sending.out.send(greeting.container()?).await?;
        let answer =
            within(patience.answer, "did not answer the greeting", sending.receiver.recv()).await?;
        let answer = answer.ok_or(Error::Unanswered)?.container;
        if let Some(asking) = pieces::welcomed(&answer) {
            sending.in_pieces = true;
            sending.asked = if asking { ASKED } else { Duration::ZERO };
            return Ok(sending);
        }
        match Answer::read(&answer, &pieces::greeted()) {
            // An older receiver, which has refused the name of an empty file.
            Some(Answer::Refused(refusal)) if refusal != Refusal::Role => Ok(sending),
            _ => Err(Error::NotATransfer),
        }
    }

    /// Sends one file, or the rest of one that an earlier session began.
    pub(super) async fn file(
        &mut self,
        outgoing: &Outgoing,
        paused: Option<Box<Flow>>,
    ) -> Result<Fate, Error> {
        // A session that carried nothing yet is used for something, however small its limits are.
        if self.began && self.out.is_worn() {
            return Ok(Fate::Worn(paused));
        }
        self.began = true;
        if self.in_pieces {
            self.pieces(outgoing, paused).await
        } else {
            self.whole(outgoing).await
        }
    }

    /// Closes, and waits for the receiver's close; whether that was authenticated (R41).
    pub(super) async fn end(self) -> Result<bool, Error> {
        let Self { mut out, mut receiver, patience, .. } = self;
        close_and_wait(&mut out.sender, &mut receiver, patience.close).await
    }

    pub(super) fn refused(&mut self, file: Item<'_>, refusal: &Refusal) -> Result<Fate, Error> {
        tell(self.watch, Event::Refused { file, refusal })?;
        Ok(Fate::NotStored)
    }

    pub(super) fn failed(&mut self, outgoing: &Outgoing, error: &Error) -> Result<Fate, Error> {
        tell(self.watch, Event::Failed { name: &outgoing.name(), error })?;
        Ok(Fate::NotStored)
    }

    /// The answer about a file for which the receiver may have to read or write so many octets.
    pub(super) async fn answer(
        &mut self,
        about: &Identifier,
        octets: u64,
    ) -> Result<Answer, Error> {
        let limit = self.patience.answer_after(octets).saturating_add(self.asked);
        let answer = answer(&mut self.receiver, about, limit).await?;
        self.asked = Duration::ZERO;
        Ok(answer)
    }
}

pub(super) fn chunk(octets: &[u8], end: bool) -> Result<Container, Error> {
    stream::encode(octets, end).map_err(|error| Error::io("cannot make a chunk", &error))
}

pub(super) fn changed(name: &str, error: &std::io::Error) -> Error {
    let cause = match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it became shorter".to_owned(),
        _ => error.to_string(),
    };
    Error::FileChanged { name: name.to_owned(), cause }
}

pub(super) async fn answer(
    receiver: &mut SessionReceiver,
    about: &Identifier,
    limit: Duration,
) -> Result<Answer, Error> {
    match within(limit, "did not answer about a file", receiver.recv()).await? {
        Some(received) => match Answer::read(&received.container, about) {
            None | Some(Answer::Refused(Refusal::Role)) => Err(Error::NotATransfer),
            Some(answer) => Ok(answer),
        },
        None => Err(Error::Unanswered),
    }
}
