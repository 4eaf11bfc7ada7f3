//! `sdmp pipe`: standard input and output, or those of a command, through a session.

use std::io::IsTerminal;

use crate::cli::Pipe;
use crate::error::Failure;
use crate::link::{Context, Dialler, block_on};
use crate::tunnel::{self, Until};

pub(crate) fn run(context: &Context, args: &Pipe) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(carry(&dialler, &args.command))
}

async fn carry(dialler: &Dialler, command: &[String]) -> Result<(), Failure> {
    // Standard output belongs to the octets.
    let output = dialler.output().aside();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    let result = if command.is_empty() {
        own(session).await
    } else {
        tunnel::to_command(session, dialler.peer(), command).await
    };
    output.ended(&result.clone().map(|()| true), &peer)?;
    result
}

/// Through our own standard input and output.
pub(crate) async fn own(session: sdmp_transport::SecureSession) -> Result<(), Failure> {
    let watched = std::io::stdin().is_terminal();
    let until = if watched { Until::EitherEnd } else { Until::OurEnd };
    tunnel::pump(session, tokio::io::stdin(), tokio::io::stdout(), until).await
}
