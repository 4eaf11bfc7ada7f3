//! A pair of carriers in one process, one whole object a message: for tests and for programs that
//! talk to themselves.

use std::io;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::carrier::{Carrier, CarrierLimits, Chunk, Halves, ObjectReceiver, ObjectSender};

/// One end of an in-memory pair.
#[derive(Debug)]
pub struct Memory {
    sender: mpsc::Sender<Bytes>,
    receiver: mpsc::Receiver<Bytes>,
}

/// Two connected carriers; each direction holds at most `objects` (one at least) that were not
/// received yet.
#[must_use]
pub fn pair(objects: usize) -> (Memory, Memory) {
    let (to_second, second) = mpsc::channel(objects.max(1));
    let (to_first, first) = mpsc::channel(objects.max(1));
    (Memory { sender: to_second, receiver: first }, Memory { sender: to_first, receiver: second })
}

impl Carrier for Memory {
    /// An object is in this process already, however long it is: only the session refuses it.
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        let sender = Sender { channel: Some(self.sender), stall: limits.write_stall() };
        (Box::new(sender), Box::new(Receiver(self.receiver)))
    }
}

#[derive(Debug)]
struct Sender {
    /// `None` once nothing more is sent.
    channel: Option<mpsc::Sender<Bytes>>,
    stall: Duration,
}

#[derive(Debug)]
struct Receiver(mpsc::Receiver<Bytes>);

#[async_trait]
impl ObjectSender for Sender {
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
impl ObjectReceiver for Receiver {
    async fn receive(&mut self) -> io::Result<Chunk> {
        Ok(self.0.recv().await.map_or(Chunk::End, Chunk::Object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(memory: Memory) -> Halves {
        Box::new(memory).split(CarrierLimits::new(usize::MAX, Duration::from_secs(3)))
    }

    #[tokio::test]
    async fn objects_arrive_whole_and_the_end_is_told() {
        let (first, second) = pair(2);
        let ((mut sender, _kept), (_, mut receiver)) = (split(first), split(second));
        sender.send(b"{}").await.unwrap();
        sender.finish().await.unwrap();
        assert_eq!(receiver.receive().await.unwrap(), Chunk::Object(Bytes::from_static(b"{}")));
        assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
        assert!(sender.send(b"{}").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_receive_holds_a_sender_up_to_the_limit() {
        let (first, _second) = pair(1);
        let (mut sender, _receiver) = split(first);
        sender.send(b"{}").await.unwrap();
        assert_eq!(sender.send(b"{}").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_is_an_error() {
        let (first, second) = pair(1);
        let (mut sender, _receiver) = split(first);
        drop(second);
        assert_eq!(sender.send(b"{}").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
