//! A command as the local end of a stream.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use sdmp_transport::SecureSession;
use tokio::io::AsyncWrite;
use tokio::process::{Child, ChildStdin, Command};

use super::outcome::Outcome;
use super::pump::{Ended, pump_command};
use crate::error::Error;

/// What says where secrets of this process are; no business of a command that a peer talks with.
const WITHHELD: [&str; 3] = ["SDMPKEYLOGFILE", "SDMP_PASSPHRASE_FILE", "SDMP_DATA"];

/// Carries a session to the standard input and output of a command. The command learns from
/// `SDMP_PEER` (`name`) and `SDMP_PEER_FINGERPRINT` with whom it talks, and the peer learns how it
/// came out. It may leave its input unread.
///
/// When the session is cut, or the future is dropped, the command and all that it has started in its
/// process group are killed before its input ends, so that a part is never taken for the whole.
///
/// # Errors
/// [`Error::CommandStart`], [`Error::CommandFailed`], or as [`pump`](super::pump).
pub async fn to_command(
    session: SecureSession,
    name: &str,
    command: &[String],
) -> Result<Ended, Error> {
    let none =
        || Error::CommandStart { program: String::new(), cause: "none was given".to_owned() };
    let (program, arguments) = command.split_first().ok_or_else(none)?;
    let failed = |cause: String| Error::CommandStart { program: program.clone(), cause };
    let fingerprint = session.peer().fingerprint().to_string();
    let mut child =
        start(program, arguments, name, &fingerprint).map_err(|error| failed(error.to_string()))?;
    let group = Arc::new(Group::of(&child));
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(failed("it has no input or output".to_owned()));
    };
    let input = Input { guard: KillFirst { group: Arc::clone(&group), ended: false }, input };
    let mut status = None;
    let ended = pump_command(session, output, input, async {
        let waited = child.wait().await;
        let exited = waited.map_err(|error| Error::io("cannot wait for the command", &error))?;
        group.ended();
        status = Some(exited);
        Ok(Outcome::of(exited))
    })
    .await?;
    match status {
        Some(status) if !status.success() => {
            Err(Error::CommandFailed { program: program.clone(), status: status.to_string() })
        }
        _ => Ok(ended),
    }
}

fn start(program: &str, arguments: &[String], name: &str, fingerprint: &str) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("SDMP_PEER", name)
        .env("SDMP_PEER_FINGERPRINT", fingerprint)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Dropping the future of a tunnel has to end what it has started.
        .kill_on_drop(true);
    for name in WITHHELD {
        command.env_remove(name);
    }
    // What it starts is in this group too, and ends with it.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// The processes that a command consists of; killed when dropped before the command has ended.
#[derive(Debug)]
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
    /// From then on the number may mean other processes.
    over: AtomicBool,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: number.and_then(rustix::process::Pid::from_raw),
            over: AtomicBool::new(false),
        }
    }

    #[cfg(not(unix))]
    fn of(_child: &Child) -> Self {
        Self { over: AtomicBool::new(false) }
    }

    fn ended(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    fn kill(&self) {
        // Once: after the leader was waited for, the number may belong to another process.
        if self.over.swap(true, Ordering::SeqCst) {
            return;
        }
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            // All of them may be gone, and then all is well.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command's input. Dropped before its end was passed on, it kills first: the command must not see
/// an end where there is none.
#[derive(Debug)]
struct Input {
    /// Before the pipe, for fields are dropped in this order.
    guard: KillFirst,
    input: ChildStdin,
}

#[derive(Debug)]
struct KillFirst {
    group: Arc<Group>,
    ended: bool,
}

impl Drop for KillFirst {
    fn drop(&mut self) {
        if !self.ended {
            self.group.kill();
        }
    }
}

impl AsyncWrite for Input {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A regular end of the input: the command may still be writing its answer.
        self.guard.ended = true;
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}
