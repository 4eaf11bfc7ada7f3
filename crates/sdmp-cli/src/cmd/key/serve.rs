//! `sdmp key serve`: this machine's identity, for peers that fetch it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::Args;
use sdmp_envelope::LocalIdentity;
use sdmp_node::fingerprint;
use sdmp_node::introduction::{self, Served};
use sdmp_transport::clock::wall_time;
use sdmp_transport::listener::{Source, Throttle};

use crate::address::bind;
use crate::error::Failure;
use crate::io::note;
use crate::link::{Context, MINUTE, block_on};
use crate::passphrase;
use crate::shutdown;
use sdmp_node::Address;

#[derive(Debug, Args)]
pub(crate) struct KeyServe {
    /// HOST:PORT (port 0: any free one), unix:PATH, ws://HOST:PORT/PATH or files:DIR
    pub(crate) address: Address,
    /// The key whose identity is offered [default: the only one there is]
    #[arg(long, value_name = "NAME", env = "SDMP_KEY")]
    pub(crate) key: Option<String>,
    /// Give it once, then end
    #[arg(long)]
    pub(crate) once: bool,
}

/// Sessions reveal an identity to trusted peers only (R30). This gives it to all who connect, so it
/// happens only on request.
pub(super) fn run(context: &Context, args: &KeyServe) -> Result<(), Failure> {
    let name = context.key(args.key.as_deref())?;
    let local = passphrase::local(&context.store, &name, &context.passphrase)?;
    block_on(offer(&name, &local, &args.address, args.once))
}

/// Gives the identity to all who connect, until the program is told to end.
async fn offer(
    name: &str,
    local: &LocalIdentity,
    address: &Address,
    once: bool,
) -> Result<(), Failure> {
    let text = introduction::signed(local, wall_time()?)?;
    let (acceptor, shown) = bind(address).await?;
    let _finishing = shutdown::finishing();
    note(&format!("all who connect are given the identity of {name}; its words are\n"));
    note(&fingerprint::words(local.identity().fingerprint().as_octets()));
    note(&format!("listening on {shown}"));
    let reports = Arc::new(Mutex::new(Throttle::new(MINUTE)));
    let told = Arc::clone(&reports);
    let report = move |source: &Source, served| report(&told, source, &served);
    tokio::select! {
        () = introduction::offer(acceptor, &text, once, report) => {}
        () = shutdown::signal() => {}
        () = report_the_rest(&reports) => {}
    }
    for (source, more) in lock(&reports).rest() {
        note_more(&source, more);
    }
    Ok(())
}

/// What is said about each source: one line a minute, and how many more connections there were.
type Reports = Mutex<Throttle<Source>>;

fn lock(reports: &Reports) -> MutexGuard<'_, Throttle<Source>> {
    reports.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(reports: &Reports, source: &Source, served: &Served) {
    match lock(reports).note(&source.bucket()) {
        Some(1) => note(&match served {
            Served::Given => format!("gave the identity to {source}"),
            Served::Dropped(limit) => format!("dropped a connection from {source}: {limit}"),
            _ => format!("{source} did not take the identity"),
        }),
        Some(more) => note_more(source, more),
        None => {}
    }
}

fn note_more(source: &Source, more: u64) {
    note(&format!("{more} more connections from {source}"));
}

/// Says how many connections were only counted, as soon as it is due.
async fn report_the_rest(reports: &Reports) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for (source, more) in lock(reports).due() {
            note_more(&source, more);
        }
    }
}
