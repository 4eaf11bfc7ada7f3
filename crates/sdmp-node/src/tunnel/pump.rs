//! Carrying octets both ways between a session and a local reader and writer.

use std::io;
use std::pin::pin;
use std::time::Duration;

use sdmp_transport::stream::SecureReader;
use sdmp_transport::{SecureSession, SecureStream, SessionSender};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::sync::watch;
use tokio::time::timeout;

use sdmp_channels::Fault;

use super::outcome::Outcome;
use crate::channels::Channel;
use crate::error::Error;

/// How long the peer may go on after it was told that a command has ended.
const AFTER_COMMAND: Duration = Duration::from_secs(30);

/// When our direction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At the end of what is read here.
    OurEnd,
    /// At that or at the peer's end, whichever comes first: a person who watches need not press
    /// Ctrl-D when the peer has finished.
    EitherEnd,
}

/// How a stream ended of which both directions were complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// How the command came out that the peer carried the stream to, if it was one.
    pub peer_command: Option<Outcome>,
}

/// What has happened to one direction, as the other one sees it.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// The peer's stream has ended.
    peer_ended: bool,
    /// The peer's side reads no more.
    peer_gone: bool,
    /// Our side reads no more.
    local_gone: bool,
    /// Our direction was sent whole.
    ours_sent: bool,
}

/// Carries octets both ways until both directions have ended, each by an authenticated close (R41).
///
/// When nothing can be written here any more, what the peer still sends is discarded until our
/// direction has ended; then the session is cut, for the peer must not believe that all of it arrived.
///
/// # Errors
/// How the session was cut, [`Error::StreamCut`], [`Error::NotAStream`], [`Error::LocalEndClosed`],
/// or what the local end says.
pub async fn pump(
    session: SecureSession,
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    until: Until,
) -> Result<Ended, Error> {
    pump_stream(SecureStream::new(session), read, write, until).await
}

/// The same for a session of which something was received already.
pub(crate) async fn pump_stream(
    stream: SecureStream,
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    until: Until,
) -> Result<Ended, Error> {
    // The two directions run side by side and have to know of each other's end.
    let (progress, seen) = watch::channel(Progress::default());
    let (mut reader, mut writer) = stream.into_split();
    let outwards = async {
        outwards(read, &mut writer, seen, until).await?;
        let mut sender = writer.end().await.map_err(failure)?;
        progress.send_modify(|progress| progress.ours_sent = true);
        Ok(sender.finish().await?)
    };
    let inwards = async {
        let mut seen = progress.subscribe();
        if inwards(&mut reader, write, &progress).await? {
            return close(reader, &progress).await;
        }
        // What we still have to say is delivered first.
        tokio::select! {
            Err(error) = discard(&mut reader, &progress) => return Err(error),
            _ = seen.wait_for(|progress| progress.ours_sent) => {}
        }
        Err(Error::LocalEndClosed)
    };
    let ((), ended) = tokio::try_join!(outwards, inwards)?;
    Ok(ended)
}

/// The same for a channel, which is reset where a session would be cut.
pub(crate) async fn pump_channel(
    channel: Channel,
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
) -> Result<(), Error> {
    let (progress, seen) = watch::channel(Progress::default());
    let (mut reader, mut writer) = channel.into_split();
    let outwards = async {
        outwards(read, &mut writer, seen, Until::OurEnd).await?;
        writer.shutdown().await.map_err(failure)?;
        progress.send_modify(|progress| progress.ours_sent = true);
        Ok(())
    };
    let inwards = async {
        let mut seen = progress.subscribe();
        if inwards(&mut reader, write, &progress).await? {
            return Ok(());
        }
        // What we still have to say is delivered first.
        tokio::select! {
            Err(error) = discard(&mut reader, &progress) => return Err(error),
            _ = seen.wait_for(|progress| progress.ours_sent) => {}
        }
        Err(Error::LocalEndClosed)
    };
    tokio::try_join!(outwards, inwards).map(|_| ())
}

/// The same for a command: it may leave its input unread, and how it came out is told to the peer.
pub(super) async fn pump_command(
    session: SecureSession,
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    outcome: impl Future<Output = Result<Outcome, Error>>,
) -> Result<Ended, Error> {
    let (progress, seen) = watch::channel(Progress::default());
    let (mut reader, mut writer) = SecureStream::new(session).into_split();
    let outwards = async {
        outwards(read, &mut writer, seen, Until::OurEnd).await?;
        // The end of the stream goes out before the close: a close alone means that the program
        // left.
        let sender = writer.end().await.map_err(failure)?;
        tell(sender, outcome.await?).await?;
        progress.send_modify(|progress| progress.ours_sent = true);
        Ok(())
    };
    let inwards = async {
        let discarding = async {
            if !inwards(&mut reader, write, &progress).await? {
                discard(&mut reader, &progress).await?;
            }
            close(reader, &progress).await
        };
        let mut discarding = pin!(discarding);
        let mut seen = progress.subscribe();
        tokio::select! {
            ended = &mut discarding => return ended,
            _ = seen.wait_for(|progress| progress.ours_sent) => {}
        }
        let silent = Error::Silent { doing: "did not end its stream", limit: AFTER_COMMAND };
        timeout(AFTER_COMMAND, discarding).await.unwrap_or(Err(silent))
    };
    let ((), ended) = tokio::try_join!(outwards, inwards)?;
    Ok(ended)
}

