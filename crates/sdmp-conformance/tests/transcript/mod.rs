//! Complete handshakes from fixed random octets, with every intermediate value.
//!
//! Shared by the example that writes `vectors/handshake/transcript-*.json` and the test that
//! computes them again.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::too_many_lines,
    reason = "a vector that cannot be made should stop"
)]

pub mod values;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sdmp_conformance::input::to_hex;
use sdmp_container::{Container, IdentityType, Message, Timestamp};
use sdmp_crypto::dh::{Group, Groups, NamedGroup};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_crypto::secret::{Secret, SecretVec};
use sdmp_envelope::{ContentKey, Identity, LocalIdentity, network};
use sdmp_handshake::schedule::{HandshakeSecrets, transcript_1};
use sdmp_handshake::{Config, Connection, Event, KeyLog, Now, Policy, Profile};
use serde_json::{Map, Value, json};

/// One handshake to play.
pub struct Plan {
    pub id: &'static str,
    pub comment: &'static str,
    pub profile: Profile,
    pub group: NamedGroup,
    /// Decides the exponents and the initialisation vectors.
    pub seed: u64,
}

/// All handshakes that the vectors hold: both profiles in three groups, and secrets that begin with
/// zeros. The seeds of these were found by search: `handshake_vectors --search`.
pub const PLANS: [Plan; 9] = [
    Plan {
        id: "hardened-ffdhe2048",
        comment: "",
        profile: Profile::Hardened,
        group: NamedGroup::Ffdhe2048,
        seed: 1,
    },
    Plan {
        id: "hardened-ffdhe3072",
        comment: "",
        profile: Profile::Hardened,
        group: NamedGroup::Ffdhe3072,
        seed: 1,
    },
    Plan {
        id: "hardened-ffdhe4096",
        comment: "",
        profile: Profile::Hardened,
        group: NamedGroup::Ffdhe4096,
        seed: 1,
    },
    Plan {
        id: "hardened-leading-zero",
        comment: ", Z begins with one zero octet",
        profile: Profile::Hardened,
        group: NamedGroup::Ffdhe2048,
        seed: 113,
    },
    Plan {
        id: "hardened-two-leading-zeros",
        comment: ", Z begins with two zero octets",
        profile: Profile::Hardened,
        group: NamedGroup::Ffdhe2048,
        seed: 75_849,
    },
    Plan {
        id: "published-ffdhe2048",
        comment: "",
        profile: Profile::Published,
        group: NamedGroup::Ffdhe2048,
        seed: 1,
    },
    Plan {
        id: "published-ffdhe3072",
        comment: "",
        profile: Profile::Published,
        group: NamedGroup::Ffdhe3072,
        seed: 1,
    },
    Plan {
        id: "published-ffdhe4096",
        comment: "",
        profile: Profile::Published,
        group: NamedGroup::Ffdhe4096,
        seed: 1,
    },
    Plan {
        id: "published-leading-zero",
        comment: ", Z begins with one zero octet",
        profile: Profile::Published,
        group: NamedGroup::Ffdhe2048,
        seed: 113,
    },
];

impl Plan {
    pub fn group(&self) -> Group {
        Groups::default().named(self.group)
    }

    /// The random octets of one side: the exponent, with its top bit set, and four
    /// initialisation vectors.
    pub fn random(&self, side: &str) -> Vec<u8> {
        let exponent = self.group().exponent_bits() / 8;
        let mut octets = Vec::new();
        for counter in 0.. {
            if octets.len() >= exponent + 64 {
                break;
            }
            let seed = format!("sdmp vector {} {side} {} {counter}", self.group, self.seed);
            octets.extend(sha512(seed.as_bytes()));
        }
        octets.truncate(exponent + 64);
        octets[0] |= 0x80;
        octets
    }

    /// The exponent of a side and its four initialisation vectors.
    pub fn split(&self, side: &str) -> (Vec<u8>, Vec<[u8; 16]>) {
        let mut octets = self.random(side);
        let ivs = octets.split_off(self.group().exponent_bits() / 8);
        (octets, ivs.chunks(16).map(|iv| iv.try_into().unwrap()).collect())
    }

