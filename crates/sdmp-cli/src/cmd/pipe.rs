//! `sdmp pipe`: standard input and output, or those of a command, through a session.

use std::io::IsTerminal;

use clap::Args;
use sdmp_node::tunnel::{self, Ended, Until};
use sdmp_transport::SecureSession;

use crate::args::session::Dial;
use crate::error::{Exit, Failure};
use crate::link::{Context, Dialler, Target, block_on};

#[derive(Debug, Args)]
pub(crate) struct Pipe {
    /// A peer's name, or HOST:PORT, unix:PATH, ws://HOST:PORT/PATH or files:DIR
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// A command whose standard input and output are carried, in place of our own
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

pub(super) fn run(context: &Context, args: Pipe) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(carry(&dialler, &args.command))
}

async fn carry(dialler: &Dialler, command: &[String]) -> Result<(), Failure> {
    // Standard output belongs to the octets.
    let output = dialler.output().aside();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    let carried = if command.is_empty() {
        own(session).await
    } else {
        tunnel::to_command(session, dialler.peer(), command).await
    };
    let ended = output.told(&peer, carried)?;
    match ended.peer_command {
        Some(outcome) if !outcome.is_success() => {
            let cause =
                format!("the command of {} failed: exit status {}", dialler.peer(), outcome.exit);
            Err(Failure::new(Exit::Other, "command.failed_there", cause)
                .remedy("what it wrote to standard error is on the other side"))
        }
        _ => Ok(()),
    }
}

/// Through our own standard input and output.
pub(crate) async fn own(session: SecureSession) -> Result<Ended, sdmp_node::Error> {
    let watched = std::io::stdin().is_terminal();
    // A person ends with the peer; a program's output is sent to its end.
    let until = if watched { Until::EitherEnd } else { Until::OurEnd };
    tunnel::pump(session, tokio::io::stdin(), tokio::io::stdout(), until).await
}
