//! A client that sends a message and prints the answer: the README's first program.
#![allow(clippy::print_stdout, reason = "an example prints")]

use sdmp::{Config, Message, connect, home, tcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let me = home::key_file("alice.private.json", None)?;
    let server = home::identity_file("bob.json")?;
    let carrier = tcp::dial("127.0.0.1:4242").await?;
    let mut session = connect(carrier, Config::new(me).with_peer(server)).await?;
    session.send(Message::new("hello")).await?;
    let answer: Message = session.recv().await?.ok_or("closed")?.container.try_into()?;
    println!("{}", answer.as_str());
    Ok(session.close().await?)
}
