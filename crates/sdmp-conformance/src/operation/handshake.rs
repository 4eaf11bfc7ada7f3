//! One side of a connection, played against a script: what it sends, accepts and refuses.
//!
//! The random octets of a case are the exponent and then one initialisation vector after the other, so
//! that every octet that the side sends is known.

use super::{Failure, Operation, Outcome, crypto::Fixed};
use crate::error::Error;
use crate::input::{Input, to_hex};
use crate::keys;
use sdmp_container::Container;
use sdmp_crypto::dh::NamedGroup;
use sdmp_handshake::{
    Config, Connection, Event, ExtensionCheck, KeyLog, Now, Policy, Profile, Verdict,
};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The operation of this name, if it belongs here.
pub(super) fn find(name: &str) -> Option<Operation> {
    Some(match name {
        "handshake.initiate" => |input| play(input, true),
        "handshake.respond" => |input| play(input, false),
        _ => return None,
    })
}

/// Secrets by label, as the key log tells them.
#[derive(Debug, Default)]
struct Secrets(Mutex<Map<String, Value>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, _handshake: &[u8; 32], secret: &[u8]) {
        if let Ok(mut secrets) = self.0.lock() {
            secrets.insert(label.to_owned(), json!(to_hex(secret)));
        }
    }
}

fn play(input: Input<'_>, initiates: bool) -> Result<Outcome, Error> {
    let secrets = Arc::new(Secrets::default());
    let log: Arc<dyn KeyLog> = secrets.clone();
    let config = config(input)?.key_log(log);
    let now = Now { elapsed: Duration::ZERO, wall: keys::now(input)? };
    let random = Box::new(Fixed(input.octets("random")?));
    let connection = if initiates {
        match Connection::initiate(config, now, random) {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(Failure::new(error.code(), error))),
        }
    } else {
        Connection::respond(config, now, random)
    };
    let mut side = Side { connection, now, told: Told::default(), asks: Answers::read(input)? };
    side.drain();
    for step in input.list("script") {
        side.step(Input(step.as_object().ok_or_else(|| Error::vector("a step is an object"))?))?;
        side.drain();
    }
    let secrets = secrets.0.lock().map(|secrets| secrets.clone()).unwrap_or_default();
    Ok(side.told.outcome(secrets))
}

fn config(input: Input<'_>) -> Result<Config, Error> {
    let local = keys::local(input.member("identity")?)?;
    let mut policy = Policy::default();
    if input.optional_text("profile") == Some("published") {
        policy.profile = Profile::Published;
    }
    if let Some(name) = input.optional_text("group") {
        let group: NamedGroup = name.parse().map_err(|_| Error::vector("no such group"))?;
        policy.offer = policy.groups.named(group);
    }
    if let Some(bits) = input.optional_number("max_group_bits")? {
        policy.max_group_bits =
            u32::try_from(bits).map_err(|_| Error::vector("max_group_bits is too large"))?;
    }
    policy.allow_user = input.optional_text("allow_user").is_some();
    let mut config = Config::new(local).with_policy(policy);
    for notation in input.list("trusted") {
        config = config.trust([keys::identity(notation)?.0]);
    }
    if let Some(notation) = input.0.get("pin") {
        config = config.pin(keys::identity(notation)?.0.fingerprint().clone());
    }
    if input.0.contains_key("answers") {
        config = config.ask_about_unknown();
    }
    Ok(config)
}

/// What the application says at the two stops of R30.
#[derive(Debug, Default)]
struct Answers {
    identity: Option<sdmp_envelope::Identity>,
    trusts: bool,
}

impl Answers {
    fn read(input: Input<'_>) -> Result<Self, Error> {
        let Some(answers) = input.object("answers") else { return Ok(Self::default()) };
        let identity = match answers.0.get("identity") {
            Some(notation) => Some(keys::identity(notation)?.0),
            None => None,
        };
        Ok(Self { identity, trusts: answers.optional_text("verdict") == Some("trust") })
    }
}

/// What a side has let be known.
#[derive(Debug, Default)]
struct Told {
    sent: Vec<String>,
    events: Vec<&'static str>,
    messages: Vec<String>,
    peer: Option<String>,
    session_id: Option<String>,
    failure: Option<sdmp_handshake::Error>,
}

