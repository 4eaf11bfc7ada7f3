//! A session over a Unix socket: `cargo run -p sdmp-transport --example unix`.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod common;

use common::Anything;

#[cfg(unix)]
#[tokio::main]
async fn main() -> Anything {
    use common::{alice, bob, hear, message};
    use sdmp_transport::{Listener, connect, unix};

    let path = std::env::temp_dir().join(format!("sdmp-example-{}.socket", std::process::id()));
    let acceptor = unix::UnixAcceptor::bind(&path).await?;
    let mut listener = Listener::new(acceptor, bob()?);
    let server = tokio::spawn(async move {
        let mut session = listener.accept().await.ok_or("the listener has ended")?.result?;
        let text = hear(&mut session).await?;
        session.send(message(&format!("you said: {text}"))).await?;
        Anything::Ok(session.close().await?)
    });

    let mut session = connect(unix::dial(&path).await?, alice()?).await?;
    session.send(message("hello over a Unix socket")).await?;
    println!("{}", hear(&mut session).await?);
    session.close().await?;
    server.await?
}

#[cfg(not(unix))]
fn main() -> Anything {
    Err("this system has no Unix sockets".into())
}
