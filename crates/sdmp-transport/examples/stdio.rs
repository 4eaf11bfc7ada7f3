//! A session over the standard input and output of a child process: `cargo run -p sdmp-transport
//! --example stdio`. The child is this program again; `ssh HOST PROGRAM` works the same way.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod common;

use common::{Anything, alice, bob, hear, message};
use sdmp_transport::{accept, connect, stdio};
use tokio::process::Command;

/// The child: its standard output carries the session, so it prints nothing else there.
async fn child() -> Anything {
    let mut session = accept(stdio::own(), bob()?).await?;
    let text = hear(&mut session).await?;
    session.send(message(&format!("you said: {text}"))).await?;
    Ok(session.close().await?)
}

#[tokio::main]
async fn main() -> Anything {
    if std::env::args().nth(1).is_some_and(|argument| argument == "child") {
        child().await?;
        // A read of standard input that is under way cannot be interrupted.
        std::process::exit(0);
    }
    let mut command = Command::new(std::env::current_exe()?);
    let (carrier, mut child) = stdio::child({
        command.arg("child");
        command
    })?;
    let mut session = connect(carrier, alice()?).await?;
    session.send(message("hello to a child process")).await?;
    println!("{}", hear(&mut session).await?);
    session.close().await?;
    if child.wait().await?.success() { Ok(()) } else { Err("the child failed".into()) }
}
