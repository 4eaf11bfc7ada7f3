//! What carries objects: byte streams and message transports behind one pair of traits.
//!
//! A carrier moves octets and knows nothing of SDMP: framing, limits and time belong to the
//! [`Connection`](sdmp_handshake::Connection), which a byte stream feeds with raw octets and a
//! message transport with whole objects (R43).

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sdmp_handshake::SessionLimits;

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

impl Chunk {
    /// How many octets it has.
    pub(crate) fn len(&self) -> u64 {
        let octets = match self {
            Self::Octets(octets) | Self::Object(octets) => octets.len(),
            Self::End => 0,
        };
        u64::try_from(octets).unwrap_or(u64::MAX)
    }
}

/// What a session demands of its carrier (R42): an argument of [`Carrier::split`], so that no carrier
/// and no wrapper can forget it.
///
/// Clones share their values. The limit of an object grows when the peer is accepted, so read it each
/// time that it is needed.
#[derive(Clone, Debug)]
pub struct CarrierLimits {
    write_stall: Duration,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    object_octets: AtomicUsize,
    discarding: AtomicBool,
}

impl CarrierLimits {
    /// Objects of at most so many octets, and writes that make progress at least this often.
    #[must_use]
    pub fn new(object_octets: usize, write_stall: Duration) -> Self {
        let shared = Shared {
            object_octets: AtomicUsize::new(object_octets),
            discarding: AtomicBool::new(false),
        };
        Self { write_stall, shared: Arc::new(shared) }
    }

    /// The limits of a session whose handshake begins.
    #[must_use]
    pub fn of_handshake(limits: &SessionLimits) -> Self {
        Self::new(limits.handshake_octets, limits.write_stall)
    }

    /// How many octets an object may have now. A carrier that gathers whole objects gives up on a
    /// longer one before it has gathered it, so that strangers cannot fill the memory.
    #[must_use]
    pub fn object_octets(&self) -> usize {
        self.shared.object_octets.load(Ordering::Relaxed)
    }

    /// How long a write may make no progress. A carrier whose writes cannot stall need not look.
    #[must_use]
    pub fn write_stall(&self) -> Duration {
        self.write_stall
    }

    /// Whether the session is over and what still arrives is read only to be discarded (R38).
    #[must_use]
    pub fn is_discarding(&self) -> bool {
        self.shared.discarding.load(Ordering::Relaxed)
    }

    /// Allows objects of so many octets from now on, in all clones.
    pub fn set_object_octets(&self, octets: usize) {
        self.shared.object_octets.store(octets, Ordering::Relaxed);
    }

    /// The session is over, in all clones: see [`is_discarding`](Self::is_discarding).
    pub fn discard(&self) {
        self.shared.discarding.store(true, Ordering::Relaxed);
    }
}

/// The sending half of a carrier.
#[async_trait]
pub trait ObjectSender: fmt::Debug + Send {
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
    /// Waits for the next octets or object.
    ///
    /// Must be cancel safe: a future that is dropped before it is ready has taken nothing. After
    /// [`Chunk::End`] it is not called again.
    ///
    /// # Errors
    /// The carrier's own. After an error the carrier is not used again.
    async fn receive(&mut self) -> io::Result<Chunk>;
}

/// The two halves of a carrier.
pub type Halves = (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>);

/// Anything that can carry one session: send one object, receive one object, close.
///
/// The two halves work at the same time, so that a peer that does not read never keeps us from
/// reading. Dropping both halves closes the carrier.
pub trait Carrier: Send {
    /// The two halves, which hold these limits.
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves;
}

/// A carrier made by a closure that is given the limits and returns the two halves.
///
/// ```
/// use sdmp_transport::{Carrier, carrier, memory};
///
/// let (here, _there) = memory::pair(4);
/// let with_small_objects = carrier::from_fn(move |limits| {
///     limits.set_object_octets(limits.object_octets().min(4096));
///     Box::new(here).split(limits)
/// });
/// # let _: Box<dyn Carrier> = Box::new(with_small_objects);
/// ```
pub fn from_fn<F>(split: F) -> FromFn<F>
where
    F: FnOnce(CarrierLimits) -> Halves + Send,
{
    FromFn(split)
}

/// What [`from_fn`] makes.
pub struct FromFn<F>(F);

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

impl<F> Carrier for FromFn<F>
where
    F: FnOnce(CarrierLimits) -> Halves + Send,
{
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        (self.0)(limits)
    }
}

/// A carrier around another, such as a recorder: `wrap` is given the inner halves, which hold the
/// session's limits already, and the limits, and returns the outer halves.
///
/// This is the only adapter that wrappers need, so none of them can take the limits away.
pub fn wrap<C, W>(
    inner: C,
    wrap: W,
) -> FromFn<impl FnOnce(CarrierLimits) -> Halves + Send + use<C, W>>
where
    C: Carrier,
    W: FnOnce(Halves, CarrierLimits) -> Halves + Send,
{
    let inner = Box::new(inner);
    from_fn(move |limits| {
        let halves = inner.split(limits.clone());
        wrap(halves, limits)
    })
}

impl Carrier for Box<dyn Carrier> {
    fn split(self: Box<Self>, limits: CarrierLimits) -> Halves {
        (*self).split(limits)
    }
}

#[async_trait]
impl ObjectSender for Box<dyn ObjectSender> {
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
    async fn receive(&mut self) -> io::Result<Chunk> {
        (**self).receive().await
    }
}
