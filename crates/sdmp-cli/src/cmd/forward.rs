//! `sdmp forward`: a local port or socket whose connections travel to a peer, through one session.

use std::io;
use std::sync::Arc;

use clap::Args;
use sdmp_node::channels::{self, Keeper};
use sdmp_node::tunnel::{self, Local};
use sdmp_transport::SecureSession;
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
    /// Speak SOCKS 5 at the local end: clients name destinations, which the peer allows with --allow and resolves
    #[arg(long)]
    pub(crate) socks: bool,
    /// The other way round: PORT is the peer's, which allows it with --allow-port; what connects there comes to --to
    #[arg(short = 'R', long, requires = "to", conflicts_with_all = ["socks", "no_channels"])]
    pub(crate) remote: bool,
    /// Where connections to the peer's port lead on this side
    #[arg(long, value_name = "HOST:PORT", requires = "remote")]
    pub(crate) to: Option<String>,
    /// Open a session for each connection, as for a peer that cannot carry several over one
    #[arg(long, conflicts_with = "socks")]
    pub(crate) no_channels: bool,
    #[command(flatten)]
    pub(crate) dial: Dial,
}

pub(super) fn run(context: &Context, args: Forward) -> Result<(), Failure> {
    let dialler = Dialler::new(context, &args.target, &args.dial)?;
    match &args.to {
        Some(service) => block_on(expose(Arc::new(dialler), &args.local, service)),
        None => block_on(serve(Arc::new(dialler), &args)),
    }
}

/// A session that is being opened.
type Opening = std::pin::Pin<Box<dyn Future<Output = Result<SecureSession, Failure>> + Send>>;

/// The sessions with the peer: one, as long as it lasts, where the peer knows channels.
fn keep(dialler: Arc<Dialler>) -> Keeper<impl Fn() -> Opening, Failure> {
    let (limits, output) = (dialler.limits().clone(), dialler.output().several());
    let dial = move || {
        let dialler = Arc::clone(&dialler);
        let opening: Opening = Box::pin(async move { dialler.open(output).await });
        opening
    };
    Keeper::new(dial, limits, move |peer, ended| {
        // What cannot be written any more is of no use to anyone.
        drop(output.told(peer, ended.map(|()| tunnel::Ended::default())));
    })
}

async fn serve(dialler: Arc<Dialler>, args: &Forward) -> Result<(), Failure> {
    let place = &args.local;
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
    let _finishing = shutdown::finishing();
    note(&format!("forwarding {local} to {}", dialler.peer()));
    if reachable.is_some_and(|address| address.ip().is_loopback()) {
        note("every user of this machine can connect there; with unix:PATH only you can");
    }
    let open = Arc::new(watch::Sender::new(0_usize));
    let (counted, socks) = (Arc::clone(&open), args.socks);
    let keeper = Arc::new(keep(dialler).with_channels(!args.no_channels));
    let kept = Arc::clone(&keeper);
    let carrying = move |socket, from| {
        let (keeper, open) = (Arc::clone(&kept), Open::new(&counted));
        async move {
            let _open = open;
            let carried = match socks {
                true => keeper.carry_socks(socket).await,
                false => keeper.carry(socket).await,
            };
            if let Err(failure) = carried {
                let failure = failure.after_acceptance();
                note(&format!("the connection from {from} ended: {failure}"));
            }
        }
    };
    let not_taken = |error: &io::Error| note(&format!("a connection could not be taken: {error}"));
    tokio::select! {
        () = tunnel::forward(local, carrying, not_taken) => Ok(()),
        result = finish(&open) => result,
    }?;
    keeper.finish().await;
    Ok(())
}

/// A port of the peer's whose connections come to a service here. A session that ends is replaced.
async fn expose(dialler: Arc<Dialler>, port: &str, service: &str) -> Result<(), Failure> {
    const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);
    let port = port.parse().map_err(|_| Failure::usage("with -R the port is one of the peer's"))?;
    let peer = dialler.peer().to_owned();
    let keeper = keep(dialler).taking_channels();
    let opened = std::cell::Cell::new(false);
    let ready = || {
        opened.set(true);
        note(&format!("forwarding port {port} of {peer} to {service}"));
    };
    let failed = |error: &sdmp_node::Error| note(&format!("a connection ended: {error}"));
    loop {
        let _finishing = shutdown::finishing();
        let once = async {
            let channels = keeper.channels().await?;
            Ok(channels::expose(&channels, port, service, ready, failed).await?)
        };
        let exposed: Result<(), Failure> = tokio::select! {
            exposed = once => exposed,
            () = shutdown::signal() => return Ok(()),
        };
        // What worked once most likely works again: the peer may be away for a while, or hold the port
        // for a session that it does not know to be dead. Another key, or no trust, is final.
        match exposed {
            Err(failure) if opened.get() && may_pass(&failure) => {
                note(&format!("{failure}; trying again"));
            }
            ended => return ended,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = shutdown::signal() => return Ok(()),
        }
    }
}

/// Whether it may pass by itself: nothing that is wrong with arguments, keys or trust does.
fn may_pass(failure: &Failure) -> bool {
    matches!(failure.exit, Exit::Other | Exit::Refused | Exit::Cut | Exit::Timeout)
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
