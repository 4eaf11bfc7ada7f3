//! security.md 8: the exhaustive small model. Every sequence of up to six messages, from every
//! message of the protocol (valid or damaged; of this session, of another one, or of one with the
//! roles exchanged), is given to both roles in both profiles: nothing is accepted but by the one
//! legal path. A failed connection is dead, which is checked too, so what follows a failure is
//! decided, and the tree of sequences is small enough to be walked whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use sdmp_container::closed::Rejection;
use sdmp_crypto::secret::Secret;
use sdmp_envelope::{ContentKey, network};
use sdmp_handshake::{Config, Connection, Event, KeyLog, Profile, Role, Verdict};
use sdmp_testkit::pair::*;

const LONGEST: usize = 6;

/// The secrets of one handshake.
#[derive(Debug, Default)]
struct Secrets(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, _handshake: &[u8; 32], secret: &[u8]) {
        self.0.lock().unwrap().insert(label, secret.to_vec());
    }
}

impl Secrets {
    fn seal(&self, label: &str, sequence: u64, text: &str) -> String {
        let secrets = self.0.lock().unwrap();
        let key = match secrets.get(label) {
            Some(secret) => ContentKey::authenticated(Secret::new(secret[..].try_into().unwrap())),
            None => ContentKey::unauthenticated(Secret::new(
                secrets["PUBLISHED_K"][..].try_into().unwrap(),
            )),
        };
        network::seal(&key, &[9; 16], sequence, text.as_bytes()).unwrap()
    }
}

/// One letter of the alphabet.
#[derive(Clone)]
struct Letter {
    name: String,
    object: String,
}

/// Seeds of the machines that the sequences are given to, and of the other sessions.
const OWN: u64 = 1;
const OTHER: u64 = 500;

fn configs(profile: Profile, swapped: bool) -> (Config, Config) {
    let (a, b) = (config(&alice(), &[&bob()], profile), config(&bob(), &[&alice()], profile));
    if swapped { (b, a) } else { (a, b) }
}

/// All messages of one session, by name: an honest run, and both kinds of rejection.
fn session(profile: Profile, seed: u64, swapped: bool) -> Vec<(String, String)> {
    let secrets = Arc::new(Secrets::default());
    let (initiator, responder) = configs(profile, swapped);
    let initiator = initiator.key_log(Arc::clone(&secrets) as Arc<dyn KeyLog>);
    let mut pair = Pair::seeded(initiator, responder, seed);
    pair.run();
    assert!(accepted(&pair.initiator_events) && accepted(&pair.responder_events));
    let names: &[&str] = match profile {
        Profile::Hardened => &["M1", "M2", "M3", "M4", "FIN_R", "FIN_I"],
        Profile::Published => &["M1", "M2", "M3", "M4"],
    };
    pair.initiator.send(at(1), &message("data")).unwrap();
    pair.responder.send(at(1), &message("data")).unwrap();
    pair.initiator.close(at(1)).unwrap();
    pair.responder.close(at(1)).unwrap();
    pair.run();
    let (handshake, traffic) = pair.sent.split_at(names.len());
    let mut letters: Vec<(String, String)> = names
        .iter()
        .zip(handshake)
        .map(|(name, (_, object))| ((*name).to_owned(), object.clone()))
        .collect();
    let mut count = [0; 2];
    for (from_initiator, object) in traffic {
        let side = usize::from(*from_initiator);
        let what = ["data", "close"][count[side]];
        count[side] += 1;
        letters.push((format!("{what}_{}", ["R", "I"][side]), object.clone()));
    }
    letters.push(("rejection".to_owned(), Rejection::BAD_REQUEST.to_owned()));
    for (name, label, sequence) in [
        ("rejection_R", "HS_R2I", 0),
        ("second rejection_R", "HS_R2I", 1),
        ("rejection_I", "HS_I2R", 1),
        ("rejection_I in place of M3", "HS_I2R", 0),
        ("rejection_I in traffic", "AP_I2R", 0),
    ] {
        letters.push((name.to_owned(), secrets.seal(label, sequence, Rejection::NOT_FOUND)));
    }
    letters
}

