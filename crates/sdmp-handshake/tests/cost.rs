//! What a stranger can make a responder spend before it is refused (R23, R42): no exponent, no
//! mebibyte, and less than a millisecond, whatever the input claims to be.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests; this one measures time"
)]

use std::time::{Duration, Instant};

use allocation_counter::measure;
use sdmp_container::b64url;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::Error;
use sdmp_crypto::random::Random;
use sdmp_handshake::{Connection, Profile};
use sdmp_testkit::pair::*;

/// A source without octets: drawing an exponent fails.
#[derive(Debug)]
struct Empty;

impl Random for Empty {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), Error> {
        Err(Error::Random)
    }
}

fn responder() -> Connection {
    let config = config(&bob(), &[&alice()], Profile::Hardened);
    Connection::respond(config, at(0), Box::new(Empty))
}

/// Names that a hash table without a secret of its own would put into one place, as many as fit.
fn colliding() -> String {
    let members: Vec<String> = (0..250).map(|n| format!("\"{n:08b}\":{n}")).collect();
    format!("{{{}}}", members.join(","))
}

fn hostile() -> Vec<(&'static str, String)> {
    let connection = |g: &str, p: &[u8]| {
        format!(
            "{{\"sdmp\":{{\"version\":\"0.12.0\",\"schemas\":[\"shared_key\"]}},\"connection\":\
             {{\"g\":{g},\"p\":\"{}\",\"N\":\"{}\"}}}}",
            b64url::encode(p),
            b64url::encode(&[2])
        )
    };
    let m1 = Pair::trusting(Profile::Hardened).initiator.poll_output().unwrap();
    let m1 = SessionCreation::parse(m1.as_bytes()).unwrap();
    let of_value = |n: Vec<u8>| SessionCreation { g: m1.g, p: m1.p.clone(), n }.to_text();
    vec![
        ("a value of 1", of_value(vec![1])),
        ("a value of p", of_value(m1.p.clone())),
        ("a value longer than p", of_value(vec![0xff; m1.p.len() + 1])),
        ("a p of 16384 bits", connection("2", &[0xff; 2048])),
        ("an unknown p of 8192 bits", connection("2", &[0xff; 1024])),
        ("a mebibyte in one string", format!("{{\"{}\":1}}", "a".repeat(1 << 20))),
        ("100,000 levels of objects", "{\"a\":".repeat(100_000)),
        ("100,000 levels of arrays", format!("{{\"a\":{}", "[".repeat(100_000))),
        ("a million members", {
            let members: String = (0..1_000_000).map(|n| format!("\"{n}\":1,")).collect();
            format!("{{{members}\"\":1}}")
        }),
        ("a number of a million digits", format!("{{\"g\":{}}}", "9".repeat(1_000_000))),
        ("a number of 3,000 digits", connection(&"9".repeat(3_000), &[0xff; 256])),
        ("colliding names", colliding()),
        ("nothing but white space", " ".repeat(1 << 20)),
    ]
}

#[test]
fn a_refused_m1_costs_no_exponent_no_mebibyte_and_no_millisecond() {
    for (name, input) in hostile() {
        let mut fastest = Duration::MAX;
        for _ in 0..50 {
            let mut bob = responder();
            let counted = measure(|| {
                let start = Instant::now();
                bob.handle_input(at(0), input.as_bytes());
                fastest = fastest.min(start.elapsed());
            });
            assert!(counted.bytes_total < 1 << 20, "{name}: {} octets", counted.bytes_total);
            let events: Vec<_> = std::iter::from_fn(|| bob.poll_event()).collect();
            let code = failure(&events).unwrap_or_else(|| panic!("{name} is refused"));
            assert_ne!(code, "crypto.random", "{name}: an exponent was drawn");
        }
        assert!(fastest < Duration::from_millis(1), "{name}: {fastest:?}");
    }
}

/// The whole text at once, as a message carrier gives it.
#[test]
fn a_refused_m1_costs_a_message_carrier_no_more() {
    for (name, input) in hostile() {
        let mut bob = responder();
        let counted = measure(|| assert!(bob.handle_object(at(0), input.as_bytes())));
        assert!(counted.bytes_total < 1 << 20, "{name}: {} octets", counted.bytes_total);
        let events: Vec<_> = std::iter::from_fn(|| bob.poll_event()).collect();
        assert!(failure(&events).is_some_and(|code| code != "crypto.random"), "{name}");
    }
}

/// A right M1 draws one exponent: the first of the two exponentiations that a stranger is worth.
#[test]
fn a_right_m1_draws_an_exponent() {
    let m1 = Pair::trusting(Profile::Hardened).initiator.poll_output().unwrap();
    let mut bob = responder();
    bob.handle_input(at(0), m1.as_bytes());
    let events: Vec<_> = std::iter::from_fn(|| bob.poll_event()).collect();
    assert_eq!(failure(&events), Some("crypto.random"));
}

/// It is the only one before M3, and M3 draws none: random octets are asked for once by an M1, and
/// after it only for initialisation vectors.
#[test]
fn a_stranger_is_worth_two_exponentiations() {
    #[derive(Debug)]
    struct Counting(Seeded, std::sync::Arc<std::sync::Mutex<Vec<usize>>>);
    impl Random for Counting {
        fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
            self.1.lock().unwrap().push(octets.len());
            self.0.fill(octets)
        }
    }
    let drawn = std::sync::Arc::default();
    let config = config(&bob(), &[&alice()], Profile::Hardened);
    let random = Counting(Seeded::new(3), std::sync::Arc::clone(&drawn));
    let mut bob = Connection::respond(config, at(0), Box::new(random));
    let m1 = Pair::trusting(Profile::Hardened).initiator.poll_output().unwrap();
    bob.handle_input(at(0), m1.as_bytes());
    // 256 bits for a group of 2048 (R24).
    assert_eq!(*drawn.lock().unwrap(), [32]);
    bob.handle_input(at(0), b"{\"not\":\"M3\"}");
    assert_eq!(*drawn.lock().unwrap(), [32, 16, 16], "two refusals");
    // It is dead, so that no third M1 or M3 can follow (R39).
    assert_eq!(bob.handle_input(at(0), m1.as_bytes()), 0);
    assert_eq!(drawn.lock().unwrap().len(), 3);
}
