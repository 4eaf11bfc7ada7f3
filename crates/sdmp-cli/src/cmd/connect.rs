//! `sdmp connect`: a session that this side opens.

use std::sync::Arc;

use clap::Args;

use super::chat::{Ending, Words, converse};
use crate::args::session::Dial;
use crate::error::Failure;
use crate::link::{Context, Dialler, Target, block_on};
use crate::output::Speaker;
use crate::shutdown;

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// A peer's name, or HOST:PORT, unix:PATH, ws://HOST:PORT/PATH, files:DIR or stdio
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

pub(super) fn run(context: &Context, args: Connect) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?.once();
    block_on(talk(&dialler))
}

async fn talk(dialler: &Dialler) -> Result<(), Failure> {
    let output = dialler.output();
    let session = dialler.open(output).await?;
    // Only once there is a session: before that a signal has nothing to finish.
    let _finishing = shutdown::finishing();
    let speaker = Speaker {
        fingerprint: session.peer().fingerprint().to_string(),
        name: dialler.peer().to_owned(),
        several: Arc::default(),
    };
    converse(session, Words::own(output, Ending::WithInput), output, speaker).await
}
