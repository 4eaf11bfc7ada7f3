//! Files for a receiver that knows only the schema `file`: hashed before the first octet is sent.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sdmp_transport::stream;

use super::super::message::{Announced, Answer};
use super::super::outgoing::Outgoing;
use super::super::refusal::Refusal;
use super::super::watch::{Event, Item, Watch, tell};
use super::sending::{Fate, Out, Sending, answer, changed, chunk};
use crate::blocking::blocking;
use crate::error::Error;

/// So many chunks are read from the disk at once.
const AHEAD: usize = 8;

/// What became of the octets of a file.
enum Delivered {
    Answered(Answer),
    /// This side could not read them to the end; the receiver was told that no more come.
    Changed(Error),
    /// The session is used up.
    Worn,
}

impl Sending<'_> {
    /// Sends one file.
    pub(super) async fn whole(&mut self, outgoing: &Outgoing) -> Result<Fate, Error> {
        let (mut file, announced) = match blocking(|| outgoing.announce(self.watch)) {
            Ok(announced) => announced,
            Err(error @ Error::Unsendable { .. }) => return self.failed(outgoing, &error),
            Err(error) => return Err(error),
        };
        let item = Item::announced(&announced);
        let mut again = true;
        loop {
            self.out.send(announced.container()?).await?;
            let offset = match self.answer(&announced.hash, announced.size).await? {
                Answer::Refused(refusal) => return self.refused(item, &refusal),
                Answer::Holds(offset) if offset <= announced.size => offset,
                Answer::Holds(_) => return Err(Error::NotATransfer),
            };
            tell(self.watch, Event::Began { file: item, offset })?;
            match self.octets(&mut file, &announced, offset).await? {
                // What the receiver held from an earlier attempt was not right: once more, from the
                // beginning, for it has thrown that away.
                Delivered::Answered(Answer::Refused(Refusal::Mismatch)) if again && offset > 0 => {
                    again = false;
                }
                Delivered::Answered(Answer::Refused(refusal)) => {
                    return self.refused(item, &refusal);
                }
                Delivered::Answered(Answer::Holds(held)) if held == announced.size => {
                    tell(self.watch, Event::Stored { file: item, path: None, whole: None })?;
                    return Ok(Fate::Stored);
                }
                Delivered::Answered(Answer::Holds(_)) => return Err(Error::NotATransfer),
                Delivered::Changed(error) => return self.failed(outgoing, &error),
                Delivered::Worn => return Ok(Fate::Worn(None)),
            }
        }
    }

    /// Sends the octets from `offset` on, and waits for the verdict, which may come early.
    async fn octets(
        &mut self,
        file: &mut File,
        announced: &Announced,
        offset: u64,
    ) -> Result<Delivered, Error> {
        let ended = AtomicBool::new(false);
        let early = {
            // As long as octets flow, only the write's own time limit counts (R42).
            let verdict = answer(&mut self.receiver, &announced.hash, Duration::MAX);
            let sent = stream_octets(&mut self.out, self.watch, file, announced, offset, &ended);
            tokio::select! {
                biased;
                verdict = verdict => Ok(verdict?),
                sent = sent => Err(sent),
            }
        };
        let verdict = match early {
            Ok(verdict) => verdict,
            Err(Ok(true)) => {
                let verdict = self.answer(&announced.hash, announced.size).await?;
                return Ok(Delivered::Answered(verdict));
            }
            Err(Ok(false)) => return Ok(Delivered::Worn),
            Err(Err(error @ Error::FileChanged { .. })) => {
                // The receiver finds that the hash is wrong, and is ready for the next file.
                self.out.send(chunk(&[], true)?).await?;
                self.answer(&announced.hash, announced.size).await?;
                return Ok(Delivered::Changed(error));
            }
            Err(Err(error)) => return Err(error),
        };
        if !ended.load(Ordering::Relaxed) {
            if !matches!(verdict, Answer::Refused(_)) {
                return Err(Error::NotATransfer);
            }
            self.out.send(chunk(&[], true)?).await?;
        }
        Ok(Delivered::Answered(verdict))
    }
}

/// Sends the octets and the end; whether all could go over this session.
async fn stream_octets(
    out: &mut Out,
    watch: &mut dyn Watch,
    file: &mut File,
    announced: &Announced,
    offset: u64,
    ended: &AtomicBool,
) -> Result<bool, Error> {
    let changed = |error| changed(&announced.name, &error);
    blocking(|| file.seek(SeekFrom::Start(offset))).map_err(changed)?;
    let mut block = vec![0; stream::CHUNK * AHEAD];
    let mut left = announced.size.saturating_sub(offset);
    while left > 0 {
        let wanted = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        let into = block.get_mut(..wanted).unwrap_or_default();
        blocking(|| file.read_exact(into)).map_err(changed)?;
        left = left.saturating_sub(u64::try_from(wanted).unwrap_or_default());
        for octets in into.chunks(stream::CHUNK) {
            out.feed(chunk(octets, false)?).await?;
            tell(watch, Event::Advanced(octets.len()))?;
        }
        // The receiver keeps what came, and is asked for it over the next session.
        if left > 0 && out.is_worn() {
            out.flush().await?;
            return Ok(false);
        }
    }
    out.feed(chunk(&[], true)?).await?;
    ended.store(true, Ordering::Relaxed);
    out.flush().await?;
    Ok(true)
}
