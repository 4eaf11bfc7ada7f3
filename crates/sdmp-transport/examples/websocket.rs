//! A session over WebSocket: `cargo run -p sdmp-transport --example websocket`.
#![allow(clippy::print_stdout, reason = "an example prints")]

mod common;

use common::{Anything, alice, bob, hear, message};
use sdmp_transport::{Listener, connect, tcp, websocket};

#[tokio::main]
async fn main() -> Anything {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/sdmp", acceptor.local_addr()?);
    let mut listener = Listener::new(websocket::WebSocketAcceptor::new(acceptor), bob()?);
    let server = tokio::spawn(async move {
        let mut session = listener.accept().await.ok_or("the listener has ended")?.result?;
        let text = hear(&mut session).await?;
        session.send(message(&format!("you said: {text}"))).await?;
        Anything::Ok(session.close().await?)
    });

    let mut session = connect(websocket::dial(&url).await?, alice()?).await?;
    session.send(message("hello over WebSocket")).await?;
    println!("{}", hear(&mut session).await?);
    session.close().await?;
    server.await?
}
