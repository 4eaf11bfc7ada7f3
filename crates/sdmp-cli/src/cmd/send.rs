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
    /// Files and directories; each arrives under the last component of its path. `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The name under which the only file or directory, or standard input, arrives
    #[arg(long, visible_alias = "name", value_name = "NAME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

/// A file that takes so long to read that it should be said where no bar is drawn.
const LARGE: u64 = 1 << 30;

pub(super) fn run(context: &Context, args: Send) -> Result<(), Failure> {
    // All that can be known beforehand is looked at before anybody is called.
    let files = outgoing(&args)?;
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(send_all(&dialler, &files))
}

fn outgoing(args: &Send) -> Result<Vec<Outgoing>, Failure> {
    let (input, named): (Vec<_>, Vec<_>) =
        args.files.iter().partition(|path| path.as_os_str() == "-");
    let mut files = match (&*input, &*named, &args.to) {
        ([], _, None) => return Ok(Outgoing::check_all(&named)?),
        ([], [_], Some(_)) => Outgoing::check_all(&named)?,
        ([_], [], Some(name)) => vec![Outgoing::input(name)?],
        _ => {
            return Err(Failure::usage(
                "standard input is sent alone, and --to names a single thing",
            )
            .remedy("sdmp send PEER - --to NAME"));
        }
    };
    if let Some(name) = &args.to {
        files = files.into_iter().map(|file| file.with_name(name)).collect::<Result<_, _>>()?;
    }
    Ok(files)
}

/// Why nothing more is sent.
struct Stopped(Failure);

impl From<sdmp_node::Error> for Stopped {
    fn from(error: sdmp_node::Error) -> Self {
        Self(Failure::from(error).after_acceptance())
    }
}

async fn send_all(dialler: &Dialler, files: &[Outgoing]) -> Result<(), Failure> {
    let output = dialler.output();
    let first = dialler.open(output).await?;
    let peer = first.peer().fingerprint().to_string();
    let mut shown = Shown::new(output, &peer);
    let sizes: Option<u64> = files.iter().map(Outgoing::size).sum();
    shown.total = sizes.filter(|_| files.len() > 1).map(Progress::of_all);
    let patience = Patience::for_limits(dialler.limits());
    let watch = &mut |event: Event<'_>| shown.show(&event, tell_of);
    let mut first = Some(first);
    let dial = || {
        let first = first.take();
        async move {
            match first {
                Some(session) => Ok(session),
                None => dialler.open(output).await.map_err(Stopped),
            }
        }
    };
    let sent = transfer::send_over(dial, dialler.limits(), files, patience, watch).await;
    let (failed, _) = shown.end(sent.map_err(|Stopped(failure)| failure))?;
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
            if *offset > 0 && file.size.is_none_or(|size| *offset < size) {
                note(&format!("{} goes on after {offset} octets", file.name));
            }
            shown.began(*file, *offset, file.name)?;
        }
        Event::Stored { file, whole, .. } => {
            shown.stored(*file, None, *whole)?;
            // A directory goes without saying.
            if let Some(size) = file.size {
                note(&format!("sent {} ({size} octets)", file.name));
            }
        }
        Event::Refused { file, refusal } => {
            let failure = of_file(refusal, &format!("{} was refused", file.name));
            fail(shown, file.name, failure)?;
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
