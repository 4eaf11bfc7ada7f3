//! The server, as a process of its own, and the handle that the attacker's process has of it.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use sdmp_handshake::{Policy, Profile, Role};
use sdmp_node::Recorder;
use sdmp_transport::files::{self, FilesAcceptor};
use sdmp_transport::listener::{Acceptor, Incoming, ListenerLimits};
use sdmp_transport::websocket::WebSocketAcceptor;
use sdmp_transport::{Listener, SecureSession, tcp};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::{Anything, nodes};

/// What carries the sessions of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Tcp,
    WebSocket,
    /// TCP whose sessions are recorded, as by `--record`.
    Recorded,
    /// A directory, with the time limits that suit it.
    Files,
}

/// The recording in a server's directory.
const RECORDING: &str = "recording";

/// TCP whose sessions are recorded.
struct Recording(tcp::TcpAcceptor, Recorder);

#[async_trait]
impl Acceptor for Recording {
    async fn next(&mut self) -> std::io::Result<Incoming> {
        let Incoming { source, open } = self.0.next().await?;
        let (recorder, address) = (self.1.clone(), source.to_string());
        let open =
            Box::pin(async move { Ok(recorder.carrier(open.await?, Role::Responder, &address)) });
        Ok(Incoming { source, open })
    }
}

/// Serves until standard input ends; answers each line on it with the listener's counts.
pub(crate) async fn serve(kind: &str, directory: &str) -> Anything {
    let acceptor = tcp::TcpAcceptor::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", acceptor.local_addr()?);
    let mut config = nodes::server();
    let acceptor: Box<dyn Acceptor> = match kind {
        "WebSocket" => Box::new(WebSocketAcceptor::new(acceptor)),
        "Recorded" => {
            let file = File::create(Path::new(directory).join(RECORDING))?;
            Box::new(Recording(acceptor, Recorder::new(file, Profile::Hardened, |_| {})))
        }
        "Files" => {
            config = config.with_policy(Policy { limits: files::limits(), ..Policy::default() });
            Box::new(FilesAcceptor::bind(directory).await?)
        }
        _ => Box::new(acceptor),
    };
    // All honest nodes here have one key.
    let limits = ListenerLimits::default().with_sessions_per_peer(2_000);
    let mut listener = Listener::builder(acceptor, config).with_limits(limits).start();
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

/// Where a server is reached.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    /// Where sessions come in as files.
    pub(crate) directory: PathBuf,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) place: Place,
    directory: TempDir,
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) async fn start(kind: Kind) -> Anything<Self> {
        let directory = TempDir::new()?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", &format!("{kind:?}")])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let questions = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut answers = BufReader::new(output).lines();
        let address = answers.next_line().await?.ok_or("the server did not start")?.parse()?;
        let place = Place { kind, address, directory: directory.path().to_owned() };
        Ok(Self { place, directory, child, questions, answers })
    }

    /// How long the recording is, in KiB.
    pub(crate) fn recorded(&self) -> u64 {
        let recording = self.directory.path().join(RECORDING);
        std::fs::metadata(recording).map_or(0, |metadata| metadata.len() >> 10)
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
