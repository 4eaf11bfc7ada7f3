//! A carrier that notes what it sends.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sdmp_transport::{Carrier, ObjectReceiver, ObjectSender};

use super::wire::{Piece, Seen, Side};

/// What went over the wire, in order, timed from the first use.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    started: Instant,
    pieces: Arc<Mutex<Vec<Piece>>>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), pieces: Arc::default() }
    }

    /// Begins to count time anew.
    pub(crate) fn restart(&mut self) {
        self.started = Instant::now();
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Everything noted so far.
    pub(crate) fn take(&self) -> Vec<Piece> {
        std::mem::take(&mut *self.pieces.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, from: Side, seen: Seen) {
        let ms = self.started.elapsed().as_secs_f64() * 1000.0;
        let piece = Piece { from: Some(from), ms: Some(ms), seen };
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

/// A carrier whose sent objects are noted.
#[derive(Debug)]
pub(crate) struct Tapped<C> {
    pub(crate) carrier: C,
    pub(crate) side: Side,
    pub(crate) wire: Wire,
}

impl<C: Carrier> Carrier for Tapped<C> {
    fn split(self: Box<Self>) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>) {
        let Self { carrier, side, wire } = *self;
        let (sender, receiver) = Box::new(carrier).split();
        (Box::new(TappedSender { sender, side, wire }), receiver)
    }
}

#[derive(Debug)]
struct TappedSender {
    sender: Box<dyn ObjectSender>,
    side: Side,
    wire: Wire,
}

#[async_trait]
impl ObjectSender for TappedSender {
    fn stall_limit(&mut self, limit: Duration) {
        self.sender.stall_limit(limit);
    }

    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        self.wire.note(self.side, Seen::Object(object.to_vec()));
        self.sender.send(object).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sender.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.wire.note(self.side, Seen::End { whole: true });
        self.sender.finish().await
    }
}
