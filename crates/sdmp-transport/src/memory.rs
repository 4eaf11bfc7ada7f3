//! A pair of carriers in one process, one whole object a message: for tests and for programs that
//! talk to themselves.

use std::io;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::carrier::{Chunk, ObjectReceiver, ObjectSender, STALL_LIMIT};

/// One end of an in-memory pair.
pub type Memory = (MemorySender, MemoryReceiver);

/// Two connected carriers; each direction holds at most `objects` (one at least) that were not
/// received yet.
#[must_use]
pub fn pair(objects: usize) -> (Memory, Memory) {
    let (to_second, second) = mpsc::channel(objects.max(1));
    let (to_first, first) = mpsc::channel(objects.max(1));
    ((sender(to_second), MemoryReceiver(first)), (sender(to_first), MemoryReceiver(second)))
}

/// The sending half of [`pair`].
#[derive(Debug)]
pub struct MemorySender {
    /// `None` once nothing more is sent.
    channel: Option<mpsc::Sender<Bytes>>,
    stall: Duration,
}

fn sender(channel: mpsc::Sender<Bytes>) -> MemorySender {
    MemorySender { channel: Some(channel), stall: STALL_LIMIT }
}

/// The receiving half of [`pair`].
#[derive(Debug)]
pub struct MemoryReceiver(mpsc::Receiver<Bytes>);

#[async_trait]
impl ObjectSender for MemorySender {
    fn stall_limit(&mut self, limit: Duration) {
        self.stall = limit;
    }

    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        let channel = self.channel.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        let object = Bytes::copy_from_slice(object);
        let sent = timeout(self.stall, channel.send(object)).await?;
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.channel = None;
        Ok(())
    }
}

#[async_trait]
impl ObjectReceiver for MemoryReceiver {
    async fn receive(&mut self) -> io::Result<Chunk> {
        Ok(self.0.recv().await.map_or(Chunk::End, Chunk::Object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn objects_arrive_whole_and_the_end_is_told() {
        let ((mut sender, _), (_, mut receiver)) = pair(2);
        sender.send(b"{}").await.unwrap();
        sender.finish().await.unwrap();
        assert_eq!(receiver.receive().await.unwrap(), Chunk::Object(Bytes::from_static(b"{}")));
        assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
        assert!(sender.send(b"{}").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_receive_holds_a_sender_up_to_the_limit() {
        let ((mut sender, _first), _second) = pair(1);
        sender.stall_limit(Duration::from_secs(3));
        sender.send(b"{}").await.unwrap();
        assert_eq!(sender.send(b"{}").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_is_an_error() {
        let ((mut sender, _), second) = pair(1);
        drop(second);
        assert_eq!(sender.send(b"{}").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
