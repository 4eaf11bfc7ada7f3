//! A whole session as a stream and a sink, each half doing its part; and what both halves know of it.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures::{Sink, Stream};
use sdmp_container::Container;
use sdmp_handshake::Received;
use tokio::sync::watch;

use super::{SecureSession, SessionReceiver};
use crate::Error;
use crate::task::Status;

impl Stream for SecureSession {
    type Item = Result<Received, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receiver).poll_next(cx)
    }
}

impl Sink<Container> for SecureSession {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.sender).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, container: Container) -> Result<(), Error> {
        Pin::new(&mut self.sender).start_send(container)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.sender).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.sender).poll_close(cx)
    }
}

impl SessionReceiver {
    /// How many octets have come from the carrier since the connection began, those of an object that
    /// is not whole yet included: a peer that makes them grow is slow, not silent.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }
}

/// Waits until both sides have closed.
pub(super) async fn finished(status: &mut watch::Receiver<Status>) -> Result<(), Error> {
    loop {
        let now = status.borrow_and_update().clone();
        match now {
            Status::Finished { .. } => return Ok(()),
            Status::Failed(error) => return Err(error),
            Status::Open | Status::PeerClosed { .. } => {}
        }
        status.changed().await.map_err(|_| Error::Aborted)?;
    }
}