/// Three ways to damage an object.
fn damage(object: &str) -> [(&'static str, String); 3] {
    let name = if object.contains("\"payload\"") { "payload" } else { "N" };
    let changed = if object.contains(&format!("\"{name}\":\"")) {
        let value = member(object, name).to_owned();
        let middle = value.len() / 2;
        let other = if value.as_bytes()[middle] == b'A' { "B" } else { "A" };
        let mut edited = value.clone();
        edited.replace_range(middle..=middle, other);
        object.replace(&value, &edited)
    } else {
        object.replace("bad_request", "bad_requesu")
    };
    [
        ("changed", changed),
        ("extended", object.replacen('{', "{\"x\":1,", 1)),
        ("cut", object[..object.len() - 1].to_owned()),
    ]
}

/// The whole alphabet of a profile.
fn alphabet(profile: Profile) -> &'static [Letter] {
    static HARDENED: OnceLock<Vec<Letter>> = OnceLock::new();
    static PUBLISHED: OnceLock<Vec<Letter>> = OnceLock::new();
    let cell = if profile == Profile::Hardened { &HARDENED } else { &PUBLISHED };
    cell.get_or_init(|| {
        let mut letters = Vec::new();
        for (whose, seed, swapped) in
            [("", OWN, false), ("other ", OTHER, false), ("mirrored ", OTHER + 1, true)]
        {
            for (name, object) in session(profile, seed, swapped) {
                for (how, object) in damage(&object) {
                    letters.push(Letter { name: format!("{how} {whose}{name}"), object });
                }
                letters.push(Letter { name: format!("{whose}{name}"), object });
            }
        }
        letters
    })
}

fn machine(profile: Profile, role: Role, ask: bool) -> Connection {
    let (initiator, responder) = if ask {
        (
            config(&alice(), &[], profile).ask_about_unknown(),
            config(&bob(), &[], profile).ask_about_unknown(),
        )
    } else {
        configs(profile, false)
    };
    // The random sources of `Pair::seeded`.
    match role {
        Role::Initiator => {
            let random = Box::new(Seeded::new(OWN * 2));
            Connection::initiate(initiator, at(0), random).unwrap()
        }
        Role::Responder => {
            Connection::respond(responder, at(0), Box::new(Seeded::new(OWN * 2 + 1)))
        }
    }
}

/// Where a sequence has led a connection.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Alive,
    Accepted,
    Dead,
}

/// Gives a connection a sequence, and looks at the end of it.
fn play(profile: Profile, role: Role, path: &[&Letter]) -> (Connection, Vec<Event>, End) {
    let mut connection = machine(profile, role, false);
    let mut events = Vec::new();
    for letter in path {
        connection.handle_object(at(1), letter.object.as_bytes());
        events.extend(std::iter::from_fn(|| connection.poll_event()));
    }
    let end = if failure(&events).is_some() {
        End::Dead
    } else if accepted(&events) {
        End::Accepted
    } else {
        End::Alive
    };
    (connection, events, end)
}

/// What a walk over all sequences has seen.
#[derive(Debug, Default)]
struct Seen {
    accepted: Vec<String>,
    /// Sequences that nothing is accepted by, walked or decided by their beginning.
    refused: u128,
    walked: usize,
}

