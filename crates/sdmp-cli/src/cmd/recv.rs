//! `sdmp recv`: files from trusted peers into one directory.

use std::path::PathBuf;

use sdmp_transport::{SecureSession, SessionReceiver, SessionSender, stream};
use tokio::task::block_in_place;

use super::chat::Output;
use crate::cli::Recv;
use crate::error::{Exit, Failure};
use crate::io::{note, printable};
use crate::link::door::Entrance;
use crate::link::{Context, block_on, close_and_wait};
use crate::transfer::inbox::{Begun, Inbox, Incoming};
use crate::transfer::progress::Progress;
use crate::transfer::{Announced, Answer, Refusal, unexpected};

/// The largest file that is taken unless another limit is given.
const MAX_SIZE: u64 = 32 << 30;

pub(crate) fn run(context: &Context, args: &Recv) -> Result<(), Failure> {
    let settings = &context.settings;
    let out = args.out.as_deref().or(settings.out.as_deref()).ok_or_else(|| {
        Failure::usage("files need a directory to arrive in").remedy("name it with --out DIR")
    })?;
    let max_size = args.max_size.or(settings.max_size).unwrap_or(MAX_SIZE);
    let inbox = Inbox::open(out, args.force, max_size)?;
    let entrance = Entrance::new(context, args.address.as_ref(), &args.door)?;
    let output = entrance.output();
    block_on(entrance.serve(
        output,
        |session, _| receive_all(session, inbox.clone(), output),
        async || {},
    ))
}

async fn receive_all(session: SecureSession, inbox: Inbox, output: Output) -> Result<(), Failure> {
    let peer = session.peer().fingerprint().to_string();
    let (mut sender, mut receiver) = session.split();
    let mut refused: Vec<(Announced, Failure)> = Vec::new();
    let receiving = async {
        while let Some(received) = receiver.recv().await? {
            let file = Announced::read(&received.container).ok_or_else(unexpected)?;
            let taking =
                Taking { sender: &mut sender, receiver: &mut receiver, output, peer: &peer };
            match taking.take(&inbox, &file).await? {
                Ok(path) => {
                    // A second attempt, from the beginning, makes the first one good.
                    refused.retain(|(before, _)| *before != file);
                    stored(output, &file, &path, &peer)?;
                }
                Err(refusal) => {
                    let failure = not_stored(output, &file, &refusal, &peer)?;
                    refused.push((file, failure));
                }
            }
        }
        close_and_wait(&mut sender, &mut receiver, output.patience).await
    };
    let result = receiving.await.map_err(Failure::after_acceptance);
    output.ended(&result, &peer)?;
    result?;
    refused.pop().map_or(Ok(()), |(_, failure)| Err(failure))
}

fn stored(
    output: Output,
    file: &Announced,
    path: &std::path::Path,
    peer: &str,
) -> Result<(), Failure> {
    let path = path.display().to_string();
    if output.json {
        return output.event(
            &[
                ("event", "stored".into()),
                ("name", file.name.as_str().into()),
                ("path", path.into()),
            ],
            peer,
        );
    }
    note(&format!("received {} ({} octets)", file.name, file.size));
    output.line(&path)
}

fn not_stored(
    output: Output,
    file: &Announced,
    refusal: &Refusal,
    peer: &str,
) -> Result<Failure, Failure> {
    let event = [
        ("event", "refused".into()),
        ("name", file.name.as_str().into()),
        ("code", refusal.code().into()),
    ];
    output.event(&event, peer)?;
    let failure = refusal.failure(&format!("{} was not taken", printable(&file.name)));
    note(&format!("refused {}: {refusal}", printable(&file.name)));
    Ok(failure)
}

/// One file's way from the peer into the directory.
struct Taking<'a> {
    sender: &'a mut SessionSender,
    receiver: &'a mut SessionReceiver,
    output: Output,
    peer: &'a str,
}

impl Taking<'_> {
    async fn answer(&mut self, file: &Announced, answer: Answer) -> Result<(), Failure> {
        Ok(self.sender.send(answer.container(&file.hash)?).await?)
    }

    async fn refuse(&mut self, file: &Announced, refusal: Refusal) -> Result<Refusal, Failure> {
        self.answer(file, Answer::Refused(refusal.clone())).await?;
        Ok(refusal)
    }

    /// Takes a file, or refuses it; only what ends the session is a failure.
    async fn take(
        mut self,
        inbox: &Inbox,
        file: &Announced,
    ) -> Result<Result<PathBuf, Refusal>, Failure> {
        let begun = match block_in_place(|| inbox.begin(file)) {
            Ok(begun) => begun,
            Err(refusal) => return self.refuse(file, refusal).await.map(Err),
        };
        let held = match &begun {
            Begun::Present(_) => file.size,
            Begun::Incoming(incoming) => incoming.held(),
        };
        self.answer(file, Answer::Holds(held)).await?;
        self.output.event(
            &[
                ("event", "file".into()),
                ("name", file.name.as_str().into()),
                ("size", file.size.into()),
                ("sha512", file.hash.to_string().into()),
                ("offset", held.into()),
            ],
            self.peer,
        )?;
        let stored = match begun {
            Begun::Present(path) => self.no_octets().await?.map(|()| path),
            Begun::Incoming(incoming) => match self.fill(incoming, file).await? {
                // Refused on the way: the peer knows already.
                Err(refusal) => return Ok(Err(refusal)),
                Ok(incoming) => block_in_place(|| incoming.finish()),
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
    async fn chunk(&mut self) -> Result<(Vec<u8>, bool), Failure> {
        match self.receiver.recv().await? {
            Some(received) => stream::decode(&received.container).ok_or_else(unexpected),
            None => Err(Failure::new(
                Exit::Cut,
                "file.incomplete",
                "the sender left in the middle of a file",
            )
            .remedy("let it send again: what came is kept, and the transfer goes on from there")),
        }
    }

    /// A file that is here already has nothing to follow but the end.
    async fn no_octets(&mut self) -> Result<Result<(), Refusal>, Failure> {
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
    ) -> Result<Result<Box<Incoming>, Refusal>, Failure> {
        let progress = Progress::new(&file.name, file.size, incoming.held());
        let mut refused = None;
        loop {
            let (octets, end) = self.chunk().await?;
            if refused.is_none() {
                if let Err(refusal) = block_in_place(|| incoming.write(&octets)) {
                    refused = Some(self.refuse(file, refusal).await?);
                }
                progress.advance(octets.len());
            }
            if end {
                return Ok(refused.map_or(Ok(incoming), Err));
            }
        }
    }
}
