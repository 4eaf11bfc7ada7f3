//! A byte stream that counts: below a library that gathers whole messages and has one limit for all
//! of them, it ends a message that is too long while it is being read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many octets may still be read before a whole message has come.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<AtomicUsize>);

impl Meter {
    pub(crate) fn new(octets: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(octets)))
    }

    /// Allows so many from now on.
    pub(crate) fn allow(&self, octets: usize) {
        self.0.store(octets, Ordering::Relaxed);
    }
}

/// A byte stream whose reading ends with [`io::ErrorKind::InvalidData`] at a limit.
#[derive(Debug)]
pub struct Metered<S> {
    stream: S,
    meter: Meter,
}

impl<S> Metered<S> {
    pub(crate) fn new(stream: S, meter: Meter) -> Self {
        Self { stream, meter }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.meter.0.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().len().saturating_sub(before);
        self.meter.allow(left.saturating_sub(read));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn reading_ends_at_the_limit_and_goes_on_when_more_is_allowed() {
        let (mut far, near) = tokio::io::duplex(64);
        let meter = Meter::new(4);
        let mut near = Metered::new(near, meter.clone());
        let mut octets = [0; 4];
        far.write_all(b"12345678").await.unwrap();
        near.read_exact(&mut octets).await.unwrap();
        let error = near.read_exact(&mut octets).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        meter.allow(4);
        near.read_exact(&mut octets).await.unwrap();
        assert_eq!(&octets, b"5678");
    }
}
