//! `sdmp connect`: a session that this side opens.

use super::chat::{Ending, converse, input};
use crate::cli::Connect;
use crate::error::Failure;
use crate::link::{Context, Dialler, block_on};

pub(crate) fn run(context: &Context, args: &Connect) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(talk(&dialler))
}

async fn talk(dialler: &Dialler) -> Result<(), Failure> {
    let output = dialler.output();
    let session = dialler.open(output).await?;
    converse(session, &mut input(output), output, Ending::WithInput).await
}
