//! The sending half of a transfer.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::SinkExt;
use sdmp_container::Container;
use sdmp_transport::{SecureSession, SessionReceiver, SessionSender, stream};

use super::message::{Announced, Answer};
use super::outgoing::Outgoing;
use super::patience::{Patience, close_and_wait, within};
use super::refusal::Refusal;
use super::watch::{Event, Summary, Watch, tell};
use crate::blocking::blocking;
use crate::error::Error;

/// So many chunks are read from the disk at once.
const AHEAD: usize = 8;

/// Sends files to the peer of a session, and closes it. A file that is refused, or that cannot be
/// read any more, does not keep the others from being sent; the watch is told.
///
/// # Errors
/// How the session was cut; [`Error::NotATransfer`] when the peer has another role,
/// [`Error::Silent`] when it does not answer, [`Error::Stopped`] by the watch.
pub async fn send(
    session: SecureSession,
    files: &[Outgoing],
    patience: Patience,
    watch: &mut dyn Watch,
) -> Result<Summary, Error> {
    let (sender, receiver) = session.split();
    let mut sending = Sending { sender, receiver, patience, watch };
    let (mut stored, mut failed) = (0, 0);
    for file in files {
        let outcome = sending.file(file).await?;
        *(if outcome { &mut stored } else { &mut failed }) += 1;
    }
    let Sending { mut sender, mut receiver, .. } = sending;
    let authenticated = close_and_wait(&mut sender, &mut receiver, patience.close).await?;
    Ok(Summary { stored, failed, authenticated })
}

struct Sending<'a> {
    sender: SessionSender,
    receiver: SessionReceiver,
    patience: Patience,
    watch: &'a mut dyn Watch,
}

/// What became of the octets of a file.
enum Delivered {
    Answered(Answer),
    /// This side could not read them to the end; the receiver was told that no more come.
    Changed(Error),
}

impl Sending<'_> {
    /// Sends one file; whether it is stored.
    async fn file(&mut self, outgoing: &Outgoing) -> Result<bool, Error> {
        let (mut file, announced) = match blocking(|| outgoing.announce(self.watch)) {
            Ok(announced) => announced,
            Err(error @ Error::Unsendable { .. }) => return self.failed(outgoing, &error),
            Err(error) => return Err(error),
        };
        let mut again = true;
        loop {
            self.sender.send(announced.container()?).await?;
            let offset = match self.answer(&announced).await? {
                Answer::Refused(refusal) => return self.refused(&announced, &refusal),
                Answer::Holds(offset) if offset <= announced.size => offset,
                Answer::Holds(_) => return Err(Error::NotATransfer),
            };
            tell(self.watch, Event::Began { file: &announced, offset })?;
            match self.octets(&mut file, &announced, offset).await? {
                // What the receiver held from an earlier attempt was not right: once more, from the
                // beginning, for it has thrown that away.
                Delivered::Answered(Answer::Refused(Refusal::Mismatch)) if again && offset > 0 => {
                    again = false;
                }
                Delivered::Answered(Answer::Refused(refusal)) => {
                    return self.refused(&announced, &refusal);
                }
                Delivered::Answered(Answer::Holds(held)) if held == announced.size => {
                    tell(self.watch, Event::Stored { file: &announced, path: None })?;
                    return Ok(true);
                }
                Delivered::Answered(Answer::Holds(_)) => return Err(Error::NotATransfer),
                Delivered::Changed(error) => return self.failed(outgoing, &error),
            }
        }
    }

    fn refused(&mut self, file: &Announced, refusal: &Refusal) -> Result<bool, Error> {
        tell(self.watch, Event::Refused { file, refusal })?;
        Ok(false)
    }

    fn failed(&mut self, outgoing: &Outgoing, error: &Error) -> Result<bool, Error> {
        tell(self.watch, Event::Failed { name: outgoing.name(), error })?;
        Ok(false)
    }

    async fn answer(&mut self, file: &Announced) -> Result<Answer, Error> {
        let limit = self.patience.answer_after(file.size);
        answer(&mut self.receiver, file, limit).await
    }

    /// Sends the octets from `offset` on, and waits for the verdict, which may come early.
    async fn octets(
        &mut self,
        file: &mut File,
        announced: &Announced,
        offset: u64,
    ) -> Result<Delivered, Error> {
        let ended = AtomicBool::new(false);
        let limit = Duration::MAX;
        let early = {
            // As long as octets flow, only the write's own time limit counts (R42).
            let verdict = answer(&mut self.receiver, announced, limit);
            let sent = stream_octets(&mut self.sender, self.watch, file, announced, offset, &ended);
            tokio::select! {
                biased;
                verdict = verdict => Ok(verdict?),
                sent = sent => Err(sent),
            }
        };
        let verdict = match early {
            Ok(verdict) => verdict,
            Err(Ok(())) => return self.answer(announced).await.map(Delivered::Answered),
            Err(Err(error @ Error::FileChanged { .. })) => {
                // The receiver finds that the hash is wrong, and is ready for the next file.
                self.sender.send(chunk(&[], true)?).await?;
                self.answer(announced).await?;
                return Ok(Delivered::Changed(error));
            }
            Err(Err(error)) => return Err(error),
        };
        if !ended.load(Ordering::Relaxed) {
            if !matches!(verdict, Answer::Refused(_)) {
                return Err(Error::NotATransfer);
            }
            self.sender.send(chunk(&[], true)?).await?;
        }
        Ok(Delivered::Answered(verdict))
    }
}

async fn stream_octets(
    sender: &mut SessionSender,
    watch: &mut dyn Watch,
    file: &mut File,
    announced: &Announced,
    offset: u64,
    ended: &AtomicBool,
) -> Result<(), Error> {
    let changed = |error: std::io::Error| Error::FileChanged {
        name: announced.name.clone(),
        cause: match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "it became shorter".to_owned(),
            _ => error.to_string(),
        },
    };
    blocking(|| file.seek(SeekFrom::Start(offset))).map_err(changed)?;
    let mut block = vec![0; stream::CHUNK * AHEAD];
    let mut left = announced.size.saturating_sub(offset);
    while left > 0 {
        let wanted = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        let into = block.get_mut(..wanted).unwrap_or_default();
        blocking(|| file.read_exact(into)).map_err(changed)?;
        left = left.saturating_sub(u64::try_from(wanted).unwrap_or_default());
        for octets in into.chunks(stream::CHUNK) {
            sender.feed(chunk(octets, false)?).await?;
            tell(watch, Event::Advanced(octets.len()))?;
        }
    }
    sender.feed(chunk(&[], true)?).await?;
    ended.store(true, Ordering::Relaxed);
    SinkExt::flush(sender).await?;
    Ok(())
}

fn chunk(octets: &[u8], end: bool) -> Result<Container, Error> {
    stream::encode(octets, end).map_err(|error| Error::io("cannot make a chunk", &error))
}

async fn answer(
    receiver: &mut SessionReceiver,
    file: &Announced,
    limit: Duration,
) -> Result<Answer, Error> {
    match within(limit, "did not answer about a file", receiver.recv()).await? {
        Some(received) => match Answer::read(&received.container, &file.hash) {
            None | Some(Answer::Refused(Refusal::Role)) => Err(Error::NotATransfer),
            Some(answer) => Ok(answer),
        },
        None => Err(Error::Unanswered),
    }
}
