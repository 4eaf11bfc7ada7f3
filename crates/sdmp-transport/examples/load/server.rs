//! The server, as a process of its own, and the handle that the attacker's process has of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use async_trait::async_trait;
use sdmp_transport::listener::{Acceptor, Incoming, ListenerLimits};
use sdmp_transport::websocket::WebSocketAcceptor;
use sdmp_transport::{Carrier, Listener, SecureSession, carrier, tcp};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::{Anything, nodes};

/// What carries the sessions of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Tcp,
    WebSocket,
    /// TCP within something that sees all objects, as a recorder does.
    Wrapped,
}

/// TCP whose carriers are wrapped.
struct Wrapping(tcp::TcpAcceptor);

#[async_trait]
impl Acceptor for Wrapping {
    async fn next(&mut self) -> std::io::Result<Incoming> {
        let Incoming { source, open } = self.0.next().await?;
        let open = Box::pin(async move {
            let wrapped = carrier::wrap(open.await?, |(sender, receiver), _| {
                (Box::new(sender), Box::new(receiver))
            });
            let wrapped: Box<dyn Carrier> = Box::new(wrapped);
            Ok(wrapped)
        });
        Ok(Incoming { source, open })
    }
}

/// Serves until standard input ends; answers each line on it with the listener's counts.
pub(crate) async fn serve(kind: &str) -> Anything {
    let acceptor = tcp::TcpAcceptor::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", acceptor.local_addr()?);
    let acceptor: Box<dyn Acceptor> = match kind {
        "WebSocket" => Box::new(WebSocketAcceptor::new(acceptor)),
        "Wrapped" => Box::new(Wrapping(acceptor)),
        _ => Box::new(acceptor),
    };
    // All honest nodes here have one key.
    let limits = ListenerLimits::default().with_sessions_per_peer(2_000);
    let mut listener = Listener::builder(acceptor, nodes::server()?).with_limits(limits).start();
    let mut questions = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            question = questions.next_line() => {
                if question?.is_none() {
                    return Ok(());
                }
                let counts = listener.counts();
                println!(
                    "{} {} {} {} {} {}",
                    counts.connections,
                    counts.over_limit,
                    counts.refused,
                    counts.accepted,
                    counts.half_open,
                    counts.most_half_open
                );
            }
            outcome = listener.accept() => {
                if let Some(Ok(session)) = outcome.map(|outcome| outcome.result) {
                    drop(tokio::spawn(echo(session)));
                }
            }
        }
    }
}

/// Sends back what comes, and closes as the peer does. A session that was cut is over anyway.
async fn echo(mut session: SecureSession) {
    while let Ok(Some(received)) = session.recv().await {
        if session.send(received.container).await.is_err() {
            return;
        }
    }
    drop(session.close().await);
}

/// What the listener has counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: u64,
    pub(crate) over_limit: u64,
    pub(crate) refused: u64,
    pub(crate) accepted: u64,
    pub(crate) half_open: u64,
    pub(crate) most_half_open: u64,
}

impl Counts {
    /// What has happened since an earlier count.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            connections: self.connections - earlier.connections,
            over_limit: self.over_limit - earlier.over_limit,
            refused: self.refused - earlier.refused,
            accepted: self.accepted - earlier.accepted,
            ..self
        }
    }
}

/// Memory of the server's process, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) async fn start(kind: Kind) -> Anything<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", &format!("{kind:?}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let questions = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut answers = BufReader::new(output).lines();
        let address = answers.next_line().await?.ok_or("the server did not start")?.parse()?;
        Ok(Self { address, child, questions, answers })
    }

    pub(crate) async fn counts(&mut self) -> Anything<Counts> {
        self.questions.write_all(b"\n").await?;
        let answer = self.answers.next_line().await?.ok_or("the server has ended")?;
        let mut numbers = answer.split(' ').map(str::parse);
        let mut next = || numbers.next().ok_or("a number is missing");
        Ok(Counts {
            connections: next()??,
            over_limit: next()??,
            refused: next()??,
            accepted: next()??,
            half_open: next()??,
            most_half_open: next()??,
        })
    }

    /// Zero where the system does not tell (it does on Linux).
    pub(crate) fn memory(&self) -> Memory {
        let path = format!("/proc/{}/status", self.child.id().unwrap_or(0));
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Memory { now: field("VmRSS:"), peak: field("VmHWM:") }
    }

    /// How many descriptors the server has open; zero where the system does not tell.
    pub(crate) fn descriptors(&self) -> usize {
        let path = format!("/proc/{}/fd", self.child.id().unwrap_or(0));
        std::fs::read_dir(path).map_or(0, Iterator::count)
    }
}
