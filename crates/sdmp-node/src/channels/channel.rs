//! A channel as a stream of octets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use sdmp_channels::{Fault, Outcome, Reason};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::shared::Shared;

/// One of many streams over a session. Shutting down ends our direction, and the peer's may go on. Dropped
/// before both have ended and all was read, it is reset. Errors hold a [`Fault`], which says why.
#[derive(Debug)]
pub struct Channel {
    handle: Arc<Handle>,
}

/// The reading half of a [`Channel`].
#[derive(Debug)]
pub struct ChannelReader(Arc<Handle>);

/// The writing half of a [`Channel`].
#[derive(Debug)]
pub struct ChannelWriter(Arc<Handle>);

/// Released when both halves are gone.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.act(|inner| {
            inner.machine.release(self.id);
            inner.forget(self.id);
        });
    }
}

impl Channel {
    pub(super) fn new(shared: Arc<Shared>, id: u64) -> Self {
        Self { handle: Arc::new(Handle { shared, id }) }
    }

    /// Gives the channel up, and tells the peer why.
    pub fn reset(self, reason: Reason) {
        self.handle.shared.act(|inner| inner.machine.reset(self.handle.id, reason));
    }

    /// Two halves. The channel is released when both are dropped.
    #[must_use]
    pub fn into_split(self) -> (ChannelReader, ChannelWriter) {
        (ChannelReader(Arc::clone(&self.handle)), ChannelWriter(self.handle))
    }
}

impl Handle {
    fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        // What was read gives the peer more room, so the driver has something to say.
        self.shared.act(|inner| {
            match inner.machine.read(self.id, buf.initialize_unfilled()).map_err(into_io)? {
                Outcome::Octets(read) => buf.advance(read),
                Outcome::End => {}
                Outcome::Later => {
                    inner.wait_to_read(self.id, cx);
                    return Poll::Pending;
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    fn poll_write(&self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.act(|inner| match inner.machine.write(self.id, octets).map_err(into_io)? {
            Outcome::Octets(written) => Poll::Ready(Ok(written)),
            Outcome::Later | Outcome::End if octets.is_empty() => Poll::Ready(Ok(0)),
            Outcome::Later | Outcome::End => {
                inner.wait_to_write(self.id, cx);
                Poll::Pending
            }
        })
    }

    fn poll_sent(&self, cx: &mut Context<'_>, end: bool) -> Poll<io::Result<()>> {
        self.shared.act(|inner| {
            if end {
                inner.machine.end(self.id).map_err(into_io)?;
            }
            if inner.machine.is_sent(self.id).map_err(into_io)? {
                return Poll::Ready(Ok(()));
            }
            inner.wait_to_write(self.id, cx);
            Poll::Pending
        })
    }
}

fn into_io(fault: Fault) -> io::Error {
    let kind = match fault {
        Fault::Cut => io::ErrorKind::UnexpectedEof,
        Fault::Reset(_) => io::ErrorKind::ConnectionReset,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, fault)
}

impl AsyncRead for ChannelReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncWrite for ChannelWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, octets)
    }

    /// Ready when everything was handed to the session.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_sent(cx, false)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_sent(cx, true)
    }
}

impl AsyncRead for Channel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.handle.poll_read(cx, buf)
    }
}

impl AsyncWrite for Channel {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.handle.poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.handle.poll_sent(cx, false)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.handle.poll_sent(cx, true)
    }
}
