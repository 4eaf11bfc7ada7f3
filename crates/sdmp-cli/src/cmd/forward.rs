//! `sdmp forward`: a local port or socket whose connections each travel through a session of their
//! own.

use std::io;
use std::sync::Arc;

use clap::Args;
use sdmp_node::tunnel::{self, Local, Socket};
use tokio::sync::watch;

use crate::args::session::Dial;
use crate::error::{Exit, Failure};
use crate::io::{note, warn};
use crate::link::{Context, Dialler, Target, block_on};
use crate::shutdown;

#[derive(Debug, Args)]
pub(crate) struct Forward {
    /// The local end: PORT of this machine's loopback address, HOST:PORT, or unix:PATH for this user only
    #[arg(value_name = "[HOST:]PORT|unix:PATH")]
    pub(crate) local: String,
    /// A peer's name, NAME:PORT for another port of its host, or an address
    #[arg(value_name = "PEER|ADDR")]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

pub(super) fn run(context: &Context, args: Forward) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    block_on(serve(Arc::new(dialler), &args.local))
}

async fn serve(dialler: Arc<Dialler>, place: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Other, "forward.listen", format!("cannot listen on {place}: {error}"))
            .remedy("choose a free port of this machine, as PORT or HOST:PORT, or unix:PATH")
    };
    let local = Local::bind(place).await.map_err(failed)?;
    let reachable = local.address().map_err(failed)?;
    // Every program that can connect there acts under this node's identity.
    if let Some(address) = reachable.filter(|address| !address.ip().is_loopback()) {
        warn(&format!("all who reach {address} speak with {} in your name", dialler.peer()));
    }
    note(&format!("forwarding {local} to {}", dialler.peer()));
    if reachable.is_some_and(|address| address.ip().is_loopback()) {
        note("every user of this machine can connect there; with unix:PATH only you can");
    }
    let _finishing = shutdown::finishing();
    let open = Arc::new(watch::Sender::new(0_usize));
    let counted = Arc::clone(&open);
    let carrying = move |socket, from| {
        let (dialler, open) = (Arc::clone(&dialler), Open::new(&counted));
        async move {
            let _open = open;
            if let Err(failure) = carry(&dialler, socket).await {
                note(&format!("the connection from {from} ended: {failure}"));
            }
        }
    };
    let not_taken = |error: &io::Error| note(&format!("a connection could not be taken: {error}"));
    tokio::select! {
        () = tunnel::forward(local, carrying, not_taken) => Ok(()),
        result = finish(&open) => result,
    }
}

/// One connection more, as long as it lives.
struct Open(Arc<watch::Sender<usize>>);

impl Open {
    fn new(open: &Arc<watch::Sender<usize>>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(Arc::clone(open))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}

/// After a signal, what is open may end by itself for a while.
async fn finish(open: &watch::Sender<usize>) -> Result<(), Failure> {
    shutdown::signal().await;
    let mut open = open.subscribe();
    tokio::select! {
        _ = open.wait_for(|open| *open == 0) => Ok(()),
        () = shutdown::overdue() => Err(shutdown::cut()),
    }
}

async fn carry(dialler: &Dialler, socket: Socket) -> Result<(), Failure> {
    let output = dialler.output().several();
    let session = dialler.open(output).await?;
    let peer = session.peer().fingerprint().to_string();
    output.told(&peer, tunnel::through(session, socket).await).map(|_| ())
}
