//! Standard input and output as a carrier: this process's own, or a child process's.

use std::io;
use std::process::Stdio;

use tokio::io::{Stdin, Stdout};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::octets::ByteStream;

/// This process's standard input and output. Nothing else may use them meanwhile.
#[must_use]
pub fn own() -> ByteStream<Stdin, Stdout> {
    ByteStream::from_halves(tokio::io::stdin(), tokio::io::stdout())
}

/// Starts a program, and talks with it over its standard input and output; what it writes to
/// standard error goes where ours goes. Keep the [`Child`]: it is killed when that is dropped.
///
/// # Errors
/// Those of the system: no such program, no permission.
pub fn child(mut command: Command) -> io::Result<(ByteStream<ChildStdout, ChildStdin>, Child)> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    Ok((ByteStream::from_halves(output, input), child))
}
