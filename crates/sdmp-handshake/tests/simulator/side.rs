//! One side: a connection and a small application.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sdmp_container::Message;
use sdmp_handshake::{Accepted, Config, Connection, Event, KeyLog, Now, Role, Verdict};

use super::carrier::{Arrival, Carrier, Dice};
use sdmp_testkit::pair::{Seeded, message, wall};

/// Names of the handshakes that a side derived keys for; the secrets are not kept.
#[derive(Debug, Default)]
struct Names(Mutex<Vec<[u8; 32]>>);

impl KeyLog for Names {
    fn log(&self, _label: &'static str, handshake: &[u8; 32], _secret: &[u8]) {
        self.0.lock().unwrap().push(*handshake);
    }
}

#[derive(Debug)]
pub struct Side {
    connection: Connection,
    names: Arc<Names>,
    /// How many messages the application sends once the session is accepted.
    plan: usize,
    refuse: bool,
    unread: Vec<u8>,
    stream_ended: bool,
    told_end: bool,
    told_peer: bool,
    after_failure: bool,
    pub refused: bool,
    pub accepted: Option<Accepted>,
    pub failure: Option<&'static str>,
    pub closed: Option<bool>,
    pub sent: Vec<String>,
    pub got: Vec<String>,
    /// The first object that this side wrote: M1 or M2.
    pub first: Option<String>,
    before_acceptance: bool,
}

fn now(time: u64) -> Now {
    Now { elapsed: Duration::from_millis(time), wall: wall() }
}

impl Side {
    pub fn initiate(config: Config, seed: u64, dice: &mut Dice) -> Self {
        let names = Arc::new(Names::default());
        let config = config.key_log(Arc::clone(&names) as Arc<dyn KeyLog>);
        let random = Box::new(Seeded::new(seed.wrapping_mul(2)));
        let connection = Connection::initiate(config, now(0), random).unwrap();
        Self::new(connection, names, false, dice)
    }

    pub fn respond(config: Config, seed: u64, refuse: bool, dice: &mut Dice) -> Self {
        let names = Arc::new(Names::default());
        let config = config.key_log(Arc::clone(&names) as Arc<dyn KeyLog>);
        let random = Box::new(Seeded::new(seed.wrapping_mul(2).wrapping_add(1)));
        Self::new(Connection::respond(config, now(0), random), names, refuse, dice)
    }

    fn new(connection: Connection, names: Arc<Names>, refuse: bool, dice: &mut Dice) -> Self {
        Self {
            connection,
            names,
            plan: dice.below(4),
            refuse,
            unread: Vec::new(),
            stream_ended: false,
            told_end: false,
            told_peer: false,
            after_failure: false,
            refused: false,
            accepted: None,
            failure: None,
            closed: None,
            sent: Vec::new(),
            got: Vec::new(),
            first: None,
            before_acceptance: false,
        }
    }

    /// The name of the handshake, if keys were derived.
    pub fn transcript(&self) -> Option<[u8; 32]> {
        self.names.0.lock().unwrap().first().copied()
    }

    pub fn is_over(&self) -> bool {
        self.connection.is_finished() && self.told_peer
    }

    pub fn deadline(&self) -> Option<u64> {
        self.connection.poll_timeout().map(|at| at.as_millis() as u64)
    }

    pub fn wake(&mut self, time: u64) {
        self.connection.handle_timeout(now(time));
    }

    pub fn arrive(&mut self, _time: u64, arrival: Arrival) {
        match arrival {
            Arrival::Octets(octets) => self.unread.extend(octets),
            Arrival::End => self.stream_ended = true,
        }
    }

    /// Reads, answers events and writes until nothing moves.
    pub fn work(&mut self, time: u64, role: Role, carrier: &mut Carrier) {
        loop {
            let taken = self.connection.handle_input(now(time), &self.unread);
            self.unread.drain(..taken);
            let mut moved = taken > 0;
            while let Some(event) = self.connection.poll_event() {
                moved = true;
                self.event(time, event);
            }
            if self.stream_ended && !self.told_end && self.unread.is_empty() {
                self.told_end = true;
                moved = true;
                self.connection.handle_eof(now(time));
            }
            while let Some(object) = self.connection.poll_output() {
                moved = true;
                self.first.get_or_insert_with(|| object.clone());
                carrier.send(time, role, &object);
            }
            if !moved {
                break;
            }
        }
        if self.failure.is_some() {
            // What comes after a failure is read and discarded (R38).
            self.unread.clear();
        }
        if self.connection.is_output_finished() && !self.told_peer {
            self.told_peer = true;
            carrier.end(time, role);
        }
    }

    fn event(&mut self, time: u64, event: Event) {
        if self.failure.is_some() {
            self.after_failure = true;
        }
        match event {
            Event::NeedIdentity { claimed } => {
                let known = [sdmp_testkit::pair::alice(), sdmp_testkit::pair::bob()];
                let known = known.iter().map(|local| local.identity().clone());
                let known = known.into_iter().find(|known| *known.fingerprint() == claimed);
                self.connection.provide_identity(now(time), known).unwrap();
            }
            Event::Authorize { .. } => {
                self.refused = self.refuse;
                let verdict = if self.refuse { Verdict::Refuse } else { Verdict::Trust };
                self.connection.decide(now(time), verdict).unwrap();
            }
            Event::Accepted(accepted) => {
                self.accepted = Some(accepted);
                for number in 0..self.plan {
                    let text = format!("{number} of {}", self.plan);
                    // The session may have failed since, on what came right behind.
                    if self.connection.send(now(time), &message(&text)).is_ok() {
                        self.sent.push(text);
                    }
                }
                self.connection.close(now(time)).ok();
            }
            Event::Message(received) => {
                self.before_acceptance |= self.accepted.is_none();
                let text = Message::from_container(&received.container);
                self.got.push(text.map_or_else(|_| "?".into(), |text| text.as_str().to_owned()));
            }
            Event::Closed { authenticated } => self.closed = Some(authenticated),
            Event::Failed(error) => self.failure = Some(error.code()),
            _ => {}
        }
    }

    /// What must hold for one side alone.
    pub fn check(&self) -> Result<(), String> {
        if self.after_failure {
            return Err("an event after the failure".into());
        }
        if self.before_acceptance {
            return Err("a message before acceptance".into());
        }
        if !self.is_over() {
            return Err(format!("a side never ended: {:?}", self.connection));
        }
        if self.accepted.is_none() && self.failure.is_none() {
            return Err("a side ended with neither acceptance nor error".into());
        }
        Ok(())
    }
}
