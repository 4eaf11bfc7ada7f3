//! `sdmp listen`: sessions that peers open.

use std::sync::Arc;

use clap::Args;
use sdmp_node::channels::{self, Allowed, Services};
use sdmp_node::tunnel;
use sdmp_transport::SecureSession;
use tokio::sync::{Mutex, Notify, mpsc, watch};

use super::chat::{Ending, Lines, Words, converse, standard_input};
use crate::args::session::Door;
use crate::error::Failure;
use crate::io::note;
use crate::link::door::Entrance;
use crate::link::{Context, block_on};
use sdmp_node::Address;

#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// HOST:PORT (port 0: any free one), unix:PATH, ws://HOST:PORT/PATH, files:DIR or stdio
    /// [default: 0.0.0.0:7667]
    pub(crate) address: Option<Address>,
    /// Carry connections to a TCP service: the other side of `sdmp forward`
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["pipe", "command"])]
    pub(crate) forward_to: Option<String>,
    /// Let peers name this destination with `sdmp forward --socks`; either part may be *; give it again for several
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["pipe", "command"])]
    pub(crate) allow: Vec<Allowed>,
    /// Let peers listen on this port of the loopback address with `sdmp forward -R`; give it again for several
    #[arg(long, value_name = "PORT", conflicts_with_all = ["pipe", "command"], value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) allow_port: Vec<u16>,
    /// Carry one connection a session only, as for peers that cannot carry several
    #[arg(long, requires = "forward_to")]
    pub(crate) no_channels: bool,
    /// Carry one session through standard input and output: the other side of `sdmp pipe`
    #[arg(long, conflicts_with = "command")]
    pub(crate) pipe: bool,
    /// Carry each session through the standard input and output of a command of its own
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    #[command(flatten)]
    pub(crate) door: Door,
}

pub(super) fn run(context: &Context, args: Listen) -> Result<(), Failure> {
    let entrance = Entrance::new(context, args.address.as_ref(), &args.door)?;
    if args.pipe {
        return block_on(pipe(&entrance.for_one()));
    }
    if args.forward_to.is_some() || !args.allow.is_empty() || !args.allow_port.is_empty() {
        let services = Services {
            service: args.forward_to,
            allowed: args.allow,
            ports: args.allow_port,
            without_channels: args.no_channels,
            limits: entrance.limits().clone(),
        };
        return block_on(forward(&entrance, Arc::new(services)));
    }
    match args.command.as_slice() {
        [] => block_on(chat(&entrance)),
        command => block_on(execute(&entrance, command)),
    }
}

/// One session through our own standard input and output.
async fn pipe(entrance: &Entrance) -> Result<(), Failure> {
    let output = entrance.output().aside();
    let carry = |session: SecureSession, _| async move {
        let peer = session.peer().fingerprint().to_string();
        output.told(&peer, super::pipe::own(session).await).map(|_| ())
    };
    entrance.serve(output, carry, async || {}).await
}

/// The connections of each session to what is offered.
async fn forward(entrance: &Entrance, services: Arc<Services>) -> Result<(), Failure> {
    let output = entrance.output();
    let ending = Arc::new(watch::Sender::new(false));
    let carry = |session: SecureSession, _| {
        let (services, mut ended) = (Arc::clone(&services), ending.subscribe());
        async move {
            let peer = session.peer().fingerprint().to_string();
            let closing = async {
                // Never ready if the sender is gone, which it is after the last session only.
                if ended.wait_for(|ended| *ended).await.is_err() {
                    std::future::pending().await
                }
            };
            let failed = |error: &sdmp_node::Error| note(&format!("a connection ended: {error}"));
            let served = channels::serve(session, services, closing, failed).await;
            output.told(&peer, served.map(|()| tunnel::Ended::default())).map(|_| ())
        }
    };
    let close = async || {
        ending.send_replace(true);
    };
    entrance.serve(output, carry, close).await
}

/// Each session to a command of its own.
async fn execute(entrance: &Entrance, command: &[String]) -> Result<(), Failure> {
    let output = entrance.output();
    let carry = |session: SecureSession, name: Option<String>| {
        let command = command.to_vec();
        async move {
            let peer = session.peer().fingerprint().to_string();
            let name = name.unwrap_or_default();
            output.told(&peer, tunnel::to_command(session, &name, &command).await).map(|_| ())
        }
    };
    entrance.serve(output, carry, async || {}).await
}

async fn chat(entrance: &Entrance) -> Result<(), Failure> {
    let output = entrance.output();
    let feeding = output.many.then(|| Arc::new(Feed::new()));
    if let Some(feeding) = &feeding {
        // It lives as long as the program: input may end long before the sessions do.
        drop(tokio::spawn(Arc::clone(feeding).run()));
    }
    let begin = |session: SecureSession, name| {
        let feeding = feeding.clone();
        let speaker = entrance.speaker(&session, name);
        async move {
            let words = match feeding {
                Some(feeding) => Words::shared(feeding.join().await),
                None => Words::own(output, Ending::WithPeer),
            };
            converse(session, words, output, speaker).await
        }
    };
    let ending = async || {
        if let Some(feeding) = &feeding {
            feeding.end().await;
        }
    };
    entrance.serve(output, begin, ending).await
}

/// Gives each line of standard input to all sessions that are open. While there is none, input
/// waits. A session that does not take its lines holds the others' up, 30 s at most: then it is
/// cut, as one whose peer does not read (R42).
#[derive(Debug)]
struct Feed {
    sessions: Mutex<Option<Vec<LineSender>>>,
    joined: Notify,
}

/// Where the lines for one session go.
type LineSender = mpsc::Sender<Result<String, Failure>>;

impl Feed {
    fn new() -> Self {
        Self { sessions: Mutex::new(Some(Vec::new())), joined: Notify::new() }
    }

    /// The lines for a new session; at the end of the input, none.
    async fn join(&self) -> Lines {
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

    /// Whether any session took the line.
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
