//! `sdmp pipe`: standard input and output, or those of a command, through a session.

use std::io::IsTerminal;

use sdmp_node::tunnel::{self, Ended, Until};
use sdmp_transport::SecureSession;

use crate::cli::Pipe;
use crate::error::{Exit, Failure};
use crate::link::{Context, Dialler, block_on};

pub(crate) fn run(context: &Context, args: &Pipe) -> Result<(), Failure> {
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
    let until = if watched { Until::EitherEnd } else { Until::OurEnd };
    tunnel::pump(session, tokio::io::stdin(), tokio::io::stdout(), until).await
}
