//! Files whose pieces are hashed while they go.

use std::sync::OnceLock;
use std::time::Duration;

use sdmp_container::Identifier;
use sdmp_transport::stream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::message::Answer;
use super::super::outgoing::{Outgoing, Source};
use super::super::pieces::{self, GROUP, Said, Tally, Whole};
use super::super::watch::{Event, Item, Watch, tell};
use super::sending::{Fate, Flow, Out, Sending, answer, changed, chunk};
use crate::blocking::blocking;
use crate::error::Error;

/// The octets of a group with the hashes of its pieces, and what comes behind it.
type Read = (Source, std::io::Result<(Vec<u8>, Vec<[u8; 64]>)>);

/// How the octets of a file went.
enum Sent {
    /// All of them.
    All,
    /// As many as this session carries.
    Worn(Box<Flow>),
}

impl Sending<'_> {
    /// Sends a file or directory, or the rest of a file.
    pub(super) async fn pieces(
        &mut self,
        outgoing: &Outgoing,
        paused: Option<Box<Flow>>,
    ) -> Result<Fate, Error> {
        let (entry, flow) = match paused {
            Some(flow) => (flow.entry.clone(), Some(flow)),
            None => match blocking(|| outgoing.open()) {
                Ok((source, entry)) => {
                    let flow = |source| {
                        Box::new(Flow { entry: entry.clone(), source, tally: Tally::default() })
                    };
                    let flow = source.map(flow);
                    (entry, flow)
                }
                Err(error) => return self.failed(outgoing, &error),
            },
        };
        let container = Said::Entry(entry.clone()).container()?;
        let about = pieces::identifier(&container);
        let name = entry.name();
        let item = Item::entry(&entry, &name);
        self.out.send(container).await?;
        // A size that is not known is no reason to wait less.
        let held = match self.answer(&about, entry.size.unwrap_or_default()).await? {
            Answer::Refused(refusal) => return self.refused(item, &refusal),
            Answer::Holds(held) => held,
        };
        let Some(flow) = flow else {
            tell(self.watch, Event::Stored { file: item, path: None, whole: None })?;
            return Ok(Fate::Stored);
        };
        let sent = match self.agree(flow, &about, held).await {
            Ok(Ok(flow)) => self.octets_of(item, flow, &about).await,
            Ok(Err(refusal)) => self.refused(item, &refusal),
            Err(error) => Err(error),
        };
        match sent {
            Err(error @ Error::FileChanged { .. }) => self.failed(outgoing, &error),
            sent => sent,
        }
    }

    /// Agrees with the receiver on what it holds, so that the octets go on from there.
    async fn agree(
        &mut self,
        mut flow: Box<Flow>,
        about: &Identifier,
        held: u64,
    ) -> Result<Result<Box<Flow>, super::super::Refusal>, Error> {
        if flow.entry.size.is_some_and(|size| held > size) {
            return Err(Error::NotATransfer);
        }
        let name = flow.entry.name();
        let mut from = 0;
        if held > 0 {
            let caught_up = blocking(|| flow.catch_up(held));
            if let Err(error) = caught_up {
                return self.give_up(about, changed(&name, &error)).await.map(Ok);
            }
            let whole = flow.tally.whole();
            self.out.send(Said::From(whole).container()?).await?;
            from = match self.answer(about, held).await? {
                Answer::Refused(refusal) => return Ok(Err(refusal)),
                Answer::Holds(from) if from == 0 || from == flow.tally.size() => from,
                Answer::Holds(_) => return Err(Error::NotATransfer),
            };
        }
        if from != flow.tally.size() {
            flow.tally = Tally::default();
            let sought = blocking(|| flow.source.seek(0));
            if let Err(error) = sought {
                return self.give_up(about, changed(&name, &error)).await.map(Ok);
            }
        }
        Ok(Ok(flow))
    }

    /// Tells the receiver that no more comes of a file, so that it is ready for the next one.
    async fn give_up<T>(&mut self, about: &Identifier, error: Error) -> Result<T, Error> {
        self.out.send(chunk(&[], true)?).await?;
        self.answer(about, 0).await?;
        Err(error)
    }

    /// Sends the octets, and waits for the verdict, which may come early.
    async fn octets_of(
        &mut self,
        item: Item<'_>,
        flow: Box<Flow>,
        about: &Identifier,
    ) -> Result<Fate, Error> {
        tell(self.watch, Event::Began { file: item, offset: flow.tally.size() })?;
        let ended = OnceLock::new();
        let early = {
            // As long as octets flow, only the write's own time limit counts (R42).
            let verdict = answer(&mut self.receiver, about, Duration::MAX);
            let sent = stream_groups(&mut self.out, self.watch, flow, &ended);
            tokio::select! {
                biased;
                verdict = verdict => Ok(verdict?),
                sent = sent => Err(sent),
            }
        };
        // The verdict may be here before the last octet counts as written.
        let verdict = match early {
            Ok(verdict) => verdict,
            Err(Ok(Sent::Worn(flow))) => return Ok(Fate::Worn(Some(flow))),
            Err(Ok(Sent::All)) => {
                let size = ended.get().map_or(0, |whole| whole.size);
                self.answer(about, size).await?
            }
            Err(Err(error @ Error::FileChanged { .. })) => return self.give_up(about, error).await,
            Err(Err(error)) => return Err(error),
        };
        match (verdict, ended.get()) {
            (Answer::Refused(refusal), ended) => {
                if ended.is_none() {
                    self.out.send(chunk(&[], true)?).await?;
                }
                self.refused(item, &refusal)
            }
            (Answer::Holds(held), Some(whole)) if held == whole.size => {
                let file = Item { size: Some(whole.size), ..item };
                tell(self.watch, Event::Stored { file, path: None, whole: Some(whole) })?;
                Ok(Fate::Stored)
            }
            (Answer::Holds(_), _) => Err(Error::NotATransfer),
        }
    }
}

