//! Properties of the polled tier: framing, time limits, queues and both machines in one.

use super::by_value::{answer, names, own_config};
use super::node::{Seeded, expiry, node};
use super::record::{containers, random, recording};
use super::same;
use super::script::{Action, Script};
use super::session::other;
use crate::stream::frames;
use sdmp_container::Container;
use sdmp_handshake::{Connection, Error, Event, ExtensionCheck, Now, Profile, Role};
use std::time::Duration;

/// R30, R38, R39, R42, R43: acceptance only on the recorded session and in time, messages only the
/// peer's and in order, silence after a failure, and all of it however the stream is cut.
pub fn keeps_its_promises(octets: &[u8]) {
    let Some(script) = Script::read(octets) else { return };
    let whole = Carrier::play(&script, usize::MAX);
    whole.assert_genuine(&script);
    let cut = Carrier::play(&script, script.chunk);
    assert_eq!(whole.told, cut.told, "cut in {}, another outcome", script.chunk);
    assert_eq!(whole.output, cut.output, "cut in {}, other output", script.chunk);
}

/// What a connection told its application.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Asked,
    Accepted(Option<[u8; 32]>),
    Message(String),
    Closed(bool),
    Failed(Error),
    /// What a call returned.
    Returned(Result<(), Error>),
}

/// A carrier of octets that does as the script says.
struct Carrier {
    connection: Connection,
    role: Role,
    chunk: usize,
    now: Now,
    /// Arrived, but not yet taken.
    waiting: Vec<u8>,
    ended: bool,
    taken: Vec<u8>,
    told: Vec<Told>,
    output: Vec<String>,
    failure: Option<Error>,
}

impl Carrier {
    fn play(script: &Script, chunk: usize) -> Self {
        let random: Box<Seeded> = Box::new(random(script.role));
        let (config, now) = (own_config(script), super::node::now(0));
        let connection = match script.role {
            Role::Initiator => Connection::initiate(config, now, random).expect("usable"),
            Role::Responder => Connection::respond(config, now, random),
        };
        let mut carrier = Self {
            connection,
            role: script.role,
            chunk,
            now,
            waiting: Vec::new(),
            ended: false,
            taken: Vec::new(),
            told: Vec::new(),
            output: Vec::new(),
            failure: None,
        };
        carrier.pump();
        for action in &script.actions {
            carrier.act(action);
            carrier.pump();
        }
        carrier
    }

    fn act(&mut self, action: &Action) {
        let result = match action {
            Action::Receive(_) if self.ended => return,
            Action::Receive(octets) => return self.waiting.extend(octets),
            Action::End => return self.ended = true,
            Action::Expire => return self.now.wall = expiry(),
            Action::Wait(duration) => {
                self.now.elapsed = self.now.elapsed.saturating_add(*duration);
                return self.connection.handle_timeout(self.now);
            }
            Action::Send(number) => {
                let Some(container) = containers().iter().cycle().nth(*number) else { return };
                self.connection.send(self.now, container)
            }
            Action::Close => self.connection.close(self.now),
            Action::Answer { identity, verdict } => {
                let identity = identity.map(|name| answer(self.role, name));
                let first = self.connection.provide_identity(self.now, identity);
                let second = self.connection.decide(self.now, *verdict);
                self.told.push(Told::Returned(first));
                second
            }
        };
        if let Some(failure) = &self.failure {
            assert_eq!(result.as_ref(), Err(failure), "after a failure, another answer (R39)");
        }
        self.told.push(Told::Returned(result));
    }

    /// Gives what waits in chunks, and takes everything that comes out.
    fn pump(&mut self) {
        loop {
            let spoke = self.drain();
            let chunk = self.waiting.get(..self.chunk.min(self.waiting.len())).unwrap_or_default();
            let taken = self.connection.handle_input(self.now, chunk);
            assert!(taken <= chunk.len());
            assert!(taken == 0 || self.failure.is_none(), "took input after a failure (R39)");
            self.taken.extend(self.waiting.drain(..taken));
            if taken == 0 && !spoke && !self.drain() {
                break;
            }
        }
        if self.ended && self.waiting.is_empty() {
            self.connection.handle_eof(self.now);
            self.drain();
        }
    }

    /// Takes output and events; tells whether there were any.
    fn drain(&mut self) -> bool {
        let before = (self.told.len(), self.output.len());
        while let Some(object) = self.connection.poll_output() {
            self.output.push(object);
        }
        while let Some(event) = self.connection.poll_event() {
            assert!(self.failure.is_none(), "an event after the failure (R39)");
            self.event(event);
        }
        if self.failure.is_some() {
            let held = self.connection.holds_refusal();
            assert!(
                !held || self.connection.poll_output().is_none(),
                "sent before its moment (R37)"
            );
            super::node::release(&mut self.connection);
            while let Some(object) = self.connection.poll_output() {
                self.output.push(object);
            }
            assert!(self.connection.is_finished() && !self.connection.is_accepted());
        }
        before != (self.told.len(), self.output.len())
    }

    fn event(&mut self, event: Event) {
        let told = match event {
            Event::NeedIdentity { .. } => Told::Asked,
            Event::Authorize { peer } => {
                let (_, name) = names(self.role);
                assert_eq!(peer.fingerprint(), node(name).identity().fingerprint());
                Told::Asked
            }
            Event::Accepted(accepted) => {
                assert!(self.now.elapsed < Duration::from_secs(10), "accepted too late (R42)");
                Told::Accepted(accepted.session_id)
            }
            Event::Message(received) => {
                assert_eq!(received.extension, ExtensionCheck::None);
                Told::Message(received.container.text().to_owned())
            }
            Event::Closed { authenticated } => Told::Closed(authenticated),
            Event::Failed(error) => {
                self.failure = Some(error.clone());
                Told::Failed(error)
            }
            _ => return,
        };
        self.told.push(told);
    }

    /// What was accepted and delivered is what the recorded peer sent.
    fn assert_genuine(&self, script: &Script) {
        let own = &recording(script.profile).own;
        let peer = own.sent(other(script.role));
        let (objects, _) = frames(&self.taken, self.taken.len().max(1), usize::MAX);
        let genuine = peer.handshake.iter().chain(&peer.data).chain(&peer.close);
        // How many objects were the peer's, from the first.
        let right = objects.iter().zip(genuine).take_while(|(a, b)| same(a, b.as_bytes())).count();
        let handshake = peer.handshake.len();
        let mut messages = 0_usize;
        for told in &self.told {
            match told {
                Told::Accepted(session_id) if script.profile == Profile::Hardened => {
                    assert!(right >= handshake, "accepted on other octets");
                    assert_eq!(*session_id, own.session_id);
                }
                Told::Accepted(_) => assert!(right >= 1, "accepted on another session creation"),
                Told::Message(text) if script.profile == Profile::Hardened => {
                    let expected = containers().get(messages).map(Container::text);
                    assert_eq!(Some(text.as_str()), expected);
                    messages = messages.saturating_add(1);
                    assert!(right >= handshake.saturating_add(messages), "not the peer's next");
                }
                Told::Closed(true) => {
                    let all = handshake.saturating_add(peer.data.len()).saturating_add(1);
                    assert!(right >= all && script.profile == Profile::Hardened, "no close (R41)");
                }
                Told::Closed(false) => assert_eq!(script.profile, Profile::Published),
                Told::Asked | Told::Message(_) | Told::Failed(_) | Told::Returned(_) => {}
            }
        }
    }
}
