//! Octets through a session: from and to anything that reads and writes.

use std::io;
use std::process::Stdio;

use sdmp_transport::{SecureSession, SecureStream};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::error::{Exit, Failure};

/// When our direction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the end of what is read here.
    OurEnd,
    /// At that or at the peer's end, whichever comes first: a person who watches need not press
    /// Ctrl-D when the peer has finished.
    EitherEnd,
}

/// Carries octets both ways until both directions have ended, each by an authenticated close (R41).
pub(crate) async fn pump(
    session: SecureSession,
    mut read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    until: Until,
) -> Result<(), Failure> {
    let (mut reader, mut writer) = SecureStream::new(session).into_split();
    let (peer_ended, mut ended) = oneshot::channel::<()>();
    let outwards = async {
        tokio::select! {
            copied = tokio::io::copy(&mut read, &mut writer) => { copied?; }
            Ok(()) = &mut ended, if until == Until::EitherEnd => {}
        }
        writer.shutdown().await
    };
    let inwards = async {
        tokio::io::copy(&mut reader, &mut write).await?;
        write.shutdown().await?;
        // The end of a child's standard input is seen only when our end of the pipe is gone.
        drop(write);
        // Nobody waits for it where our direction has ended already.
        let _ = peer_ended.send(());
        reader.closed().await
    };
    tokio::try_join!(outwards, inwards).map_err(failure)?;
    Ok(())
}

/// Carries a session to a TCP service.
pub(crate) async fn to_service(session: SecureSession, service: &str) -> Result<(), Failure> {
    let stream = TcpStream::connect(service).await.map_err(|error| {
        Failure::new(Exit::Other, "forward.unreachable", format!("cannot reach {service}: {error}"))
            .remedy("check what --forward-to says, and whether that service runs")
    })?;
    through(session, stream).await
}

/// Carries a session through a TCP connection.
pub(crate) async fn through(session: SecureSession, mut stream: TcpStream) -> Result<(), Failure> {
    // Small answers must not wait for more; where it cannot be set they come a little later.
    drop(stream.set_nodelay(true));
    let (read, write) = stream.split();
    pump(session, read, write, Until::OurEnd).await
}

/// Carries a session to the standard input and output of a command. The command learns from
/// `SDMP_PEER` and `SDMP_PEER_FINGERPRINT` with whom it talks.
pub(crate) async fn to_command(
    session: SecureSession,
    name: &str,
    command: &[String],
) -> Result<(), Failure> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::usage("no command was given"))?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env("SDMP_PEER", name)
        .env("SDMP_PEER_FINGERPRINT", session.peer().fingerprint().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            Failure::new(Exit::Other, "command.start", format!("cannot start {program}: {error}"))
                .remedy("check that the program is there and may be run")
        })?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::new(
            Exit::Other,
            "command.start",
            "the command has no input or output",
        ));
    };
    pump(session, output, input, Until::OurEnd).await?;
    let status =
        child.wait().await.map_err(|error| Failure::io("cannot wait for the command", &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(Exit::Other, "command.failed", format!("{program} failed: {status}"))
        .remedy("what it wrote to standard error says why"))
}

/// Whether it was the session or this side's end of it.
fn failure(error: io::Error) -> Failure {
    let session = error.get_ref().and_then(|inner| inner.downcast_ref::<sdmp_transport::Error>());
    if let Some(error) = session {
        return Failure::from(error.clone()).after_acceptance();
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Failure::new(Exit::Cut, "stream.unended", "the peer left in the middle of the stream")
                .remedy("what came is authentic, but it is not all")
        }
        io::ErrorKind::InvalidData => Failure::new(
            Exit::Invalid,
            "stream.unexpected",
            "the peer sent something other than a stream of octets",
        )
        .remedy("both sides must carry octets: `sdmp pipe` or `forward` here, `sdmp listen` with --pipe, --forward-to or a command there"),
        _ => Failure::io("the local end of the stream failed", &error),
    }
}
