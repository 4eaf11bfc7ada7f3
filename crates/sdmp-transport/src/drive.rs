//! The one loop that joins a [`Connection`], a carrier and a clock.
//!
//! [`Driver::turn`] waits for whatever comes first (a write that ends, input, a time limit, the
//! application) and tells the connection. The handshake and the session are two callers of it.
//! Reading and writing go on at the same time: a peer that does not read stops no reading.

mod handshake;
mod writer;

use std::future::{Future, pending};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Buf;
use sdmp_handshake::Connection;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Error;
use crate::carrier::{Carrier, CarrierLimits, Chunk, ObjectReceiver};
use crate::clock::Clock;
use crate::drive::writer::Writer;

/// A connection, its carrier and its clock.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) connection: Connection,
    clock: Clock,
    /// What the carrier was told, and still looks at.
    limits: CarrierLimits,
    /// How many octets came from the carrier.
    pub(crate) arrived: Arc<AtomicU64>,
    receiver: Box<dyn ObjectReceiver>,
    writer: Writer,
    /// Received, and not taken by the connection yet.
    input: Option<Chunk>,
    /// Something was received.
    heard: bool,
    /// When something was last received or written.
    active: Instant,
    /// Whether it was silent in the last turn.
    silent: bool,
    /// Nothing more can be read.
    ended: bool,
    /// The carrier was told that we send nothing more.
    half_closed: bool,
    /// Writing failed. What the peer said before, such as a rejection, may still wait to be read:
    /// until then, the failure is not the verdict.
    broken: Option<(Error, Instant)>,
}

/// What ended a turn.
#[derive(Debug)]
pub(crate) enum Turn<A> {
    /// Everything that had been handed to the carrier was written.
    Wrote,
    /// The connection was told of input or of the time.
    Handled,
    /// The application's future was ready first.
    App(A),
}

enum Wakeup<A> {
    Wrote(io::Result<()>),
    Input(io::Result<Chunk>),
    Timer,
    App(A),
}

impl Driver {
    pub(crate) fn new(connection: Connection, carrier: impl Carrier, clock: Clock) -> Self {
        let limits = CarrierLimits::of_handshake(connection.limits());
        let (sender, receiver) = Box::new(carrier).split(limits.clone());
        Self {
            connection,
            clock,
            limits,
            arrived: Arc::default(),
            receiver,
            writer: Writer::Idle(sender),
            input: None,
            heard: false,
            active: Instant::now(),
            silent: false,
            ended: false,
            half_closed: false,
            broken: None,
        }
    }

