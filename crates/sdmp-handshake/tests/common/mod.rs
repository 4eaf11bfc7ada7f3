//! Two peers in one process: no sockets, no clock, no randomness but what a test gives.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "a test that is wrong should stop"
)]

pub mod attacker;
pub mod by_value;
#[path = "../../../sdmp-envelope/tests/common/people.rs"]
pub mod people;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use people::Seeded;
use sdmp_container::{Container, IdentityType, Limits, Message, Timestamp};
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Connection, Event, Now, Policy, Profile};

/// 2026-01-01T00:00:00.000Z, long before the test identities end.
pub fn wall() -> Timestamp {
    "2026-01-01T00:00:00.000Z".parse().unwrap()
}

pub fn expiry() -> Timestamp {
    "2099-01-01T00:00:00.000Z".parse().unwrap()
}

pub fn at(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), wall: wall() }
}

/// An identity made of one of the public test keys.
pub fn local(key: &Arc<PrivateKey>, kind: IdentityType, expires: Timestamp) -> LocalIdentity {
    let identity = Identity::create(key.public(), kind, expires).unwrap();
    LocalIdentity::new(identity, key.clone()).unwrap()
}

/// Their identities as nodes, made once.
macro_rules! nodes {
    ($($name:ident),+) => {
        $(pub fn $name() -> LocalIdentity {
            static CELL: OnceLock<LocalIdentity> = OnceLock::new();
            let node = || local(&people::$name(), IdentityType::Node, expiry());
            CELL.get_or_init(node).clone()
        })+
    };
}
nodes!(alice, bob, mallory);

/// ffdhe2048, for speed.
pub fn policy(profile: Profile) -> Policy {
    let groups = Groups::default();
    Policy { profile, offer: groups.named(NamedGroup::Ffdhe2048), groups, ..Policy::default() }
}

/// A configuration of `own` that trusts `peers`.
pub fn config(own: &LocalIdentity, peers: &[&LocalIdentity], profile: Profile) -> Config {
    Config::new(own.clone())
        .with_policy(policy(profile))
        .trust(peers.iter().map(|peer| peer.identity().clone()))
}

pub fn message(text: &str) -> Container {
    let text = Message::new(text.to_owned()).unwrap().to_text();
    Container::parse(text, &Limits::DEFAULT).unwrap()
}

/// Alice dials Bob; both trust each other.
#[derive(Debug)]
pub struct Pair {
    pub initiator: Connection,
    pub responder: Connection,
    pub initiator_events: Vec<Event>,
    pub responder_events: Vec<Event>,
    /// Objects that went from the initiator to the responder, and back.
    pub sent: Vec<(bool, String)>,
}

impl Pair {
    pub fn new(initiator: Config, responder: Config) -> Self {
        Self::seeded(initiator, responder, 1)
    }

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

    pub fn trusting(profile: Profile) -> Self {
        Self::new(config(&alice(), &[&bob()], profile), config(&bob(), &[&alice()], profile))
    }

    /// Carries objects until both sides are silent.
    pub fn run(&mut self) {
        self.run_with(|_, object| vec![object]);
    }

    /// As `run`, with somebody on the way: `(from the initiator, object) -> what arrives`.
    pub fn run_with(&mut self, mut carry: impl FnMut(bool, String) -> Vec<String>) {
        loop {
            let mut silent = true;
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
            return;
        }
    }
}

pub fn accepted(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Accepted(_)))
}

pub fn failure(events: &[Event]) -> Option<&'static str> {
    events.iter().find_map(|event| match event {
        Event::Failed(error) => Some(error.code()),
        _ => None,
    })
}

pub fn messages(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message(received) => {
                Some(Message::from_container(&received.container).unwrap().as_str().to_owned())
            }
            _ => None,
        })
        .collect()
}

/// The value of one string member, wherever it stands in a text.
pub fn member<'a>(object: &'a str, name: &str) -> &'a str {
    let (_, value) = object.split_once(&format!("\"{name}\":\"")).unwrap();
    value.split_once('"').unwrap().0
}