    /// Z, from the exponents alone.
    pub fn z(&self) -> Vec<u8> {
        let group = self.group();
        let ours = group.ephemeral(&mut Fixed(self.split("initiator").0)).unwrap();
        let theirs = group.ephemeral(&mut Fixed(self.split("responder").0)).unwrap();
        ours.agree(theirs.public()).unwrap().expose().to_vec()
    }
}

/// Gives these octets, once.
#[derive(Debug)]
pub struct Fixed(pub Vec<u8>);

impl Random for Fixed {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        if self.0.len() < octets.len() {
            return Err(sdmp_crypto::Error::Random);
        }
        let rest = self.0.split_off(octets.len());
        octets.copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

/// The time of all vectors, and the end of their identities.
pub fn wall() -> Timestamp {
    "2030-01-01T00:00:00.000Z".parse().unwrap()
}

pub fn local(name: &str) -> LocalIdentity {
    let pem = match name {
        "alice" => include_str!("../../vectors/keys/alice.pem"),
        _ => include_str!("../../vectors/keys/bob.pem"),
    };
    let key = Arc::new(PrivateKey::from_pem(pem, None).unwrap());
    let expires = "2099-01-01T00:00:00.000Z".parse().unwrap();
    let identity = Identity::create(key.public(), IdentityType::Node, expires).unwrap();
    LocalIdentity::new(identity, key).unwrap()
}

/// Secrets by label.
#[derive(Debug, Default)]
struct Secrets(Mutex<Map<String, Value>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        self.0.lock().unwrap().insert(label.to_owned(), json!(to_hex(secret)));
    }
}

/// One side while it is played, and the case that this becomes.
struct Side {
    connection: Connection,
    secrets: Arc<Secrets>,
    sent: Vec<String>,
    events: Vec<&'static str>,
    messages: Vec<String>,
    script: Vec<Value>,
    session_id: Option<[u8; 32]>,
}

fn now() -> Now {
    Now { elapsed: Duration::ZERO, wall: wall() }
}

impl Side {
    fn new(plan: &Plan, own: &str, peer: &str, side: &str) -> Self {
        let secrets = Arc::new(Secrets::default());
        let log: Arc<dyn KeyLog> = secrets.clone();
        let groups = Groups::default();
        let policy =
            Policy { profile: plan.profile, offer: plan.group(), groups, ..Policy::default() };
        let config = Config::new(local(own))
            .with_policy(policy)
            .trust([local(peer).identity().clone()])
            .key_log(log);
        let random = Box::new(Fixed(plan.random(side)));
        let connection = if side == "initiator" {
            Connection::initiate(config, now(), random).unwrap()
        } else {
            Connection::respond(config, now(), random)
        };
        Self {
            connection,
            secrets,
            sent: Vec::new(),
            events: Vec::new(),
            messages: Vec::new(),
            script: Vec::new(),
            session_id: None,
        }
    }

    /// What the side has to send, since the last time.
    fn output(&mut self) -> Vec<String> {
        let objects: Vec<String> = std::iter::from_fn(|| self.connection.poll_output()).collect();
        self.sent.extend(objects.iter().cloned());
        objects
    }

    fn receive(&mut self, objects: Vec<String>) {
        for object in objects {
            self.script.push(json!({"receive": {"text": object}}));
            assert_eq!(self.connection.handle_input(now(), object.as_bytes()), object.len());
            self.listen();
        }
    }