    /// How long a refusal may take to be delivered, and how long the end of the peer's stream is
    /// waited for (R38).
    fn linger(&self) -> Duration {
        self.connection.limits().linger
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether the carrier could take a write now.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.writer, Writer::Idle(_))
    }

    /// Hands the connection's output to the carrier; `false` when there is none or the carrier is
    /// busy with the last one.
    pub(crate) fn start_write(&mut self) -> bool {
        if !matches!(self.writer, Writer::Idle(_)) {
            return false;
        }
        // All that is queued goes out with one flush, which matters for small objects.
        let objects: Vec<_> = std::iter::from_fn(|| self.connection.poll_output()).collect();
        if objects.is_empty() {
            return false;
        }
        self.writer.start(objects);
        true
    }

    /// Half-closes once the connection has nothing more to send. Only for a session without an
    /// authenticated close: there the end of the stream is all that the peer will see (R41).
    pub(crate) fn half_close(&mut self) {
        let done = self.connection.is_output_finished() && matches!(self.writer, Writer::Idle(_));
        if done && !self.half_closed {
            self.half_closed = true;
            self.writer.start_finish();
        }
    }

    /// Waits for one thing to happen and tells the connection.
    pub(crate) async fn turn<A>(
        &mut self,
        read: bool,
        app: impl Future<Output = A>,
    ) -> Result<Turn<A>, Error> {
        if read && self.offer_input()? {
            return Ok(Turn::Handled);
        }
        self.start_write();
        // Nothing more is read while the last input is not taken: that is the back-pressure.
        let listening = read && self.input.is_none();
        let silence = self.silence(listening);
        let read = listening && !self.ended;
        // One timer for all limits: whichever comes first is asked about again anyway.
        let wake = self.wake_at().into_iter().chain(silence).min();
        let wakeup = tokio::select! {
            result = self.writer.done() => Wakeup::Wrote(result),
            input = self.receiver.receive(), if read => Wakeup::Input(input),
            () = sleep_until_some(wake) => Wakeup::Timer,
            value = app => Wakeup::App(value),
        };
        match wakeup {
            Wakeup::Wrote(Ok(())) => {
                self.active = Instant::now();
                return Ok(Turn::Wrote);
            }
            Wakeup::Wrote(Err(error)) => self.write_failed(error)?,
            Wakeup::Input(input) => self.take_input(input)?,
            // The only limit that the connection does not know: it counts writes, which are the
            // carrier's.
            Wakeup::Timer if silence.is_some_and(|until| until <= Instant::now()) => {
                return Err(Error::Silent);
            }
            Wakeup::Timer => self.take_time()?,
            Wakeup::App(value) => return Ok(Turn::App(value)),
        }
        Ok(Turn::Handled)
    }

    /// When the session will have been silent for too long. Only while we would listen, for a peer that
    /// our own application keeps waiting is not silent, and while no write is under way, which has a
    /// limit of its own.
    fn silence(&mut self, listening: bool) -> Option<Instant> {
        let limit = self.connection.limits().silence?;
        let silent = listening && !matches!(self.writer, Writer::Busy(_));
        // Silence begins when we begin to listen, not when we last did.
        if !silent || !self.silent {
            self.active = Instant::now();
        }
        self.silent = silent;
        (silent && self.connection.is_accepted()).then(|| self.active.checked_add(limit))?
    }

    fn wake_at(&self) -> Option<Instant> {
        let limit = self.connection.poll_timeout().map(|elapsed| self.clock.at(elapsed));
        let broken = self.broken.as_ref().map(|(_, until)| *until);
        limit.into_iter().chain(broken).min()
    }

    fn write_failed(&mut self, error: io::Error) -> Result<(), Error> {
        let error = Error::from(error);
        if self.ended {
            return Err(error);
        }
        // The peer may have refused us before it closed: its words are worth more than "broken
        // pipe".
        let until = Instant::now().checked_add(self.linger());
        self.broken = until.map(|until| (error, until));
        Ok(())
    }

    fn take_input(&mut self, input: io::Result<Chunk>) -> Result<(), Error> {
        match input {
            Ok(input) => {
                self.heard |= input != Chunk::End;
                self.active = Instant::now();
                self.arrived.fetch_add(input.len(), Ordering::Relaxed);
                self.input = Some(input);
                self.offer_input()?;
                Ok(())
            }
            Err(error) => {
                self.ended = true;
                Err(self.broken.take().map_or_else(|| error.into(), |(first, _)| first))
            }
        }
    }

    /// Offers the connection what was received; whether it took any of it.
    fn offer_input(&mut self) -> Result<bool, Error> {
        let Some(input) = self.input.take() else { return Ok(false) };
        let now = self.clock.now()?;
        match input {
            Chunk::Octets(mut octets) => {
                let taken = self.connection.handle_input(now, &octets);
                // The rest stays here, and is offered again when the application has taken
                // something.
                octets.advance(taken.min(octets.len()));
                if !octets.is_empty() {
                    self.input = Some(Chunk::Octets(octets));
                }
                Ok(taken > 0)
            }
            Chunk::Object(object) => {
                let taken = self.connection.handle_object(now, &object);
                if !taken {
                    self.input = Some(Chunk::Object(object));
                }
                Ok(taken)
            }
            Chunk::End => {
                self.ended = true;
                self.connection.handle_eof(now);
                Ok(true)
            }
        }
    }

    fn take_time(&mut self) -> Result<(), Error> {
        if let Some((error, until)) = &self.broken
            && *until <= Instant::now()
        {
            return Err(error.clone());
        }
        self.connection.handle_timeout(self.clock.now()?);
        Ok(())
    }

    /// Delivers what is still owed to the peer after a failure, as R38 demands: half-close, then
    /// read and discard, all within a second. Dropping the socket at once could destroy the
    /// rejection before it arrives.
    pub(crate) async fn deliver_refusal(&mut self) {
        self.await_refusal().await;
        let owed = self.start_write() || matches!(self.writer, Writer::Busy(_));
        if owed {
            self.finish().await;
        }
    }

    /// Waits for the moment at which a refusal may leave (R37).
    async fn await_refusal(&mut self) {
        while self.connection.holds_refusal() {
            sleep_until_some(self.wake_at()).await;
            if self.take_time().is_err() {
                return;
            }
        }
    }

    /// Writes what is left, half-closes, and reads to the end of the peer's stream; gives up
    /// after a second.
    pub(crate) async fn finish(&mut self) {
        // Whether it was delivered cannot be known, and nothing depends on it.
        let _: Result<(), _> = timeout(self.linger(), self.try_finish()).await;
    }

    async fn try_finish(&mut self) {
        loop {
            if matches!(self.writer, Writer::Busy(_)) && self.writer.done().await.is_err() {
                return;
            }
            if !self.start_write() {
                break;
            }
        }
        if let Writer::Idle(sender) = &mut self.writer
            && !self.half_closed
            && sender.finish().await.is_err()
        {
            return;
        }
        // From here on carriers need not keep objects within limits, since nothing is kept.
        self.limits.discard();
        while !self.ended {
            self.ended =
                !matches!(self.receiver.receive().await, Ok(Chunk::Octets(_) | Chunk::Object(_)));
        }
    }
}

async fn sleep_until_some(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => pending().await,
    }
}
