//! What carries objects: byte streams and message transports behind one pair of traits.
//!
//! A carrier moves octets and knows nothing of SDMP: framing, limits and time belong to the
//! [`Connection`](sdmp_handshake::Connection), which a byte stream feeds with raw octets and a
//! message transport with whole objects (R43).

use std::fmt;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// What a carrier received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The next octets of a byte stream, cut anywhere.
    Octets(Bytes),
    /// One whole object of a message transport.
    Object(Bytes),
    /// The peer sends nothing more.
    End,
}

/// How long a write may make no progress until a session says otherwise (R42).
pub(crate) const STALL_LIMIT: Duration = Duration::from_secs(30);

/// The sending half of a carrier.
#[async_trait]
pub trait ObjectSender: fmt::Debug + Send {
    /// How long a write may make no progress (R42): the session's limit, told before anything is
    /// sent. A carrier whose writes cannot stall ignores it; one that wraps another hands it on.
    fn stall_limit(&mut self, _limit: Duration) {}

    /// Sends one object; it may stay in a buffer until [`flush`](Self::flush).
    ///
    /// # Errors
    /// The carrier's own. After an error the carrier is not used again.
    async fn send(&mut self, object: &[u8]) -> io::Result<()>;

    /// Hands everything sent so far to the world.
    ///
    /// # Errors
    /// The carrier's own.
    async fn flush(&mut self) -> io::Result<()>;

    /// Tells the peer that nothing more comes, as a half-close where the carrier has one.
    ///
    /// # Errors
    /// The carrier's own.
    async fn finish(&mut self) -> io::Result<()>;
}

/// The receiving half of a carrier.
#[async_trait]
pub trait ObjectReceiver: fmt::Debug + Send {
    /// How long an object may be from now on, in octets (R42): told before the first, and again when
    /// the session is accepted. A carrier that gathers whole objects gives up on a longer one before
    /// it has gathered it, so that strangers cannot fill the memory; one that wraps another hands the
    /// limit on.
    fn longest(&mut self, _octets: usize) {}

    /// Waits for the next octets or object.
    ///
    /// Must be cancel safe: a future that is dropped before it is ready has taken nothing. After
    /// [`Chunk::End`] it is not called again.
    ///
    /// # Errors
    /// The carrier's own. After an error the carrier is not used again.
    async fn receive(&mut self) -> io::Result<Chunk>;
}

/// Anything that can carry one session: send one object, receive one object, close.
///
/// The two halves work at the same time, so that a peer that does not read never keeps us from
/// reading. Each pair of an [`ObjectSender`] and an [`ObjectReceiver`] is a carrier; dropping both
/// halves closes it.
pub trait Carrier: Send {
    /// The two halves.
    fn split(self: Box<Self>) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>);
}

impl<S, R> Carrier for (S, R)
where
    S: ObjectSender + 'static,
    R: ObjectReceiver + 'static,
{
    fn split(self: Box<Self>) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>) {
        let (sender, receiver) = *self;
        (Box::new(sender), Box::new(receiver))
    }
}

impl Carrier for Box<dyn Carrier> {
    fn split(self: Box<Self>) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>) {
        (*self).split()
    }
}

#[async_trait]
impl ObjectSender for Box<dyn ObjectSender> {
    fn stall_limit(&mut self, limit: Duration) {
        (**self).stall_limit(limit);
    }

    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        (**self).send(object).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        (**self).flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        (**self).finish().await
    }
}

#[async_trait]
impl ObjectReceiver for Box<dyn ObjectReceiver> {
    fn longest(&mut self, octets: usize) {
        (**self).longest(octets);
    }

    async fn receive(&mut self) -> io::Result<Chunk> {
        (**self).receive().await
    }
}
