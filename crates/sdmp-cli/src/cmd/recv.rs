//! `sdmp recv`: files from trusted peers into one directory.

use std::ops::ControlFlow;

use sdmp_node::transfer::{self, Announced, Event, Inbox, Patience, Rules};
use sdmp_transport::SecureSession;

use crate::cli::Recv;
use crate::error::{Failure, of_file};
use crate::io::{note, printable, tell};
use crate::link::door::Entrance;
use crate::link::{Context, block_on};
use crate::output::Output;
use crate::progress::Progress;

pub(crate) fn run(context: &Context, args: &Recv) -> Result<(), Failure> {
    let settings = &context.settings;
    let out = args.out.as_deref().or(settings.out.as_deref()).ok_or_else(|| {
        Failure::usage("files need a directory to arrive in").remedy("name it with --out DIR")
    })?;
    let mut rules = Rules::default().with_force(args.force);
    if let Some(max_size) = args.max_size.or(settings.max_size) {
        rules = rules.with_max_size(max_size);
    }
    if let Some(max_unfinished) = args.max_unfinished {
        rules = rules.with_max_unfinished(max_unfinished);
    }
    let inbox = Inbox::open(out, rules).map_err(|error| {
        Failure::usage(error.to_string())
            .remedy("name a directory that you may write to with --out")
    })?;
    let entrance = Entrance::new(context, args.address.as_ref(), &args.door)?;
    let output = entrance.output();
    let patience = Patience::for_limits(entrance.limits());
    block_on(entrance.serve(
        output,
        |session, _| receive_all(session, inbox.clone(), patience, output),
        async || {},
    ))
}

async fn receive_all(
    session: SecureSession,
    inbox: Inbox,
    patience: Patience,
    output: Output,
) -> Result<(), Failure> {
    let peer = session.peer().fingerprint().to_string();
    let mut shown = Shown { output, peer: &peer, bar: None, refused: None, stopped: None };
    let watch = &mut |event: Event<'_>| shown.show(&event);
    let received = transfer::receive(session, &inbox, patience, watch).await;
    let Shown { refused, stopped, .. } = shown;
    let failed = received.as_ref().map_or(0, |summary| summary.failed);
    let result = received
        .map(|summary| summary.authenticated)
        .map_err(|error| stopped.unwrap_or_else(|| Failure::from(error).after_acceptance()));
    output.ended(&result, &peer)?;
    result?;
    match refused {
        Some(refused) if failed > 1 => {
            let cause = format!("{failed} files were not taken; the last: {}", refused.cause);
            Err(Failure { cause, ..refused })
        }
        Some(refused) if failed > 0 => Err(refused),
        _ => Ok(()),
    }
}

/// The members of the event that a file has begun.
pub(super) fn began(file: &Announced, offset: u64) -> [(&'static str, serde_json::Value); 5] {
    [
        ("event", "file".into()),
        ("name", file.name.as_str().into()),
        ("size", file.size.into()),
        ("sha512", file.hash.to_string().into()),
        ("offset", offset.into()),
    ]
}

/// What of a transfer has been shown.
struct Shown<'a> {
    output: Output,
    peer: &'a str,
    bar: Option<Progress>,
    /// The last file that was not taken; a peer announces as many as it likes.
    refused: Option<Failure>,
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
            Event::Began { file, offset } => {
                self.bar = Some(Progress::new(&printable(&file.name), file.size, *offset));
                self.output.event(&began(file, *offset), self.peer)?;
            }
            Event::Stored { file, path: Some(path) } => {
                self.bar = None;
                let path = path.display().to_string();
                if !self.output.json {
                    note(&format!("received {} ({} octets)", file.name, file.size));
                    return self.output.line(&path);
                }
                let name = file.name.as_str().into();
                let event = [("event", "stored".into()), ("name", name), ("path", path.into())];
                self.output.event(&event, self.peer)?;
            }
            Event::Refused { file, refusal } => {
                self.bar = None;
                let name = file.name.as_str().into();
                let code = refusal.code().into();
                let event = [("event", "refused".into()), ("name", name), ("code", code)];
                self.output.event(&event, self.peer)?;
                let name = printable(&file.name);
                self.refused = Some(of_file(refusal, &format!("{name} was not taken")));
                tell(&format!("refused {name}: {refusal}"));
            }
            _ => {}
        }
        Ok(())
    }
}
