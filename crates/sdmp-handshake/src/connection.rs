//! The polled tier: octets in, octets and events out, time as an argument.
//!
//! A [`Connection`] is a deframer, a machine of the by-value tier and two bounded queues. It does
//! no I/O: a carrier feeds it with [`Connection::handle_input`] (or
//! [`Connection::handle_object`]), sends what [`Connection::poll_output`] gives, and wakes it at
//! [`Connection::poll_timeout`]. Polling late only delays; it loses nothing.

mod commands;
mod directions;
mod handshake;
mod queues;
mod status;
mod transitions;

use std::time::Duration;

use sdmp_crypto::random::Random;
use sdmp_envelope::Identity;

use crate::error::{Error, Misuse, TimeLimit};
use crate::event::{Event, Verdict};
use crate::initiator::Initiator;
use crate::policy::{Config, Now, SessionLimits};
use crate::refusal::Held;
use crate::responder::Responder;
use crate::step::{Authorize, Machine, NeedIdentity};
use directions::{Receiving, Sending};
use handshake::Handshake;
use queues::{Inbox, Outgoing, single};

/// One side of one connection, from its first octet to its last.
///
/// # Calling contract
///
/// Every method returns at once. After any call in the first three rows, drain the polls: output
/// first, then events, until both give `None`; then sleep until [`Connection::poll_timeout`] or
/// until there is something to call.
///
/// | kind | methods | may change |
/// |---|---|---|
/// | input | [`handle_input`](Self::handle_input), [`handle_object`](Self::handle_object), [`handle_eof`](Self::handle_eof) | output, events, timeout |
/// | time | [`handle_timeout`](Self::handle_timeout), also called by each input and each answer | output (dropped, or a refusal released), events, timeout |
/// | commands | [`provide_identity`](Self::provide_identity), [`decide`](Self::decide); once accepted [`send`](Self::send), [`send_all`](Self::send_all), [`close`](Self::close), [`export`](Self::export) | output, events, whether input is taken |
/// | polls | [`poll_output`](Self::poll_output), [`poll_event`](Self::poll_event), [`poll_timeout`](Self::poll_timeout) | whether input is taken, whether the output is finished |
/// | questions | [`wants_input`](Self::wants_input), [`is_accepted`](Self::is_accepted), [`is_output_finished`](Self::is_output_finished), [`is_finished`](Self::is_finished), [`holds_refusal`](Self::holds_refusal), [`limits`](Self::limits) | nothing |
///
/// - Input is offered in the order in which it arrived, and again when less was taken than given:
///   the connection waits for an answer, or events wait for the application.
/// - Each of [`Event::NeedIdentity`] and [`Event::Authorize`] is answered by its command exactly
///   once; a time limit may overtake the answer, which then returns the failure.
/// - The refusal of M3 and of what follows it leaves at a fixed moment (R37): after
///   [`Event::Failed`], call [`handle_timeout`](Self::handle_timeout) while
///   [`holds_refusal`](Self::holds_refusal) says so.
/// - [`Event::Accepted`] comes before any [`Event::Message`], and nothing comes after
///   [`Event::Failed`]. What a connection that failed still owes the peer is in the output.
/// - Use one kind of input for a whole connection: bytes of a stream, or whole objects.
/// - `now` never goes back. Calling late only delays.
#[derive(Debug)]
pub struct Connection {
    phase: Phase,
    config: Config,
    inbox: Inbox,
    outgoing: Outgoing,
    started: Duration,
    /// When the handshake's last object was complete.
    arrived: Duration,
    /// A sealed refusal in the output, which leaves at a fixed moment (R37).
    held: Option<Held>,
}

#[derive(Debug)]
enum Phase {
    Initiator(Asking<Initiator>),
    Responder(Asking<Responder>),
    Session(Sending, Receiving),
    Failed(Error),
}

/// A handshake and whether it waits for the peer or for the application.
#[derive(Debug)]
enum Asking<M: Machine> {
    Peer(M),
    Identity(NeedIdentity<M>),
    Verdict(Authorize<M>),
}

