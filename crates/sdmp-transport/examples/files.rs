//! A session over a directory: `cargo run -p sdmp-transport --example files`.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod common;

use common::Anything;

#[cfg(unix)]
#[tokio::main]
async fn main() -> Anything {
    use common::{alice, bob, hear, message};
    use sdmp_handshake::{Config, Policy};
    use sdmp_transport::{Listener, connect, files};

    // Hours in place of seconds: a synchronised folder takes its time.
    let patient = |config: Config| {
        let policy = Policy { limits: files::limits(), ..config.policy().clone() };
        config.with_policy(policy)
    };
    let directory = std::env::temp_dir().join(format!("sdmp-example-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let mut listener =
        Listener::new(files::FilesAcceptor::bind(&directory).await?, patient(bob()?));
    let server = tokio::spawn(async move {
        let mut session = listener.accept().await.ok_or("the listener has ended")?.result?;
        let text = hear(&mut session).await?;
        session.send(message(&format!("you said: {text}"))).await?;
        Anything::Ok(session.close().await?)
    });

    let mut session = connect(files::dial(&directory).await?, patient(alice()?)).await?;
    session.send(message("hello over files")).await?;
    println!("{}", hear(&mut session).await?);
    session.close().await?;
    server.await??;
    Ok(std::fs::remove_dir_all(&directory)?)
}

#[cfg(not(unix))]
fn main() -> Anything {
    Err("a directory is a carrier on Unix systems only".into())
}
