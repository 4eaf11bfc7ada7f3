//! `sdmp forward`: a local TCP port whose connections each travel through a session of their own.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cli::Forward;
use crate::error::{Exit, Failure};
use crate::io::{note, warn};
use crate::link::door::shutdown_signal;
use crate::link::{Context, Dialler, block_on};
use crate::tunnel;

/// Connections at the same time; further ones wait.
const CONNECTIONS: usize = 256;

pub(crate) fn run(context: &Context, args: &Forward) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    let local = match args.local.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => args.local.clone(),
    };
    block_on(serve(Arc::new(dialler), &local))
}

async fn serve(dialler: Arc<Dialler>, local: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Other, "forward.listen", format!("cannot listen on {local}: {error}"))
            .remedy("choose a free port of this machine, as PORT or HOST:PORT")
    };
    let listener = TcpListener::bind(local).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    if !address.ip().is_loopback() {
        warn(&format!("whoever reaches {address} speaks with {} in your name", dialler.peer()));
    }
    note(&format!("forwarding {address} to {}", dialler.peer()));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut told = std::pin::pin!(shutdown_signal());
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // A lack of descriptors passes only when connections end.
                    note(&format!("a connection could not be taken: {error}"));
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut told => return Ok(()),
            Some(_) = connections.join_next() => continue,
        };
        let dialler = Arc::clone(&dialler);
        connections.spawn(async move {
            if let Err(failure) = carry(&dialler, stream).await {
                note(&format!("the connection from {from} ended: {failure}"));
            }
            drop(place);
        });
    }
}

async fn carry(dialler: &Dialler, stream: TcpStream) -> Result<(), Failure> {
    let output = dialler.output().several();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    let result = tunnel::through(session, stream).await;
    output.ended(&result.clone().map(|()| true), &peer)?;
    result
}