impl Connection {
    /// The side that opened the connection. M1 waits in the output.
    ///
    /// # Errors
    /// [`Error::Local`] if this side's identity is not usable or the random source fails,
    /// [`Misuse::UserIdentity`] if it is a user's (R16).
    pub fn initiate(config: Config, now: Now, mut random: Box<dyn Random>) -> Result<Self, Error> {
        let (machine, m1) = Initiator::start(config.clone(), now.wall, random.as_mut())?;
        let phase = Phase::Initiator(Asking::Peer(machine));
        let mut connection = Self::new(config, phase, now, random);
        connection.outgoing.push(m1);
        Ok(connection)
    }

    /// The side that was called.
    #[must_use]
    pub fn respond(config: Config, now: Now, random: Box<dyn Random>) -> Self {
        let phase = Phase::Responder(Asking::Peer(Responder::new(config.clone())));
        Self::new(config, phase, now, random)
    }

    fn new(config: Config, phase: Phase, now: Now, random: Box<dyn Random>) -> Self {
        let limits = config.policy.limits.clone();
        Self {
            phase,
            config,
            inbox: Inbox::new(limits.clone()),
            outgoing: Outgoing::new(limits, random),
            started: now.elapsed,
            arrived: now.elapsed,
            held: None,
        }
    }

    /// The limits in force; a carrier watches [`SessionLimits::write_stall`] and
    /// [`SessionLimits::linger`].
    #[must_use]
    pub fn limits(&self) -> &SessionLimits {
        &self.config.policy.limits
    }

    /// Takes octets of a byte stream, split in any way, and says how many were taken.
    ///
    /// It takes fewer than given (often none) while the application is asked or its events wait:
    /// offer the rest again after [`Connection::provide_identity`], [`Connection::decide`] or
    /// [`Connection::poll_event`]. That is the back-pressure.
    pub fn handle_input(&mut self, now: Now, octets: &[u8]) -> usize {
        self.handle_timeout(now);
        let mut rest = octets;
        while self.wants_input() && !rest.is_empty() {
            let next = match &mut self.phase {
                Phase::Session(_, receiving) => {
                    let taken = octets.len() - rest.len();
                    let more = receiving.handle_input(&mut self.inbox, now, rest);
                    self.settle();
                    return taken + more;
                }
                Phase::Initiator(Asking::Peer(machine)) => {
                    self.inbox.frame(&mut rest, machine.limit())
                }
                Phase::Responder(Asking::Peer(machine)) => {
                    self.inbox.frame(&mut rest, machine.limit())
                }
                _ => break,
            };
            match next {
                Ok(Some(object)) => self.handshake_object(now, &object),
                Ok(None) => {}
                Err(error) => self.unframed(now, error),
            }
        }
        octets.len() - rest.len()
    }

    /// Takes one whole object of a message carrier. `false`: not now, offer it again.
    pub fn handle_object(&mut self, now: Now, octets: &[u8]) -> bool {
        self.handle_timeout(now);
        if !self.wants_input() {
            return false;
        }
        if let Phase::Session(_, receiving) = &mut self.phase {
            let taken = receiving.handle_object(&mut self.inbox, now, octets);
            self.settle();
            return taken;
        }
        let limit = match &self.phase {
            Phase::Initiator(Asking::Peer(machine)) => machine.limit(),
            Phase::Responder(Asking::Peer(machine)) => machine.limit(),
            _ => return false,
        };
        match single(octets, limit) {
            Ok(object) => self.handshake_object(now, object),
            Err(error) => self.unframed(now, error),
        }
        true
    }

    /// The stream ended; give all octets first.
    pub fn handle_eof(&mut self, _now: Now) {
        match &mut self.phase {
            Phase::Session(_, receiving) => {
                receiving.handle_eof(&mut self.inbox);
                self.settle();
            }
            Phase::Failed(_) => {}
            Phase::Initiator(_) | Phase::Responder(_) => {
                self.fail(Error::Truncated.into());
            }
        }
    }

    /// Fails the handshake if its time is over (R42): in silence, as R38 says. Lets a refusal go
    /// whose moment has come (R37).
    pub fn handle_timeout(&mut self, now: Now) {
        if let Some(held) = &mut self.held {
            if held.is_due(now.elapsed) {
                self.held = None;
            }
            return;
        }
        if self.poll_timeout().is_some_and(|deadline| now.elapsed >= deadline) {
            let limit = if self.expects_first_message() {
                TimeLimit::FirstMessage
            } else {
                TimeLimit::Handshake
            };
            // In silence: what was not sent in time is not sent at all (R38).
            self.outgoing.clear();
            self.fail(Error::Timeout(limit).into());
        }
    }

