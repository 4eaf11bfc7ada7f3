//! A session between two tasks of one process: `cargo run -p sdmp-transport --example memory`.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod common;

use common::{Anything, alice, bob, hear, message};
use sdmp_transport::{accept, connect, memory};

#[tokio::main]
async fn main() -> Anything {
    // At most four objects wait in each direction.
    let (one, other) = memory::pair(4);
    let server = tokio::spawn(async move {
        let mut session = accept(other, bob()?).await?;
        let text = hear(&mut session).await?;
        session.send(message(&format!("you said: {text}"))).await?;
        Anything::Ok(session.close().await?)
    });

    let mut session = connect(one, alice()?).await?;
    session.send(message("hello in memory")).await?;
    println!("{}", hear(&mut session).await?);
    session.close().await?;
    server.await?
}
