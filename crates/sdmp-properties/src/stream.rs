//! Properties of byte streams.

use crate::machine::node;
use sdmp_handshake::{Connection, Deframer, Event, Profile};

/// R43: objects do not depend on how the stream was cut.
pub fn deframer(octets: &[u8]) {
    const LIMIT: usize = 4096;
    let whole = frames(octets, octets.len().max(1), LIMIT);
    for chunk in [1, 7] {
        let cut = frames(octets, chunk, LIMIT);
        assert_eq!(cut, whole, "chunks of {chunk} octets give other objects");
    }
}

/// The objects of a stream that arrives in chunks, and whether it ended in an error.
pub(crate) fn frames(octets: &[u8], chunk: usize, limit: usize) -> (Vec<Vec<u8>>, bool) {
    let mut deframer = Deframer::new();
    let mut found = Vec::new();
    for mut piece in octets.chunks(chunk) {
        while !piece.is_empty() {
            match deframer.next(&mut piece, limit) {
                Ok(Some(object)) => found.push(object),
                Ok(None) => {}
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}

/// R30, R39: octets without a trusted key behind them are never accepted, by either side.
pub fn octets_from_nobody(octets: &[u8]) {
    for initiates in [true, false] {
        let mut side = start(initiates);
        let mut rest = octets;
        while !rest.is_empty() {
            let taken = side.handle_input(node::now(0), rest);
            drop(side.poll_output());
            let events: Vec<Event> = std::iter::from_fn(|| side.poll_event()).collect();
            let spoke = |event: &Event| matches!(event, Event::Accepted(_) | Event::Message(_));
            assert!(!events.iter().any(spoke));
            if taken == 0 {
                break;
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        assert!(!side.is_accepted(), "accepted a peer that proved nothing");
    }
}

fn start(initiates: bool) -> Connection {
    let random = Box::new(node::Seeded::new(0x5a));
    if initiates {
        let config = node::config("alice", &["bob"], Profile::Hardened);
        Connection::initiate(config, node::now(0), random).expect("a usable identity")
    } else {
        let config = node::config("bob", &["alice"], Profile::Hardened);
        Connection::respond(config, node::now(0), random)
    }
}