    fn listen(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            self.events.push(match event {
                Event::Accepted(accepted) => {
                    self.session_id = accepted.session_id;
                    "accepted"
                }
                Event::Message(received) => {
                    self.messages.push(received.container.text().to_owned());
                    "message"
                }
                Event::Closed { authenticated: true } => "closed",
                Event::Closed { authenticated: false } => "closed, unauthenticated",
                other => panic!("{other:?}"),
            });
        }
    }

    fn say(&mut self, text: &str) {
        let text = message(text);
        self.script.push(json!({"send": {"text": text}}));
        let container = Container::parse(text).unwrap();
        self.connection.send(now(), &container).unwrap();
        self.script.push(json!({"close": true}));
        self.connection.close(now()).unwrap();
    }

    fn end(&mut self) {
        self.script.push(json!({"eof": true}));
        self.connection.handle_eof(now());
        self.listen();
    }

    fn case(self, plan: &Plan, own: &str, peer: &str, side: &str, values: &Value) -> Value {
        let (profile, rules) = match plan.profile {
            Profile::Hardened => {
                ("hardened", ["R24", "R26", "R27", "R28", "R29", "R30", "R31", "R32", "R35", "R41"])
            }
            Profile::Published => (
                "published",
                ["R24", "R26", "R27", "R28", "R29", "R30", "R32", "R33", "R36", "R41"],
            ),
        };
        let secrets = self.secrets.0.lock().unwrap().clone();
        let verb = if side == "initiator" { "initiate" } else { "respond" };
        let id = self.session_id.map(|id| to_hex(&id));
        json!({
            "id": format!("{}-{side}", plan.id),
            "comment": format!("a whole session, as its {side}: {profile}, {}{}", plan.group, plan.comment),
            "rules": rules,
            "operation": format!("handshake.{verb}"),
            "input": {
                "identity": own,
                "trusted": [peer],
                "profile": profile,
                "group": plan.group.name(),
                "random": {"hex": to_hex(&plan.random(side))},
                "script": self.script,
                "values": values,
            },
            "expected": {"valid": true, "output": {
                "sent": self.sent,
                "events": self.events,
                "messages": self.messages,
                "peer": local(peer).identity().fingerprint().to_string(),
                "session_id": id,
                "secrets": secrets,
            }},
        })
    }
}

pub fn message(text: &str) -> String {
    Message::new(text.to_owned()).to_text()
}

pub const WORDS: [&str; 2] = ["hello, responder", "hello, initiator"];

/// Plays one plan; gives its file.
pub fn play(plan: &Plan, values: &Value) -> Value {
    let mut initiator = Side::new(plan, "alice", "bob", "initiator");
    let mut responder = Side::new(plan, "bob", "alice", "responder");
    for _ in 0..3 {
        responder.receive(initiator.output());
        initiator.receive(responder.output());
    }
    initiator.say(WORDS[0]);
    responder.receive(initiator.output());
    responder.say(WORDS[1]);
    initiator.receive(responder.output());
    for side in [&mut initiator, &mut responder] {
        side.end();
        assert!(side.connection.is_finished());
    }
    let mut cases = vec![
        initiator.case(plan, "alice", "bob", "initiator", values),
        responder.case(plan, "bob", "alice", "responder", values),
    ];
    if plan.id == "hardened-leading-zero" {
        cases.push(stripped(plan, values));
    }
    json!({
        "area": "handshake",
        "subject": format!("a transcript with every value: {}", plan.id),
        "cases": cases,
    })
}

/// An initiator that strips the zeros of Z has other keys (R26): its M3 does not open.
fn stripped(plan: &Plan, values: &Value) -> Value {
    let text = |name: &str| values[name].as_str().unwrap();
    let z: Vec<u8> = plan.z().into_iter().skip_while(|octet| *octet == 0).collect();
    let t1 = transcript_1(text("m1").as_bytes(), text("m2").as_bytes());
    let secrets = HandshakeSecrets::derive(&SecretVec::from_vec(z), &t1).unwrap();
    let key = ContentKey::authenticated(Secret::new(*secrets.i2r.expose()));
    let (_, ivs) = plan.split("initiator");
    let m3 = network::seal(&key, &ivs[0], 0, text("p3").as_bytes()).unwrap();
    json!({
        "id": "hardened-stripped-zeros",
        "comment": "Z begins with a zero octet, which the initiator strips: it has other keys",
        "rules": ["R26"],
        "operation": "handshake.respond",
        "input": {
            "identity": "bob",
            "trusted": ["alice"],
            "profile": "hardened",
            "group": plan.group.name(),
            "random": {"hex": to_hex(&plan.random("responder"))},
            "script": [{"receive": {"text": text("m1")}}, {"receive": {"text": m3}}],
        },
        "expected": {"error": "decrypt"},
    })
}
