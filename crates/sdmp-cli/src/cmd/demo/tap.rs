//! A carrier that notes what it sends.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use sdmp_handshake::Role;
use sdmp_inspect::{Piece, Seen};
use sdmp_transport::carrier::wrap;
use sdmp_transport::{Carrier, ObjectSender};

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

    fn note(&self, from: Role, seen: Seen) {
        let ms = self.started.elapsed().as_secs_f64() * 1000.0;
        let piece = Piece { from: Some(from), ms: Some(ms), seen };
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

/// The same carrier; the objects that it sends are noted.
pub(crate) fn tap(carrier: impl Carrier + 'static, side: Role, wire: Wire) -> impl Carrier {
    wrap(carrier, move |(sender, receiver), _| {
        (Box::new(TappedSender { sender, side, wire }), receiver)
    })
}

#[derive(Debug)]
struct TappedSender {
    sender: Box<dyn ObjectSender>,
    side: Role,
    wire: Wire,
}

#[async_trait]
impl ObjectSender for TappedSender {
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
