//! Byte streams: each object's text followed by one LF (R43).

use std::fmt;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::timeout;

use crate::carrier::{Carrier, CarrierLimits, Chunk, Halves, ObjectReceiver, ObjectSender};

/// Objects up to this length are gathered, so that a flight is one write.
const GATHER: usize = 32 * 1024;
const SMALLEST_READ: usize = 4 * 1024;
/// Room for a batch of the objects that bulk data comes in.
const LARGEST_READ: usize = 1024 * 1024;

/// A byte stream as a carrier: TCP, TLS, a pipe, anything that reads and writes.
#[derive(Debug)]
pub struct ByteStream<R, W> {
    read: R,
    write: W,
}

impl<S> ByteStream<ReadHalf<S>, WriteHalf<S>>
where
    S: AsyncRead + AsyncWrite,
{
    /// Wraps one value that both reads and writes.
    pub fn new(stream: S) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self::from_halves(read, write)
    }
}

impl<R, W> ByteStream<R, W> {
    /// Wraps a reader and a writer, for example the output and the input of a process.
    pub fn from_halves(read: R, write: W) -> Self {
        Self { read, write }
    }
}

impl<R, W> Carrier for ByteStream<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// An object that is too long is not gathered here: the session cuts the octets into objects.
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        let stall = limits.write_stall();
        let sender = Sender { write: self.write, gathered: BytesMut::new(), stall };
        let receiver =
            Receiver { read: self.read, buffer: BytesMut::new(), expected: SMALLEST_READ };
        (Box::new(sender), Box::new(receiver))
    }
}

struct Sender<W> {
    write: W,
    gathered: BytesMut,
    stall: Duration,
}

impl<W> fmt::Debug for Sender<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("gathered", &self.gathered.len()).finish_non_exhaustive()
    }
}

impl<W: AsyncWrite + Send + Unpin> Sender<W> {
    async fn write_gathered(&mut self) -> io::Result<()> {
        let result = write_all(&mut self.write, &self.gathered, self.stall).await;
        // Not only emptied: an idle session keeps no buffer.
        self.gathered = BytesMut::new();
        result
    }
}

/// Writes everything; each step that moves an octet gets the whole time limit again.
async fn write_all<W: AsyncWrite + Send + Unpin>(
    write: &mut W,
    mut octets: &[u8],
    stall: Duration,
) -> io::Result<()> {
    while !octets.is_empty() {
        let written = timeout(stall, write.write(octets)).await.map_err(|_| stalled())??;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        octets = octets.get(written..).unwrap_or_default();
    }
    Ok(())
}

fn stalled() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer stopped reading (R42)")
}

#[async_trait]
impl<W: AsyncWrite + Send + Unpin> ObjectSender for Sender<W> {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        if self.gathered.len().saturating_add(object.len()) > GATHER {
            self.write_gathered().await?;
        }
        if object.len() > GATHER {
            write_all(&mut self.write, object, self.stall).await?;
        } else {
            self.gathered.extend_from_slice(object);
        }
        self.gathered.extend_from_slice(b"\n");
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.write_gathered().await?;
        timeout(self.stall, self.write.flush()).await.map_err(|_| stalled())?
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.flush().await?;
        timeout(self.stall, self.write.shutdown()).await.map_err(|_| stalled())?
    }
}

struct Receiver<R> {
    read: R,
    buffer: BytesMut,
    /// Grows while reads fill the buffer and shrinks again: an idle session keeps little.
    expected: usize,
}

impl<R> fmt::Debug for Receiver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("expected", &self.expected).finish_non_exhaustive()
    }
}

#[async_trait]
impl<R: AsyncRead + Send + Unpin> ObjectReceiver for Receiver<R> {
    async fn receive(&mut self) -> io::Result<Chunk> {
        self.buffer.reserve(self.expected);
        let read = self.read.read_buf(&mut self.buffer).await?;
        if read == 0 {
            return Ok(Chunk::End);
        }
        let wanted = if read >= self.expected { read.saturating_mul(2) } else { read };
        let wanted = wanted.clamp(SMALLEST_READ, LARGEST_READ);
        let octets = self.buffer.split().freeze();
        if wanted < self.expected {
            // What a burst needed is given back: an idle session keeps little.
            self.buffer = BytesMut::new();
        }
        self.expected = wanted;
        Ok(Chunk::Octets(octets))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::DuplexStream;

    use super::*;

    fn split(stream: DuplexStream) -> Halves {
        Box::new(ByteStream::new(stream)).split(CarrierLimits::new(usize::MAX, Duration::MAX))
    }

    #[tokio::test]
    async fn objects_are_followed_by_one_line_feed() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let (mut sender, receiver) = split(ours);
        sender.send(b"{}").await.unwrap();
        sender.send(b"{\"a\":1}").await.unwrap();
        sender.finish().await.unwrap();
        drop((sender, receiver));
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"{}\n{\"a\":1}\n");
    }

    #[tokio::test]
    async fn large_objects_keep_their_place() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let (mut sender, receiver) = split(ours);
        let large = vec![b'x'; GATHER + 1];
        for object in [b"{}".as_slice(), &large, b"[]"] {
            sender.send(object).await.unwrap();
        }
        sender.flush().await.unwrap();
        drop((sender, receiver));
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        let expected = [b"{}\n".as_slice(), &large, b"\n[]\n"].concat();
        assert_eq!(all, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_makes_no_progress_ends_after_the_limit() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let limits = CarrierLimits::new(usize::MAX, Duration::from_secs(7));
        let (mut sender, _receiver) = Box::new(ByteStream::new(ours)).split(limits);
        sender.send(&[b'x'; 100]).await.unwrap();
        let began = tokio::time::Instant::now();
        let error = sender.flush().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), 7);
    }

    #[tokio::test]
    async fn the_end_of_the_stream_is_told() {
        let (ours, theirs) = tokio::io::duplex(16);
        let (_sender, mut receiver) = split(ours);
        drop(theirs);
        assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
    }

    #[tokio::test]
    async fn the_read_buffer_grows_and_shrinks() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let (read, _write) = tokio::io::split(ours);
        let mut receiver = Receiver { read, buffer: BytesMut::new(), expected: SMALLEST_READ };
        theirs.write_all(&vec![b' '; 300 * 1024]).await.unwrap();
        let mut left = 300 * 1024;
        while left > 0 {
            let Chunk::Octets(octets) = receiver.receive().await.unwrap() else { panic!() };
            left -= octets.len();
        }
        assert!(receiver.expected > SMALLEST_READ);
        theirs.write_all(b" ").await.unwrap();
        receiver.receive().await.unwrap();
        assert_eq!(receiver.expected, SMALLEST_READ);
        assert_eq!(receiver.buffer.capacity(), 0, "the large buffer is gone");
    }
}
