//! `sdmp send`: files to a peer.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use futures::SinkExt;
use sdmp_container::Identifier;
use sdmp_crypto::hash::Sha512;
use sdmp_transport::{SessionReceiver, SessionSender, stream};
use tokio::task::block_in_place;

use super::chat::Output;
use crate::cli::Send;
use crate::error::{Exit, Failure};
use crate::io::note;
use crate::link::{Context, Dialler, block_on, close_and_wait};
use crate::transfer::progress::Progress;
use crate::transfer::{Announced, Answer, Refusal, name, unexpected};

pub(crate) fn run(context: &Context, args: &Send) -> Result<(), Failure> {
    // All that can be known beforehand is looked at before anybody is called.
    let files =
        args.files.iter().map(|path| Outgoing::open(path)).collect::<Result<Vec<_>, _>>()?;
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(send_all(&dialler, files))
}

/// A file to be sent.
#[derive(Debug)]
struct Outgoing {
    path: PathBuf,
    name: String,
    size: u64,
    file: File,
}

impl Outgoing {
    fn open(path: &Path) -> Result<Self, Failure> {
        let refuse = |why: &str| Failure::usage(format!("cannot send {}: {why}", path.display()));
        let file = File::open(path).map_err(|error| refuse(&error.to_string()))?;
        let metadata = file.metadata().map_err(|error| refuse(&error.to_string()))?;
        if !metadata.is_file() {
            return Err(refuse("it is not a regular file").remedy(
                "a directory travels as an archive: `tar c DIR | sdmp pipe PEER` here, `sdmp listen ADDR --pipe | tar x` there",
            ));
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        name::check(&name).map_err(|_| {
            refuse("its name would be refused").remedy(
                "give it another name first: no leading dot, no control characters, no name of a device",
            )
        })?;
        Ok(Self { path: path.to_owned(), name, size: metadata.len(), file })
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::io(format!("cannot read {}", self.path.display()), error)
    }

    /// Reads the whole file once: its hash is what the receiver checks.
    fn announce(&mut self) -> Result<Announced, Failure> {
        let progress = Progress::new(&format!("reading {}", self.name), self.size, 0);
        let mut hash = Sha512::new();
        let mut block = vec![0; 256 * 1024];
        self.size = 0;
        self.file.rewind().map_err(|error| self.failed(&error))?;
        loop {
            let read = self.file.read(&mut block).map_err(|error| self.failed(&error))?;
            let Some(octets) = block.get(..read).filter(|octets| !octets.is_empty()) else { break };
            hash.update(octets);
            self.size += u64::try_from(read).unwrap_or_default();
            progress.advance(read);
        }
        let hash = Identifier::from_octets(hash.finish());
        Ok(Announced { name: self.name.clone(), size: self.size, hash })
    }
}

async fn send_all(dialler: &Dialler, files: Vec<Outgoing>) -> Result<(), Failure> {
    let output = dialler.output();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    let (mut sender, mut receiver) = session.split();
    let mut refused = None;
    let sending = async {
        for mut file in files {
            let sent = send_one(&mut sender, &mut receiver, &mut file, output).await?;
            if let Err(refusal) = sent {
                output.event(
                    &[
                        ("event", "refused".into()),
                        ("name", file.name.as_str().into()),
                        ("code", refusal.code().into()),
                    ],
                    &peer,
                )?;
                let failure = refusal.failure(&format!("{} was refused", file.name));
                if refused.replace(failure.clone()).is_some() {
                    note(&format!("error: {failure}"));
                }
            } else {
                output.event(
                    &[("event", "stored".into()), ("name", file.name.as_str().into())],
                    &peer,
                )?;
                note(&format!("sent {} ({} octets)", file.name, file.size));
            }
        }
        close_and_wait(&mut sender, &mut receiver, output.patience).await
    };
    let result = sending.await.map_err(Failure::after_acceptance);
    output.ended(&result, &peer)?;
    result?;
    refused.map_or(Ok(()), Err)
}

/// Sends one file; the inner result is the receiver's.
async fn send_one(
    sender: &mut SessionSender,
    receiver: &mut SessionReceiver,
    file: &mut Outgoing,
    output: Output,
) -> Result<Result<(), Refusal>, Failure> {
    let announced = block_in_place(|| file.announce())?;
    let mut again = true;
    loop {
        sender.send(announced.container()?).await?;
        let offset = match answer(receiver, &announced).await? {
            Answer::Refused(refusal) => return Ok(Err(refusal)),
            Answer::Holds(offset) if offset <= announced.size => offset,
            Answer::Holds(_) => return Err(unexpected()),
        };
        if offset > 0 && offset < announced.size {
            note(&format!("{} goes on after {offset} octets", file.name));
        }
        output.event(
            &[
                ("event", "file".into()),
                ("name", announced.name.as_str().into()),
                ("size", announced.size.into()),
                ("sha512", announced.hash.to_string().into()),
                ("offset", offset.into()),
            ],
            &receiver.peer().fingerprint().to_string(),
        )?;
        match send_octets(sender, receiver, file, &announced, offset).await? {
            // What the receiver held from an earlier attempt was not right: once more, from the
            // beginning, for it has thrown that away.
            Answer::Refused(Refusal::Mismatch) if again && offset > 0 => again = false,
            Answer::Refused(refusal) => return Ok(Err(refusal)),
            Answer::Holds(held) if held == announced.size => return Ok(Ok(())),
            Answer::Holds(_) => return Err(unexpected()),
        }
    }
}

/// Sends the octets from `offset` on, and waits for the verdict, which may come early.
async fn send_octets(
    sender: &mut SessionSender,
    receiver: &mut SessionReceiver,
    file: &mut Outgoing,
    announced: &Announced,
    offset: u64,
) -> Result<Answer, Failure> {
    let ended = Cell::new(false);
    let early = tokio::select! {
        biased;
        verdict = answer(receiver, announced) => Some(verdict?),
        sent = stream_octets(sender, file, announced, offset, &ended) => { sent?; None }
    };
    let Some(verdict) = early else { return answer(receiver, announced).await };
    if !ended.get() {
        if !matches!(verdict, Answer::Refused(_)) {
            return Err(unexpected());
        }
        sender.send(chunk(&[], true)?).await?;
    }
    Ok(verdict)
}

async fn stream_octets(
    sender: &mut SessionSender,
    file: &mut Outgoing,
    announced: &Announced,
    offset: u64,
    ended: &Cell<bool>,
) -> Result<(), Failure> {
    let progress = Progress::new(&file.name, announced.size, offset);
    block_in_place(|| file.file.seek(SeekFrom::Start(offset)))
        .map_err(|error| file.failed(&error))?;
    let mut block = vec![0; stream::CHUNK];
    let mut left = announced.size - offset;
    while left > 0 {
        let wanted = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        let into = block.get_mut(..wanted).unwrap_or_default();
        block_in_place(|| file.file.read_exact(into)).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(&file.name),
            _ => file.failed(&error),
        })?;
        left -= u64::try_from(wanted).unwrap_or_default();
        sender.feed(chunk(into, false)?).await?;
        progress.advance(wanted);
    }
    sender.feed(chunk(&[], true)?).await?;
    ended.set(true);
    SinkExt::flush(sender).await?;
    Ok(())
}

fn changed(name: &str) -> Failure {
    Failure::new(Exit::Other, "file.changed", format!("{name} became shorter while it was sent"))
        .remedy("send it again when nothing writes to it any more")
}

fn chunk(octets: &[u8], end: bool) -> Result<sdmp_container::Container, Failure> {
    stream::encode(octets, end).map_err(|error| Failure::io("cannot make a chunk", &error))
}

async fn answer(receiver: &mut SessionReceiver, file: &Announced) -> Result<Answer, Failure> {
    match receiver.recv().await? {
        Some(received) => Answer::read(&received.container, &file.hash).ok_or_else(unexpected),
        None => Err(Failure::new(
            Exit::Cut,
            "file.unanswered",
            "the receiver left before it had stored everything",
        )
        .remedy("send again: what it has is kept, and the transfer goes on from there")),
    }
}
