//! `sdmp send`: files to a peer.

use std::ops::ControlFlow;

use sdmp_node::transfer::{self, Event, Outgoing, Patience};

use crate::cli::Send;
use crate::error::{Failure, of_file};
use crate::io::{note, tell};
use crate::link::{Context, Dialler, block_on};
use crate::output::Output;
use crate::progress::Progress;

/// A file that takes so long to read that it should be said where no bar is drawn.
const LARGE: u64 = 1 << 30;

pub(crate) fn run(context: &Context, args: &Send) -> Result<(), Failure> {
    // All that can be known beforehand is looked at before anybody is called.
    let files = Outgoing::check_all(&args.files)?;
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(send_all(&dialler, &files))
}

async fn send_all(dialler: &Dialler, files: &[Outgoing]) -> Result<(), Failure> {
    let output = dialler.output();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    let mut shown = Shown { output, peer: &peer, bar: None, failed: None, stopped: None };
    let patience = Patience::for_limits(dialler.limits());
    let watch = &mut |event: Event<'_>| shown.show(&event);
    let sent = transfer::send(session, files, patience, watch).await;
    let Shown { failed, stopped, .. } = shown;
    let result = sent
        .map(|summary| summary.authenticated)
        .map_err(|error| stopped.unwrap_or_else(|| Failure::from(error).after_acceptance()));
    output.ended(&result, &peer)?;
    result?;
    failed.map_or(Ok(()), Err)
}

/// What of a transfer has been shown.
struct Shown<'a> {
    output: Output,
    peer: &'a str,
    bar: Option<Progress>,
    /// The last file that was not sent: the program ends with it, so it is not told before.
    failed: Option<Failure>,
    /// Why nothing more can be shown.
    stopped: Option<Failure>,
}

impl Shown<'_> {
    fn show(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match self.tell(event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.stopped = Some(failure);
                ControlFlow::Break(())
            }
        }
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Advanced(octets) => {
                if let Some(bar) = &self.bar {
                    bar.advance(*octets);
                }
            }
            Event::Reading { name, size } => {
                self.bar = Some(Progress::new(&format!("reading {name}"), *size, 0));
                if *size >= LARGE {
                    note(&format!("reading {name} ({size} octets) to find its hash"));
                }
            }
            Event::Began { file, offset } => {
                if *offset > 0 && *offset < file.size {
                    note(&format!("{} goes on after {offset} octets", file.name));
                }
                self.bar = Some(Progress::new(&file.name, file.size, *offset));
                let members = super::recv::began(file, *offset);
                self.output.event(&members, self.peer)?;
            }
            Event::Stored { file, .. } => {
                self.bar = None;
                let members = [("event", "stored".into()), ("name", file.name.as_str().into())];
                self.output.event(&members, self.peer)?;
                note(&format!("sent {} ({} octets)", file.name, file.size));
            }
            Event::Refused { file, refusal } => {
                let failure = of_file(refusal, &format!("{} was refused", file.name));
                self.fail(&file.name, failure)?;
            }
            Event::Failed { name, error } => self.fail(name, Failure::from((*error).clone()))?,
            _ => {}
        }
        Ok(())
    }

    /// Each file that was not sent is named once, also with `--quiet`.
    fn fail(&mut self, name: &str, failure: Failure) -> Result<(), Failure> {
        self.bar = None;
        let event =
            [("event", "refused".into()), ("name", name.into()), ("code", failure.code.into())];
        self.output.event(&event, self.peer)?;
        if let Some(before) = self.failed.replace(failure) {
            tell(&format!("error: {before}"));
        }
        Ok(())
    }
}
