//! A server that answers one message of each client: the README's second program.

use sdmp::{Config, Listener, Message, home, tcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::new(home::key_file("bob.private.json", None)?);
    let config = config.trust([home::identity_file("alice.json")?]);
    let mut listener = Listener::new(tcp::TcpAcceptor::bind("127.0.0.1:4242").await?, config);
    while let Some(outcome) = listener.accept().await {
        let Ok(mut session) = outcome.result else { continue };
        let asked: Message = session.recv().await?.ok_or("closed")?.container.try_into()?;
        session.send(Message::new(format!("you said: {}", asked.as_str()))).await?;
        session.close().await?;
    }
    Ok(())
}