/// Tells the peer how our command came out, and closes our direction.
async fn tell(mut sender: SessionSender, outcome: Outcome) -> Result<(), Error> {
    sender.send(outcome.container()?).await?;
    Ok(sender.finish().await?)
}

/// Sends what is read here, as long as the peer takes it.
async fn outwards(
    mut read: impl AsyncRead + Unpin,
    writer: &mut (impl AsyncWrite + Unpin),
    mut seen: watch::Receiver<Progress>,
    until: Until,
) -> Result<(), Error> {
    let enough = |progress: &Progress| {
        progress.peer_gone
            // Otherwise a reader that has enough does not end what is still being sent to it.
            || until == Until::EitherEnd && (progress.peer_ended || progress.local_gone)
    };
    tokio::select! {
        copied = copy(&mut read, writer) => { copied.map_err(failure)?; }
        Ok(_) = seen.wait_for(enough) => {}
    }
    Ok(())
}

/// Writes what the peer sends; whether all of it was taken here.
async fn inwards(
    reader: &mut (impl AsyncRead + Unpin),
    mut write: impl AsyncWrite + Unpin,
    progress: &watch::Sender<Progress>,
) -> Result<bool, Error> {
    let written = match copy(reader, &mut write).await {
        Ok(_) => write.shutdown().await,
        Err(error) => Err(error),
    };
    let whole = match written {
        Ok(()) => true,
        Err(error) if is_of_session(&error) || !is_gone(error.kind()) => {
            return Err(failure(error));
        }
        Err(_) => {
            // The end of this direction only: what the local end still says is delivered.
            drop(write.shutdown().await);
            false
        }
    };
    // The end of a child's standard input is seen only when our end of the pipe is gone.
    drop(write);
    progress.send_modify(|progress| {
        progress.peer_ended = whole;
        progress.local_gone = !whole;
    });
    Ok(whole)
}

/// Reads what the peer sends to its end, and drops it.
async fn discard(
    reader: &mut (impl AsyncRead + Unpin),
    progress: &watch::Sender<Progress>,
) -> Result<(), Error> {
    copy(reader, &mut sink()).await.map_err(failure)?;
    progress.send_modify(|progress| progress.peer_ended = true);
    Ok(())
}

/// Waits for the peer's close, before which it may say how its command came out, and then for ours: what
/// is read here may say nothing for ever, and a session that is cut meanwhile must end all the same.
async fn close(reader: SecureReader, progress: &watch::Sender<Progress>) -> Result<Ended, Error> {
    let mut receiver = reader.into_receiver();
    let mut ended = Ended::default();
    while let Some(received) = receiver.recv().await? {
        // One outcome and nothing after it: anything else is not the other side of a tunnel.
        if ended.peer_command.is_some() {
            return Err(Error::NotAStream);
        }
        let outcome = Outcome::read(&received.container).ok_or(Error::NotAStream)?;
        ended.peer_command = Some(outcome);
        progress.send_modify(|progress| progress.peer_gone = true);
    }
    receiver.finished().await?;
    Ok(ended)
}

/// Whether the other end of a pipe or socket takes nothing more.
fn is_gone(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    [BrokenPipe, ConnectionReset, ConnectionAborted].contains(&kind)
}

/// What the session or the channel says, if it was one of these and not the local end.
fn of_session(error: &io::Error) -> Option<Error> {
    let inner = error.get_ref()?;
    let session = inner.downcast_ref::<sdmp_transport::Error>().cloned().map(Error::Session);
    session.or_else(|| inner.downcast_ref::<Fault>().copied().map(Error::Channel))
}

/// Whether the session failed and not the local end. An end without a close is the session's too.
fn is_of_session(error: &io::Error) -> bool {
    of_session(error).is_some()
}

/// Whether it was the session or this side's end of it.
pub(crate) fn failure(error: io::Error) -> Error {
    if let Some(error) = of_session(&error) {
        return error;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::StreamCut,
        io::ErrorKind::InvalidData => Error::NotAStream,
        _ => Error::io("the local end of the stream failed", &error),
    }
}
