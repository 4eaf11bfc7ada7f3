//! What an on-path attacker can do to the *published* profile, and what the same does to the
//! hardened one.
//!
//! ```console
//! $ cargo run -p sdmp-handshake --example published_weaknesses
//! ```
//!
//! Each demonstration runs two real connections in this process and changes only what an attacker
//! between them can change: the objects. It holds no key.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a demonstration that fails should stop"
)]

use sdmp_container::{Container, b64url};
use sdmp_handshake::{Connection, Profile};
use sdmp_testkit::pair::{
    Pair, accepted, alice, at, bob, config, failure, feed, message, messages,
};

/// What an attack led to: what the victim took for genuine, and the error that it saw.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the victim's application was given.
    pub got: Vec<String>,
    /// The code of the error that ended the session, if it noticed.
    pub noticed: Option<&'static str>,
}

/// Changes `100` into `999` in flight: in CBC, a bit flipped in the initialisation vector flips the
/// same bit of the first block.
pub fn alter(profile: Profile) -> Outcome {
    let mut pair = Pair::accepted(profile);
    let order = r#"{"message":"100 coins","sdmp":{"version":"0.12.0","schemas":["message"]}}"#;
    let order = Container::parse(order).unwrap();
    pair.initiator.send(at(1), &order).unwrap();
    pair.run_with(|_, object| {
        let old = sdmp_testkit::pair::member(&object, "iv").to_owned();
        let mut iv = b64url::decode(&old).unwrap();
        for (place, (from, to)) in (12..15).zip(b"100".iter().zip(b"999")) {
            iv[place] ^= from ^ to;
        }
        vec![object.replace(&old, &b64url::encode(&iv))]
    });
    outcome(&pair)
}

/// Delivers one message twice.
pub fn replay(profile: Profile) -> Outcome {
    let mut pair = Pair::accepted(profile);
    pair.initiator.send(at(1), &message("pay")).unwrap();
    pair.run_with(|_, object| vec![object.clone(), object]);
    outcome(&pair)
}

/// Keeps the first of two messages.
pub fn drop_one(profile: Profile) -> Outcome {
    let mut pair = Pair::accepted(profile);
    pair.initiator.send(at(1), &message("do not")).unwrap();
    pair.initiator.send(at(1), &message("pay")).unwrap();
    let mut objects = 0;
    pair.run_with(|_, object| {
        objects += 1;
        if objects == 1 { vec![] } else { vec![object] }
    });
    outcome(&pair)
}

/// Sends a message back to its sender, who takes it for the peer's: one key serves both ways.
pub fn reflect(profile: Profile) -> Outcome {
    let mut pair = Pair::accepted(profile);
    pair.responder.send(at(1), &message("I owe you 5")).unwrap();
    let object = pair.responder.poll_output().unwrap();
    feed(&mut pair.responder, object.as_bytes(), &mut pair.responder_events);
    outcome(&pair)
}

/// Cuts the stream after the first of two messages.
pub fn truncate(profile: Profile) -> Outcome {
    let mut pair = Pair::accepted(profile);
    pair.initiator.send(at(1), &message("pay")).unwrap();
    pair.initiator.send(at(1), &message("only if I call you")).unwrap();
    let object = pair.initiator.poll_output().unwrap();
    feed(&mut pair.responder, object.as_bytes(), &mut pair.responder_events);
    pair.responder.handle_eof(at(2));
    pair.run();
    outcome(&pair)
}

/// Connects two initiators to each other: says whether both accepted, each in the same role.
pub fn splice(profile: Profile) -> bool {
    let dial = |own, peer, seed| {
        let random = Box::new(sdmp_testkit::pair::Seeded::new(seed));
        Connection::initiate(config(own, &[peer], profile), at(0), random).unwrap()
    };
    let (alice, bob) = (alice(), bob());
    let (mut first, mut second) = (dial(&alice, &bob, 1), dial(&bob, &alice, 2));
    let (mut first_events, mut second_events) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        while let Some(object) = first.poll_output() {
            feed(&mut second, object.as_bytes(), &mut second_events);
        }
        while let Some(object) = second.poll_output() {
            feed(&mut first, object.as_bytes(), &mut first_events);
        }
    }
    accepted(&first_events) && accepted(&second_events)
}

fn outcome(pair: &Pair) -> Outcome {
    Outcome { got: messages(&pair.responder_events), noticed: failure(&pair.responder_events) }
}

/// A name and an attack.
type Attack = (&'static str, fn(Profile) -> Outcome);

/// The attacks on traffic.
pub const ATTACKS: [Attack; 5] = [
    ("alter \"100 coins\" in flight", alter),
    ("deliver \"pay\" twice", replay),
    ("drop \"do not\" before \"pay\"", drop_one),
    ("reflect \"I owe you 5\" to its sender", reflect),
    ("cut the stream after \"pay\"", truncate),
];

fn main() {
    for (name, attack) in ATTACKS {
        println!("{name}");
        for profile in [Profile::Published, Profile::Hardened] {
            let Outcome { got, noticed } = attack(profile);
            let noticed = noticed.unwrap_or("nothing");
            println!("  {profile:?}: the application got {got:?}, the session noticed: {noticed}");
        }
    }
    println!("splice two initiators to each other");
    for profile in [Profile::Published, Profile::Hardened] {
        println!("  {profile:?}: both accepted: {}", splice(profile));
    }
}
