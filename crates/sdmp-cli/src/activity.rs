//! When octets of a session last moved.

use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sdmp_transport::carrier::{Chunk, wrap};
use sdmp_transport::{Carrier, ObjectReceiver, ObjectSender};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
/// In milliseconds after [`START`].
static MOVED: AtomicU64 = AtomicU64::new(0);

/// Notes that octets of a session moved.
pub(crate) fn moved() {
    let now = u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX);
    // Threads race here, and time must not go back.
    MOVED.fetch_max(now, Ordering::Relaxed);
}

/// When they last did; before they ever did, when the program asked first.
pub(crate) fn last() -> Instant {
    *START + Duration::from_millis(MOVED.load(Ordering::Relaxed))
}

/// The same carrier; it notes when octets move.
pub(crate) fn watched(carrier: Box<dyn Carrier>) -> Box<dyn Carrier> {
    Box::new(wrap(carrier, |(sender, receiver), _| {
        (Box::new(Sending(sender)), Box::new(Receiving(receiver)))
    }))
}

#[derive(Debug)]
struct Sending(Box<dyn ObjectSender>);

#[async_trait]
impl ObjectSender for Sending {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        self.0.send(object).await.inspect(|()| moved())
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.0.finish().await
    }
}

#[derive(Debug)]
struct Receiving(Box<dyn ObjectReceiver>);

#[async_trait]
impl ObjectReceiver for Receiving {
    async fn receive(&mut self) -> io::Result<Chunk> {
        self.0.receive().await.inspect(|_| moved())
    }
}
