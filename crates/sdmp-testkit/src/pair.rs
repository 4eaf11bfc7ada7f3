//! Two peers in one process: no sockets, no clock, no randomness but what a test gives.

use std::time::Duration;

use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_envelope::LocalIdentity;
use sdmp_handshake::{Config, Connection, Event, Now, Policy, Profile};

pub use crate::nodes::*;
pub use crate::random::Seeded;

/// So many seconds after the connection began, on the day of [`wall`].
#[must_use]
pub fn at(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), wall: wall() }
}

/// ffdhe2048, for speed.
#[must_use]
pub fn policy(profile: Profile) -> Policy {
    let groups = Groups::default();
    Policy { profile, offer: groups.named(NamedGroup::Ffdhe2048), groups, ..Policy::default() }
}

/// A configuration of `own` that trusts `peers`.
#[must_use]
pub fn config(own: &LocalIdentity, peers: &[&LocalIdentity], profile: Profile) -> Config {
    Config::new(own.clone())
        .with_policy(policy(profile))
        .trust(peers.iter().map(|peer| peer.identity().clone()))
}

/// Alice dials Bob; both trust each other.
#[derive(Debug)]
pub struct Pair {
    /// Alice's side.
    pub initiator: Connection,
    /// Bob's side.
    pub responder: Connection,
    /// What Alice's side has reported.
    pub initiator_events: Vec<Event>,
    /// What Bob's side has reported.
    pub responder_events: Vec<Event>,
    /// Objects that went from the initiator to the responder, and back.
    pub sent: Vec<(bool, String)>,
}

impl Pair {
    /// Two connections with these configurations; nothing is carried yet.
    #[must_use]
    pub fn new(initiator: Config, responder: Config) -> Self {
        Self::seeded(initiator, responder, 1)
    }

    /// As [`Pair::new`], with another seed for both sides' randomness.
    #[must_use]
    pub fn seeded(initiator: Config, responder: Config, seed: u64) -> Self {
        let random = |salt| Box::new(Seeded::new(seed * 2 + salt));
        Self {
            initiator: Connection::initiate(initiator, at(0), random(0)).unwrap(),
            responder: Connection::respond(responder, at(0), random(1)),
            initiator_events: Vec::new(),
            responder_events: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Alice and Bob, who trust each other.
    #[must_use]
    pub fn trusting(profile: Profile) -> Self {
        Self::new(config(&alice(), &[&bob()], profile), config(&bob(), &[&alice()], profile))
    }

    /// Carries objects until both sides are silent.
    pub fn run(&mut self) {
        self.run_with(|_, object| vec![object]);
    }

    /// As `run`, with an on-path attacker: `(from the initiator, object) -> what arrives`.
    pub fn run_with(&mut self, mut carry: impl FnMut(bool, String) -> Vec<String>) {
        loop {
            let mut silent = true;
            release(&mut self.initiator);
            release(&mut self.responder);
            while let Some(object) = self.initiator.poll_output() {
                silent = false;
                self.sent.push((true, object.clone()));
                for object in carry(true, object) {
                    feed(&mut self.responder, object.as_bytes(), &mut self.responder_events);
                }
            }
            while let Some(object) = self.responder.poll_output() {
                silent = false;
                self.sent.push((false, object.clone()));
                for object in carry(false, object) {
                    feed(&mut self.initiator, object.as_bytes(), &mut self.initiator_events);
                }
            }
            while let Some(event) = self.initiator.poll_event() {
                self.initiator_events.push(event);
            }
            while let Some(event) = self.responder.poll_event() {
                self.responder_events.push(event);
            }
            if silent {
                return;
            }
        }
    }

    /// A pair whose session is accepted on both sides.
    #[must_use]
    pub fn accepted(profile: Profile) -> Self {
        let mut pair = Self::trusting(profile);
        pair.run();
        assert!(accepted(&pair.initiator_events), "{:?}", pair.initiator_events);
        assert!(accepted(&pair.responder_events), "{:?}", pair.responder_events);
        pair.initiator_events.clear();
        pair.responder_events.clear();
        pair.sent.clear();
        pair
    }
}

/// Gives octets to a connection as a carrier would, and collects what it says.
pub fn feed(connection: &mut Connection, octets: &[u8], events: &mut Vec<Event>) {
    let mut rest = octets;
    loop {
        let taken = connection.handle_input(at(0), rest);
        rest = &rest[taken..];
        let mut said = false;
        while let Some(event) = connection.poll_event() {
            said = true;
            events.push(event);
        }
        if rest.is_empty() || (taken == 0 && !said) {
            return release(connection);
        }
    }
}

/// Lets the time pass that a refusal waits for (R37).
pub fn release(connection: &mut Connection) {
    while connection.holds_refusal() {
        let elapsed = connection.poll_timeout().unwrap();
        connection.handle_timeout(Now { elapsed, wall: wall() });
    }
}

/// Whether a session was accepted.
#[must_use]
pub fn accepted(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Accepted(_)))
}

/// The code of the failure, if there was one.
#[must_use]
pub fn failure(events: &[Event]) -> Option<&'static str> {
    events.iter().find_map(|event| match event {
        Event::Failed(error) => Some(error.code()),
        _ => None,
    })
}

/// The texts of the messages that arrived.
#[must_use]
pub fn messages(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message(received) => Some(text(&received.container)),
            _ => None,
        })
        .collect()
}
