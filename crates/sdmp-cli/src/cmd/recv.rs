//! `sdmp recv`: files from trusted peers into one directory.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use sdmp_node::transfer::{self, Event, Inbox, Patience, Rules, Watch};
use sdmp_transport::SecureSession;

use super::peer;
use super::shown::Shown;
use crate::args::session::Door;
use crate::args::values::size;
use crate::error::{Failure, of_file};
use crate::io::{note, printable, tell};
use crate::link::door::Entrance;
use crate::link::{Context, block_on};
use crate::output::Output;
use sdmp_node::Address;

#[derive(Debug, Args)]
pub(crate) struct Recv {
    /// Where senders connect to, in any of the forms of `sdmp listen` [default: 0.0.0.0:7667]
    pub(crate) address: Option<Address>,
    /// The directory that files arrive in; made if its parent is there
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace files of the same name
    #[arg(long)]
    pub(crate) force: bool,
    /// Refuse larger files: a number of octets, or with KiB, MiB, GiB, TiB [default: 32GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Let all unfinished files together take so much; older ones give way [default: twice --max-size]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_unfinished: Option<u64>,
    /// Take no more than this from one peer as long as this program runs
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_per_peer: Option<u64>,
    /// Give files and directories the permissions of the group and of others that they have at the sender
    #[arg(long)]
    pub(crate) keep_modes: bool,
    /// Ask on the terminal before anything is taken from a peer
    #[arg(long)]
    pub(crate) ask: bool,
    #[command(flatten)]
    pub(crate) door: Door,
}

pub(super) fn run(context: &Context, args: Recv) -> Result<(), Failure> {
    let settings = &context.settings;
    let out = args.out.as_deref().or(settings.out.as_deref()).ok_or_else(|| {
        Failure::usage("files need a directory to arrive in").remedy("name it with --out DIR")
    })?;
    if args.ask && !std::io::stdin().is_terminal() {
        return Err(Failure::usage("--ask needs a terminal to ask on"));
    }
    let mut rules = Rules::default()
        .with_force(args.force)
        .with_max_per_peer(args.max_per_peer.unwrap_or(u64::MAX))
        .with_keep_modes(args.keep_modes);
    if let Some(max_size) = args.max_size.or(settings.max_size) {
        rules = rules.with_max_size(max_size);
    }
    if let Some(max_unfinished) = args.max_unfinished {
        rules = rules.with_max_unfinished(max_unfinished);
    }
    // Before the port is opened: a directory that cannot be used should not cost a peer a transfer.
    let inbox = Inbox::open(out, rules).map_err(|error| {
        Failure::usage(error.to_string())
            .remedy("name a directory that you may write to with --out")
    })?;
    let entrance = Entrance::new(context, args.address.as_ref(), &args.door)?;
    let output = entrance.output();
    let patience = Patience::for_limits(entrance.limits());
    block_on(entrance.serve(
        output,
        |session, _| receive_all(session, inbox.clone(), patience, output, args.ask),
        async || {},
    ))
}

async fn receive_all(
    session: SecureSession,
    inbox: Inbox,
    patience: Patience,
    output: Output,
    ask: bool,
) -> Result<(), Failure> {
    let peer = session.peer().fingerprint().to_string();
    let mut watch = Asking { shown: Shown::new(output, &peer), ask };
    let received = transfer::receive(session, &inbox, patience, &mut watch).await;
    let received = received.map_err(|error| Failure::from(error).after_acceptance());
    let (refused, summary) = watch.shown.end(received)?;
    match refused {
        Some(refused) if summary.failed > 1 => {
            let cause =
                format!("{} files were not taken; the last: {}", summary.failed, refused.cause);
            Err(Failure { cause, ..refused })
        }
        Some(refused) if summary.failed > 0 => Err(refused),
        _ => Ok(()),
    }
}

/// Shows what comes, and asks before that where it is wished.
struct Asking<'a> {
    shown: Shown<'a>,
    ask: bool,
}

impl Watch for Asking<'_> {
    fn tell(&mut self, event: Event<'_>) -> ControlFlow<()> {
        self.shown.show(&event, tell_of)
    }

    fn asks(&self) -> bool {
        self.ask
    }

    fn accepts(&mut self, files: u64, octets: Option<u64>) -> bool {
        let size =
            octets.map_or_else(|| "of unknown size".to_owned(), |size| format!("{size} octets"));
        let question = format!("take {files} files ({size}) from {}?", self.shown.peer);
        !self.ask || peer::ask(&question) == Some(true)
    }
}

fn tell_of(shown: &mut Shown<'_>, event: &Event<'_>) -> Result<(), Failure> {
    match event {
        Event::Began { file, offset } => shown.began(*file, *offset, &printable(file.name))?,
        Event::Stored { file, path: Some(path), whole } => {
            let path = path.display().to_string();
            shown.stored(*file, Some(&path), *whole)?;
            if let Some(size) = file.size.filter(|_| !shown.output.json) {
                note(&format!("received {} ({size} octets)", file.name));
                shown.output.line(&path)?;
            }
        }
        Event::Refused { file, refusal } => {
            shown.refused(file.name, refusal.code())?;
            let name = printable(file.name);
            // Only the last one is kept: a peer announces as many as it likes.
            shown.failed = Some(of_file(refusal, &format!("{name} was not taken")));
            tell(&format!("refused {name}: {refusal}"));
        }
        _ => {}
    }
    Ok(())
}
