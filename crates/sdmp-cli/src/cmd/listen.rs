//! `sdmp listen`: sessions that peers open.

use std::sync::Arc;
use std::time::Duration;

use sdmp_envelope::Identity;
use sdmp_handshake::{Config, Policy};
use sdmp_transport::listener::{Listener, Outcome};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::JoinSet;

use super::chat::{Ending, Output, converse, input, standard_input};
use super::connect::{profile, runtime, warn_if_insecure};
use crate::cli::Listen;
use crate::error::{Exit, Failure};
use crate::io::note;
use crate::key_log;
use crate::passphrase::Passphrase;
use crate::store::{Named, Store};

/// How long open sessions may still finish when the program is told to end.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn run(store: &Store, passphrase: &Passphrase, args: &Listen) -> Result<(), Failure> {
    warn_if_insecure(args.profile);
    let local = store.local(&args.key, passphrase)?;
    let peers = store.list_peers()?;
    if peers.is_empty() {
        note(
            "warning: no peer is trusted yet, so all will be refused; `sdmp peer add NAME FILE` adds one",
        );
    }
    let policy = Policy {
        profile: profile(args.profile),
        max_group_bits: args.max_group_bits,
        limits: args.address.limits(),
        ..Policy::default()
    };
    let output = Output {
        json: args.json,
        profile: args.profile,
        many: !args.once && !args.address.is_stdio(),
        aside: args.address.is_stdio(),
        patience: policy.limits.handshake,
    };
    let config = Config::new(local).policy(policy).trust(peers.iter().map(|p| p.identity.clone()));
    let config = key_log::attach(config, args.key_log.as_deref())?;
    let runtime = runtime()?;
    let result = runtime.block_on(serve(args, config, peers, output));
    // A read of standard input that still waits must not keep the program.
    runtime.shutdown_background();
    result
}

async fn serve(
    args: &Listen,
    config: Config,
    peers: Vec<Named>,
    output: Output,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Other, "listen.failed", format!("cannot listen there: {error}"))
            .remedy("choose a free port (port 0 takes any), and a place that you may use")
    };
    let (incoming, address) = args.address.bind().await.map_err(failed)?;
    let mut listener = Listener::new(incoming, config);
    note(&format!("listening on {address}"));
    if args.once || args.address.is_stdio() {
        return once(listener, &peers, output).await;
    }
    let feeding = Arc::new(Feed::new());
    let mut sessions = JoinSet::new();
    sessions.spawn(Arc::clone(&feeding).run());
    let mut ending = std::pin::pin!(told_to_end());
    loop {
        tokio::select! {
            outcome = listener.accept() => match outcome {
                Some(outcome) => {
                    if let Some(conversation) = begin(outcome, &peers, output, &feeding).await? {
                        sessions.spawn(conversation);
                    }
                }
                None => break,
            },
            () = &mut ending => break,
        }
    }
    feeding.end().await;
    if !listener.shutdown(SHUTDOWN_LIMIT).await {
        note("some sessions were still open and were cut");
    }
    Ok(())
}

/// Serves the first connection, whatever becomes of it.
async fn once(mut listener: Listener, peers: &[Named], output: Output) -> Result<(), Failure> {
    let outcome = tokio::select! {
        outcome = listener.accept() => outcome,
        () = told_to_end() => None,
    };
    let Some(outcome) = outcome else { return Ok(()) };
    match outcome.result {
        Ok(session) => {
            output.accepted(&session, name_of(peers, session.peer()))?;
            converse(session, &mut input(output), output, Ending::WithPeer).await
        }
        Err(error) => {
            let failure = Failure::from(error);
            output.rejected(&failure)?;
            Err(failure)
        }
    }
}

/// Reports an outcome; the conversation to be held, if there is one.
async fn begin(
    outcome: Outcome,
    peers: &[Named],
    output: Output,
    feeding: &Feed,
) -> Result<Option<impl Future<Output = ()> + use<>>, Failure> {
    let source = outcome.source;
    let session = match outcome.result {
        Ok(session) => session,
        Err(error) => {
            let failure = Failure::from(error);
            output.rejected(&failure)?;
            note(&format!("refused a connection from {source}: {failure}"));
            return Ok(None);
        }
    };
    output.accepted(&session, name_of(peers, session.peer()))?;
    let mut lines = feeding.join().await;
    Ok(Some(async move {
        if let Err(failure) = converse(session, &mut lines, output, Ending::WithPeer).await {
            note(&format!("a session with {source} ended: {failure}"));
        }
    }))
}

fn name_of<'a>(peers: &'a [Named], peer: &Identity) -> Option<&'a str> {
    peers
        .iter()
        .find(|known| known.identity.fingerprint() == peer.fingerprint())
        .map(|known| known.name.as_str())
}

/// Gives each line of standard input to all sessions that are open. While there is none, input
/// waits. A session that does not take its lines holds the others' up, 30 s at most: then it is
/// cut, as one whose peer does not read (R42).
#[derive(Debug)]
struct Feed {
    sessions: Mutex<Option<Vec<Lines>>>,
    joined: Notify,
}

type Lines = mpsc::Sender<Result<String, Failure>>;

impl Feed {
    fn new() -> Self {
        Self { sessions: Mutex::new(Some(Vec::new())), joined: Notify::new() }
    }

    /// The lines for a new session; at the end of the input, none.
    async fn join(&self) -> mpsc::Receiver<Result<String, Failure>> {
        let (sender, receiver) = mpsc::channel(16);
        if let Some(sessions) = self.sessions.lock().await.as_mut() {
            sessions.push(sender);
            self.joined.notify_one();
        }
        receiver
    }

    async fn end(&self) {
        *self.sessions.lock().await = None;
    }

    async fn run(self: Arc<Self>) {
        let mut input = standard_input();
        while let Some(line) = input.recv().await {
            let line = match line {
                Ok(line) => line,
                Err(failure) => {
                    note(&format!("standard input ends here: {failure}"));
                    break;
                }
            };
            while !self.give(&line).await {
                self.joined.notified().await;
            }
        }
        self.end().await;
    }

    /// Whether anybody took the line.
    async fn give(&self, line: &str) -> bool {
        let sessions = self.sessions.lock().await.clone().unwrap_or_default();
        let mut taken = false;
        for session in &sessions {
            taken |= session.send(Ok(line.to_owned())).await.is_ok();
        }
        if let Some(sessions) = self.sessions.lock().await.as_mut() {
            sessions.retain(|session| !session.is_closed());
        }
        taken
    }
}

/// Ready when the user or the system asks the program to end.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        drop(tokio::signal::ctrl_c().await);
    }
}