impl Flow {
    /// Makes the tally one of the first `held` octets, if they can be read again.
    fn catch_up(&mut self, held: u64) -> std::io::Result<()> {
        if self.tally.size() == held {
            return Ok(());
        }
        match &mut self.source {
            Source::File(_) => {
                self.source.seek(0)?;
                self.tally = Tally::of(&mut self.source, held)?;
            }
            // What the receiver holds is of another input: it is told to begin anew.
            Source::Input(_) if self.tally.size() == 0 => {}
            Source::Input(_) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn left(&self) -> Option<u64> {
        self.entry.size.map(|size| size.saturating_sub(self.tally.size()))
    }
}

/// Reads and hashes the next group beside everything else.
fn read(mut source: Source, wanted: Option<u64>) -> JoinHandle<Read> {
    spawn_blocking(move || {
        let group = pieces::read_group(&mut source, wanted);
        let hashed = group.map(|octets| {
            let hashes = pieces::hashes(&octets);
            (octets, hashes)
        });
        (source, hashed)
    })
}

async fn stream_groups(
    out: &mut Out,
    watch: &mut dyn Watch,
    flow: Box<Flow>,
    ended: &OnceLock<Whole>,
) -> Result<Sent, Error> {
    let name = flow.entry.name();
    let left = flow.left();
    let Flow { entry, source, mut tally } = *flow;
    let mut ahead = Some(read(source, left));
    while let Some(reading) = ahead.take() {
        let (source, group) =
            reading.await.map_err(|error| changed(&name, &std::io::Error::other(error)))?;
        let (octets, hashes) = group.map_err(|error| changed(&name, &error))?;
        tally.add(&hashes, octets.len());
        let left = entry.size.map(|size| size.saturating_sub(tally.size()));
        let (last, worn) = (left == Some(0) || octets.len() < GROUP, out.is_worn());
        let mut kept = None;
        if last && left.is_some_and(|left| left > 0) {
            return Err(changed(&name, &std::io::ErrorKind::UnexpectedEof.into()));
        }
        match (last, worn) {
            (true, _) => {}
            // What is sent of it now is the last over this session.
            (false, true) => kept = Some(source),
            (false, false) => ahead = Some(read(source, left)),
        }
        for octets in octets.chunks(stream::CHUNK) {
            out.feed(chunk(octets, false)?).await?;
            tell(watch, Event::Advanced(octets.len()))?;
        }
        if !hashes.is_empty() {
            let hashes = hashes.into_iter().map(Identifier::from_octets).collect();
            out.feed(Said::Hashes(hashes).container()?).await?;
        }
        if let Some(source) = kept {
            out.send(Said::Pause.container()?).await?;
            return Ok(Sent::Worn(Box::new(Flow { entry, source, tally })));
        }
    }
    let whole = tally.whole();
    out.feed(Said::Whole(whole.clone()).container()?).await?;
    // The first and only time.
    let _set = ended.set(whole);
    out.flush().await?;
    Ok(Sent::All)
}