fn name(path: &[&Letter]) -> String {
    path.iter().map(|letter| letter.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// How many sequences of at most `LONGEST` letters begin with one of this length.
fn beginning_with(length: usize, letters: usize) -> u128 {
    (0..=LONGEST - length).map(|more| (letters as u128).pow(more as u32)).sum()
}

fn walk(profile: Profile, role: Role, path: &mut Vec<&'static Letter>, seen: &mut Seen) {
    let letters = alphabet(profile);
    for letter in letters {
        path.push(letter);
        seen.walked += 1;
        let (connection, _, end) = play(profile, role, path);
        match end {
            End::Dead => {
                assert_dead(connection, path);
                seen.refused += beginning_with(path.len(), letters.len());
            }
            End::Accepted => seen.accepted.push(name(path)),
            End::Alive => {
                seen.refused += 1;
                if path.len() < LONGEST {
                    walk(profile, role, path, seen);
                }
            }
        }
        path.pop();
    }
}

/// R39: a failure is final, so that whatever follows it is decided.
fn assert_dead(mut connection: Connection, path: &[&Letter]) {
    let path = name(path);
    release(&mut connection);
    while connection.poll_output().is_some() {}
    for letter in &alphabet(Profile::Hardened)[..40] {
        assert!(!connection.handle_object(at(1), letter.object.as_bytes()), "{path}");
        assert_eq!(connection.handle_input(at(1), letter.object.as_bytes()), 0, "{path}");
    }
    connection.handle_eof(at(2));
    connection.handle_timeout(at(60));
    assert!(connection.poll_event().is_none() && connection.poll_output().is_none(), "{path}");
    assert!(connection.is_finished() && !connection.is_accepted(), "{path}");
    assert!(connection.send(at(1), &message("no")).is_err(), "{path}");
    assert!(connection.decide(at(1), Verdict::Trust).is_err(), "{path}");
}

/// The only sequences that a role accepts on, and how many letters were tried.
fn accepting(profile: Profile, role: Role) -> Vec<String> {
    let mut seen = Seen::default();
    walk(profile, role, &mut Vec::new(), &mut seen);
    println!(
        "{profile:?} {role:?}: {} letters, {} sequences walked, {} refused",
        alphabet(profile).len(),
        seen.walked,
        seen.refused
    );
    // The legal path is three letters at most: nearly all of the whole number is refused.
    assert!(seen.refused > 1_000_000_000_000);
    seen.accepted
}

#[test]
fn hardened_initiator_accepts_by_the_one_legal_path_only() {
    assert_eq!(accepting(Profile::Hardened, Role::Initiator), ["M2 M4 FIN_R"]);
}

#[test]
fn hardened_responder_accepts_by_the_one_legal_path_only() {
    assert_eq!(accepting(Profile::Hardened, Role::Responder), ["M1 M3 FIN_I"]);
}

#[test]
fn published_initiator_accepts_by_the_one_legal_path_only() {
    assert_eq!(accepting(Profile::Published, Role::Initiator), ["M2 M4"]);
}

#[test]
fn published_responder_accepts_by_the_one_legal_path_only() {
    assert_eq!(accepting(Profile::Published, Role::Responder), ["M1 M3"]);
}

fn letter(profile: Profile, name: &str) -> &'static Letter {
    alphabet(profile).iter().find(|letter| letter.name == name).unwrap()
}

#[test]
fn r35_a_session_takes_its_own_next_object_and_no_other() {
    for (role, path, side) in [
        (Role::Initiator, ["M2", "M4", "FIN_R"], "R"),
        (Role::Responder, ["M1", "M3", "FIN_I"], "I"),
    ] {
        let hardened = |name: &str| letter(Profile::Hardened, name);
        let mut path: Vec<_> = path.into_iter().map(hardened).collect();
        for next in [format!("data_{side}"), format!("close_{side}")] {
            for letter in alphabet(Profile::Hardened) {
                path.push(letter);
                let (connection, events, end) = play(Profile::Hardened, role, &path);
                let delivered = messages(&events).len();
                let closed = events.iter().any(|event| matches!(event, Event::Closed { .. }));
                if letter.name == next {
                    assert_eq!(end, End::Accepted);
                    assert_eq!((delivered, closed), (1, next.starts_with("close")), "{next}");
                } else {
                    assert_eq!(end, End::Dead, "{}", name(&path));
                    assert_eq!(delivered, path.len() - 4, "{}", name(&path));
                    assert_dead(connection, &path);
                }
                path.pop();
            }
            path.push(hardened(&next));
        }
        // After the close nothing is taken, the close itself least of all (R41).
        for letter in alphabet(Profile::Hardened) {
            path.push(letter);
            assert_eq!(play(Profile::Hardened, role, &path).2, End::Dead, "{}", name(&path));
            path.pop();
        }
    }
}

#[test]
fn every_message_twice_is_refused() {
    for profile in [Profile::Hardened, Profile::Published] {
        for (role, names) in
            [(Role::Initiator, &["M2", "M4", "FIN_R"]), (Role::Responder, &["M1", "M3", "FIN_I"])]
        {
            let names = if profile == Profile::Hardened { &names[..] } else { &names[..2] };
            let path: Vec<_> = names.iter().map(|name| letter(profile, name)).collect();
            for number in 0..path.len() {
                let mut twice = path.clone();
                twice.insert(number, path[number]);
                let (_, events, end) = play(profile, role, &twice);
                if profile == Profile::Published && number + 1 == path.len() {
                    // M3 and M4 are containers, and this profile does not count objects.
                    assert!(accepted(&events));
                } else {
                    assert_eq!(end, End::Dead, "{}", name(&twice));
                    assert!(messages(&events).is_empty());
                }
            }
        }
    }
}

#[test]
fn r30_nothing_is_read_while_the_application_is_asked() {
    for (role, path) in [(Role::Initiator, ["M2", "M4"]), (Role::Responder, ["M1", "M3"])] {
        let known = if role == Role::Initiator { bob() } else { alice() };
        let mut connection = machine(Profile::Hardened, role, true);
        for name in path {
            let object = &letter(Profile::Hardened, name).object;
            assert!(connection.handle_object(at(1), object.as_bytes()));
        }
        let nothing_is_taken = |connection: &mut Connection| {
            for letter in alphabet(Profile::Hardened) {
                assert!(!connection.handle_object(at(1), letter.object.as_bytes()));
                assert_eq!(connection.handle_input(at(1), letter.object.as_bytes()), 0);
            }
            assert!(connection.poll_event().is_none());
        };
        assert!(matches!(connection.poll_event(), Some(Event::NeedIdentity { .. })));
        nothing_is_taken(&mut connection);
        assert!(connection.decide(at(1), Verdict::Trust).is_err(), "that was not the question");
        connection.provide_identity(at(1), Some(known.identity().clone())).unwrap();
        assert!(matches!(connection.poll_event(), Some(Event::Authorize { .. })));
        nothing_is_taken(&mut connection);
        assert!(connection.provide_identity(at(1), None).is_err(), "that was not the question");
        connection.decide(at(1), Verdict::Trust).unwrap();
        assert!(!connection.is_accepted());
        let fin = if role == Role::Initiator { "FIN_R" } else { "FIN_I" };
        let object = &letter(Profile::Hardened, fin).object;
        assert!(connection.handle_object(at(1), object.as_bytes()));
        assert!(connection.is_accepted());
    }
}
