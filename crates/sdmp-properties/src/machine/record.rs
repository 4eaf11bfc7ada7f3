//! Sessions of honest peers, recorded: the alphabet of the scripts, and what is genuine.

use super::node::{Seeded, config, now, release};
use sdmp_container::closed::Rejection;
use sdmp_container::{Container, Message};
use sdmp_crypto::secret::Secret;
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::{Connection, Event, KeyLog, Profile, Role};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

/// What is said in a session, both ways.
const TEXTS: [&str; 3] = ["one", "two", "three"];

/// Seeds of the session that the machines under test take part in, and of two others.
const OWN: u64 = 1;
const OTHER: u64 = 500;
const MIRRORED: u64 = 501;

/// The secrets of one handshake by label.
#[derive(Debug, Default)]
struct Secrets(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, _handshake: &[u8; 32], secret: &[u8]) {
        self.0.lock().expect("no panic while it is held").insert(label, secret.to_vec());
    }
}

/// What one side of a session sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// M1, M3, FIN_I or M2, M4, FIN_R; the published profile has no FIN.
    pub(crate) handshake: Vec<String>,
    /// The containers of `TEXTS`, sealed.
    pub(crate) data: Vec<String>,
    /// The authenticated close; hardened only.
    pub(crate) close: Option<String>,
}

/// An honest session.
#[derive(Debug)]
pub(crate) struct Session {
    profile: Profile,
    initiator: Sent,
    responder: Sent,
    secrets: BTreeMap<&'static str, Vec<u8>>,
    pub(crate) session_id: Option<[u8; 32]>,
}

/// The session that machines under test take part in, and all letters: its own first.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) own: Session,
    pub(crate) letters: Vec<Vec<u8>>,
}

/// The recording of a profile.
pub(crate) fn recording(profile: Profile) -> &'static Recording {
    static HARDENED: OnceLock<Recording> = OnceLock::new();
    static PUBLISHED: OnceLock<Recording> = OnceLock::new();
    let cell = if profile == Profile::Hardened { &HARDENED } else { &PUBLISHED };
    cell.get_or_init(|| {
        let own = Session::record(profile, OWN, "alice", "bob");
        let mut letters = own.letters();
        letters.extend(Session::record(profile, OTHER, "alice", "bob").letters());
        letters.extend(Session::record(profile, MIRRORED, "bob", "alice").letters());
        Recording { own, letters }
    })
}

/// The random source with which a machine takes part in the recorded session.
pub(crate) fn random(role: Role) -> Seeded {
    random_of(OWN, role)
}

fn random_of(seed: u64, role: Role) -> Seeded {
    let salt = u64::from(role == Role::Responder);
    Seeded::new(seed.wrapping_mul(2).wrapping_add(salt))
}

/// The containers of `TEXTS`.
pub(crate) fn containers() -> &'static [Container] {
    static CONTAINERS: OnceLock<Vec<Container>> = OnceLock::new();
    CONTAINERS.get_or_init(|| {
        let container = |text| {
            let text = Message::new(text).to_text();
            Container::parse(text).expect("its own text")
        };
        TEXTS.into_iter().map(container).collect()
    })
}

impl Session {
    fn record(profile: Profile, seed: u64, initiator: &str, responder: &str) -> Self {
        let secrets = Arc::new(Secrets::default());
        let log: Arc<dyn KeyLog> = secrets.clone();
        let mut pair = Pair {
            initiator: Connection::initiate(
                config(initiator, &[responder], profile).key_log(log),
                now(0),
                Box::new(random_of(seed, Role::Initiator)),
            )
            .expect("a usable identity"),
            responder: Connection::respond(
                config(responder, &[initiator], profile),
                now(0),
                Box::new(random_of(seed, Role::Responder)),
            ),
            session_id: None,
        };
        let (mut sent, mut answered) = (Sent::default(), Sent::default());
        pair.carry(&mut sent.handshake, &mut answered.handshake);
        assert!(pair.initiator.is_accepted() && pair.responder.is_accepted(), "honest peers");
        for container in containers() {
            pair.initiator.send(now(0), container).expect("an accepted session");
            pair.responder.send(now(0), container).expect("an accepted session");
        }
        pair.carry(&mut sent.data, &mut answered.data);
        pair.initiator.close(now(0)).expect("an accepted session");
        pair.responder.close(now(0)).expect("an accepted session");
        let (mut closes, mut answers) = (Vec::new(), Vec::new());
        pair.carry(&mut closes, &mut answers);
        (sent.close, answered.close) = (closes.pop(), answers.pop());
        let session_id = pair.session_id;
        let secrets = secrets.0.lock().expect("no panic while it is held").clone();
        Self { profile, initiator: sent, responder: answered, secrets, session_id }
    }

    /// What a side sent.
    pub(crate) fn sent(&self, role: Role) -> &Sent {
        if role == Role::Initiator { &self.initiator } else { &self.responder }
    }

    /// The key of what a side sends once the session is accepted.
    pub(crate) fn traffic_key(&self, role: Role) -> ContentKey {
        self.key(if role == Role::Initiator { "AP_I2R" } else { "AP_R2I" })
    }

    fn key(&self, label: &str) -> ContentKey {
        fn secret<const N: usize>(octets: &[u8]) -> Secret<N> {
            Secret::new(octets.try_into().expect("a secret of its length"))
        }
        match self.profile {
            Profile::Hardened => {
                let octets = self.secrets.get(label).expect("a label of the key log");
                ContentKey::authenticated(secret(octets))
            }
            Profile::Published => {
                let octets = self.secrets.get("PUBLISHED_K").expect("a label of the key log");
                ContentKey::unauthenticated(secret(octets))
            }
        }
    }

    /// All its messages, and the rejections that either side could have sent.
    fn letters(&self) -> Vec<Vec<u8>> {
        let mut letters = Vec::new();
        for sent in [&self.initiator, &self.responder] {
            let all = sent.handshake.iter().chain(&sent.data).chain(&sent.close);
            letters.extend(all.map(|object| object.clone().into_bytes()));
        }
        letters.push(Rejection::BAD_REQUEST.into());
        for (label, sequence) in [
            ("HS_R2I", 0),
            ("HS_R2I", 1),
            ("HS_I2R", 0),
            ("HS_I2R", 1),
            ("AP_I2R", 0),
            ("AP_R2I", 0),
        ] {
            let text = Rejection::NOT_FOUND.as_bytes();
            let sealed = network::seal(&self.key(label), &[9; 16], sequence, text);
            letters.push(sealed.expect("a short text").into_bytes());
        }
        letters
    }
}

/// Two connections and nothing between them.
struct Pair {
    initiator: Connection,
    responder: Connection,
    session_id: Option<[u8; 32]>,
}

impl Pair {
    /// Carries objects until both sides are silent.
    fn carry(&mut self, sent: &mut Vec<String>, answered: &mut Vec<String>) {
        loop {
            let mut silent = true;
            release(&mut self.initiator);
            release(&mut self.responder);
            while let Some(object) = self.initiator.poll_output() {
                assert!(self.responder.handle_object(now(0), object.as_bytes()));
                sent.push(object);
                silent = false;
            }
            while let Some(object) = self.responder.poll_output() {
                assert!(self.initiator.handle_object(now(0), object.as_bytes()));
                answered.push(object);
                silent = false;
            }
            while let Some(event) = self.initiator.poll_event() {
                if let Event::Accepted(accepted) = event {
                    self.session_id = accepted.session_id;
                }
            }
            while self.responder.poll_event().is_some() {}
            if silent {
                return;
            }
        }
    }
}