impl Told {
    fn outcome(self, secrets: Map<String, Value>) -> Outcome {
        let mut told = Map::new();
        told.insert("sent".to_owned(), json!(self.sent));
        told.insert("events".to_owned(), json!(self.events));
        told.insert("messages".to_owned(), json!(self.messages));
        told.insert("peer".to_owned(), json!(self.peer));
        told.insert("session_id".to_owned(), json!(self.session_id));
        told.insert("secrets".to_owned(), Value::Object(secrets));
        match self.failure {
            None => Ok(told),
            Some(error) => Err(Failure {
                code: error.code().to_owned(),
                details: told,
                message: error.to_string(),
            }),
        }
    }
}

struct Side {
    connection: Connection,
    now: Now,
    told: Told,
    asks: Answers,
}

impl Side {
    /// One step of the script.
    fn step(&mut self, step: Input<'_>) -> Result<(), Error> {
        if step.0.contains_key("receive") {
            let octets = step.octets("receive")?;
            let mut chunk =
                step.optional_number("chunk")?.and_then(|chunk| usize::try_from(chunk).ok());
            self.receive(&octets, chunk.get_or_insert(octets.len().max(1)));
        } else if step.0.contains_key("send") {
            let container = Container::parse(step.octets("send")?)
                .map_err(|error| Error::vector(error.to_string()))?;
            let sent = self.connection.send(self.now, &container);
            self.told.failure = self.told.failure.take().or(sent.err());
        } else if step.0.contains_key("close") {
            let closed = self.connection.close(self.now);
            self.told.failure = self.told.failure.take().or(closed.err());
        } else if step.0.contains_key("eof") {
            self.connection.handle_eof(self.now);
        } else if let Some(milliseconds) = step.optional_number("wait")? {
            self.now.elapsed += Duration::from_millis(milliseconds);
            self.connection.handle_timeout(self.now);
        } else {
            return Err(Error::vector("a step is one of receive, send, close, eof, wait"));
        }
        Ok(())
    }

    /// Gives octets in chunks, answering questions in between.
    fn receive(&mut self, octets: &[u8], chunk: &usize) {
        for piece in octets.chunks((*chunk).max(1)) {
            let mut rest = piece;
            while !rest.is_empty() {
                let taken = self.connection.handle_input(self.now, rest);
                let answered = self.drain();
                rest = rest.get(taken..).unwrap_or_default();
                if taken == 0 && !answered {
                    return;
                }
            }
        }
    }

    /// Takes everything that the connection has to say; tells whether there was anything.
    ///
    /// A refusal that waits for its moment (R37) is taken too: a vector says what is sent, not when.
    fn drain(&mut self) -> bool {
        let mut any = false;
        loop {
            while self.connection.holds_refusal() {
                let elapsed = self.connection.poll_timeout().unwrap_or(Duration::MAX);
                self.connection.handle_timeout(Now { elapsed, ..self.now });
            }
            while let Some(text) = self.connection.poll_output() {
                self.told.sent.push(text);
                any = true;
            }
            let Some(event) = self.connection.poll_event() else { return any };
            any = true;
            self.event(event);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::NeedIdentity { .. } => {
                self.told.events.push("need_identity");
                let identity = self.asks.identity.take();
                if let Err(error) = self.connection.provide_identity(self.now, identity) {
                    self.told.failure.get_or_insert(error);
                }
            }
            Event::Authorize { .. } => {
                self.told.events.push("authorize");
                let verdict = if self.asks.trusts { Verdict::Trust } else { Verdict::Refuse };
                if let Err(error) = self.connection.decide(self.now, verdict) {
                    self.told.failure.get_or_insert(error);
                }
            }
            Event::Accepted(accepted) => {
                self.told.events.push("accepted");
                self.told.peer = Some(accepted.peer.fingerprint().to_string());
                self.told.session_id = accepted.session_id.map(|id| to_hex(&id));
            }
            Event::Message(received) => {
                self.told.events.push(match received.extension {
                    ExtensionCheck::None => "message",
                    ExtensionCheck::Valid => "message, extension valid",
                    ExtensionCheck::Unresolved => "message, extension unresolved",
                    ExtensionCheck::Invalid => "message, extension invalid",
                });
                self.told.messages.push(received.container.text().to_owned());
            }
            Event::Closed { authenticated: true } => self.told.events.push("closed"),
            Event::Closed { .. } => self.told.events.push("closed, unauthenticated"),
            Event::Failed(error) => {
                self.told.events.push("failed");
                self.told.failure.get_or_insert(error);
            }
            _ => self.told.events.push("an event of a new kind"),
        }
    }
}
