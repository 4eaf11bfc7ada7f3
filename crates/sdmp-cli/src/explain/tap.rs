//! A carrier that notes what it sends.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sdmp_transport::{Carrier, ObjectReceiver, ObjectSender};

/// Who sent an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Initiator,
    Responder,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// One object as it was handed to the carrier.
#[derive(Clone, Debug)]
pub(crate) struct WireObject {
    pub(crate) from: Side,
    pub(crate) text: String,
    pub(crate) at: Instant,
}

/// What went over the wire, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<Vec<WireObject>>>);

impl Wire {
    /// Everything noted so far.
    pub(crate) fn take(&self) -> Vec<WireObject> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, from: Side, object: &[u8]) {
        let text = String::from_utf8_lossy(object).into_owned();
        let object = WireObject { from, text, at: Instant::now() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(object);
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
        self.wire.note(self.side, object);
        self.sender.send(object).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sender.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.sender.finish().await
    }
}
