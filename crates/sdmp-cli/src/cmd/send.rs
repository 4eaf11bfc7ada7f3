//! `sdmp send`: files to a peer.

use std::path::PathBuf;

use clap::Args;
use sdmp_node::transfer::{self, Event, Outgoing, Patience};

use super::shown::Shown;
use crate::args::session::Dial;
use crate::error::{Failure, of_file};
use crate::io::{note, tell};
use crate::link::{Context, Dialler, Target, block_on};
use crate::progress::Progress;

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// A peer's name, or HOST:PORT, unix:PATH, ws://HOST:PORT/PATH or files:DIR
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    /// The files; each arrives under the last component of its path
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

/// A file that takes so long to read that it should be said where no bar is drawn.
const LARGE: u64 = 1 << 30;

pub(super) fn run(context: &Context, args: Send) -> Result<(), Failure> {
    // All that can be known beforehand is looked at before anybody is called.
    let files = Outgoing::check_all(&args.files)?;
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(send_all(&dialler, &files))
}

async fn send_all(dialler: &Dialler, files: &[Outgoing]) -> Result<(), Failure> {
    let output = dialler.output();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    let mut shown = Shown::new(output, &peer);
    let patience = Patience::for_limits(dialler.limits());
    let watch = &mut |event: Event<'_>| shown.show(&event, tell_of);
    let sent = transfer::send(session, files, patience, watch).await;
    let (failed, _) = shown.end(sent)?;
    failed.map_or(Ok(()), Err)
}

fn tell_of(shown: &mut Shown<'_>, event: &Event<'_>) -> Result<(), Failure> {
    match event {
        Event::Reading { name, size } => {
            shown.bar = Some(Progress::new(&format!("reading {name}"), *size, 0));
            if *size >= LARGE {
                note(&format!("reading {name} ({size} octets) to find its hash"));
            }
        }
        Event::Began { file, offset } => {
            if *offset > 0 && *offset < file.size {
                note(&format!("{} goes on after {offset} octets", file.name));
            }
            shown.began(file, *offset, &file.name)?;
        }
        Event::Stored { file, .. } => {
            shown.bar = None;
            let members = [("event", "stored".into()), ("name", file.name.as_str().into())];
            shown.output.event(&members, shown.peer)?;
            note(&format!("sent {} ({} octets)", file.name, file.size));
        }
        Event::Refused { file, refusal } => {
            let failure = of_file(refusal, &format!("{} was refused", file.name));
            fail(shown, &file.name, failure)?;
        }
        Event::Failed { name, error } => fail(shown, name, Failure::from((*error).clone()))?,
        _ => {}
    }
    Ok(())
}

/// Each file that was not sent is named once, also with `--quiet`.
fn fail(shown: &mut Shown<'_>, name: &str, failure: Failure) -> Result<(), Failure> {
    shown.refused(name, failure.code)?;
    // The last one is what the program ends with, so only the one before it is reported here.
    if let Some(before) = shown.failed.replace(failure) {
        tell(&format!("error: {before}"));
    }
    Ok(())
}
