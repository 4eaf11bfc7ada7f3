//! A chat room: what one member says, all others see.
//!
//! `cargo run -p sdmp-transport --example chat -- room ADDRESS OWN-KEY PEER...` opens a room for
//! these peers; `chat join ADDRESS OWN-KEY PEER` enters the room of that peer, and each line of
//! standard input is said there.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod nodes;

use sdmp_container::{Container, Fingerprint, Message};
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{Listener, SecureSession, connect, tcp};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::broadcast::{self, error::RecvError};

use nodes::{Anything, message, node};

/// Lines that may wait for a member who is slow; who is slower still misses some.
const WAITING: usize = 64;

type Said = (Fingerprint, String);

pub(crate) async fn room(acceptor: impl Acceptor, config: sdmp_handshake::Config) {
    let (room, _) = broadcast::channel(WAITING);
    let mut listener = Listener::new(acceptor, config);
    while let Some(outcome) = listener.accept().await {
        if let Ok(session) = outcome.result {
            drop(tokio::spawn(member(session, room.clone())));
        }
    }
}

/// One member's session, until the member leaves.
async fn member(session: SecureSession, room: broadcast::Sender<Said>) -> Anything {
    let own = session.peer().fingerprint().clone();
    let mut others = room.subscribe();
    let (mut sender, mut receiver) = session.split();
    loop {
        tokio::select! {
            received = receiver.recv() => {
                let Some(received) = received? else { break };
                let said = (own.clone(), text(&received.container)?);
                // Fails only in a room without anybody, and this member is in it.
                drop(room.send(said));
            }
            said = others.recv() => match said {
                Ok((who, what)) if who != own => sender.send(message(&line(&who, &what))?).await?,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
    Ok(sender.finish().await?)
}

/// The speaker's name is verified: it is the key that the session was opened with.
fn line(who: &Fingerprint, what: &str) -> String {
    let name: String = who.to_string().chars().take(8).collect();
    format!("{name}: {what}")
}

fn text(container: &Container) -> Anything<String> {
    Ok(Message::from_container(container)?.as_str().to_owned())
}

/// Says each line of `input`, shows what the others say, and leaves when the input ends.
pub(crate) async fn join(
    session: SecureSession,
    input: impl AsyncBufRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> Anything {
    let (mut sender, mut receiver) = session.split();
    let mut lines = input.lines();
    let mut open = true;
    loop {
        tokio::select! {
            line = lines.next_line(), if open => match line? {
                Some(line) => sender.send(message(&line)?).await?,
                None => {
                    sender.finish().await?;
                    open = false;
                }
            },
            received = receiver.recv() => {
                let Some(received) = received? else { return Ok(()) };
                // What others write must not reach the terminal as control characters.
                let line = format!("{}\n", text(&received.container)?.escape_debug());
                output.write_all(line.as_bytes()).await?;
                output.flush().await?;
            }
        }
    }
}

#[tokio::main]
async fn main() -> Anything {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task, address, own, peers @ ..] = arguments.as_slice() else {
        return Err("usage: chat room|join ADDRESS OWN-KEY PEER...".into());
    };
    let config = node(own, peers)?;
    if task == "room" {
        let acceptor = tcp::TcpAcceptor::bind(address).await?;
        println!("listening on {}", acceptor.local_addr()?);
        room(acceptor, config).await;
        return Ok(());
    }
    let session = connect(tcp::dial(address).await?, config).await?;
    join(session, BufReader::new(tokio::io::stdin()), tokio::io::stdout()).await
}