    /// When to call [`Connection::handle_timeout`], on the scale of [`Now::elapsed`]. A moment that
    /// is past means at once.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        if let Some(held) = &self.held {
            return Some(held.wake());
        }
        let limits = &self.config.policy.limits;
        let limit = match &self.phase {
            Phase::Session(..) | Phase::Failed(_) => return None,
            _ if self.expects_first_message() => limits.first_message.min(limits.handshake),
            Phase::Initiator(_) | Phase::Responder(_) => limits.handshake,
        };
        Some(self.started.saturating_add(limit))
    }

    fn expects_first_message(&self) -> bool {
        matches!(&self.phase, Phase::Responder(Asking::Peer(machine))
            if machine.expects_first_message())
    }

    /// The next object's text to send. A byte stream sends one LF after it (R43).
    pub fn poll_output(&mut self) -> Option<String> {
        match &mut self.phase {
            Phase::Session(sending, _) => sending.poll_output(&mut self.outgoing),
            _ if self.held.is_some() => None,
            _ => self.outgoing.pop(),
        }
    }

    /// Whether a refusal waits for its moment (R37). It leaves by
    /// [`handle_timeout`](Self::handle_timeout) at [`poll_timeout`](Self::poll_timeout), also after
    /// [`Event::Failed`].
    #[must_use]
    pub fn holds_refusal(&self) -> bool {
        self.held.is_some()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.inbox.poll_event()
    }

    /// Whether input is taken at the moment.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        match &self.phase {
            Phase::Initiator(Asking::Peer(_)) | Phase::Responder(Asking::Peer(_)) => true,
            Phase::Session(_, receiving) => receiving.wants_input(&self.inbox),
            _ => false,
        }
    }

    /// Answers [`Event::NeedIdentity`]: the identity known under the claimed fingerprint, or none.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] if nothing was asked.
    pub fn provide_identity(&mut self, now: Now, identity: Option<Identity>) -> Result<(), Error> {
        self.handle_timeout(now);
        match self.take() {
            Phase::Initiator(Asking::Identity(question)) => {
                let step = question.provide(identity, now.wall, self.outgoing.random());
                self.advance(step);
            }
            Phase::Responder(Asking::Identity(question)) => {
                let step = question.provide(identity, now.wall, self.outgoing.random());
                self.advance(step);
            }
            other => return self.no_question(other),
        }
        Ok(())
    }

    /// Answers [`Event::Authorize`].
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] if nothing was asked.
    pub fn decide(&mut self, now: Now, verdict: Verdict) -> Result<(), Error> {
        self.handle_timeout(now);
        match self.take() {
            Phase::Initiator(Asking::Verdict(question)) => {
                self.answer_verdict(question, now, verdict)
            }
            Phase::Responder(Asking::Verdict(question)) => {
                self.answer_verdict(question, now, verdict)
            }
            other => return self.no_question(other),
        }
        Ok(())
    }

    fn answer_verdict<M: Handshake>(&mut self, question: Authorize<M>, now: Now, verdict: Verdict) {
        let random = self.outgoing.random();
        let step = match verdict {
            Verdict::Trust => question.trust(now.wall, random),
            Verdict::Refuse => Err(question.refuse(random)),
        };
        self.advance(step);
    }

    /// A question that the connection's failure has overtaken gets that failure as its answer.
    fn no_question(&mut self, phase: Phase) -> Result<(), Error> {
        let error = match &phase {
            Phase::Failed(error) => error.clone(),
            _ => Error::ApiMisuse(Misuse::NoQuestion),
        };
        self.phase = phase;
        Err(error)
    }

    /// Drops a session that has failed: the keys of both directions are wiped (R39).
    fn settle(&mut self) {
        if let Phase::Session(sending, receiving) = &mut self.phase
            && let Some(error) = sending.failure().cloned()
        {
            receiving.report(&mut self.inbox, &error);
            self.outgoing.clear();
            self.phase = Phase::Failed(error);
        }
    }

    /// Takes the phase out for a transition. Until the next one is put in, the connection has
    /// failed: nothing can be done by accident in between.
    fn take(&mut self) -> Phase {
        let nothing = Phase::Failed(Error::ApiMisuse(Misuse::NotAccepted));
        std::mem::replace(&mut self.phase, nothing)
    }
}
