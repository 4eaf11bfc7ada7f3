//! A peer in this process, right or wrong in one point, that listens on loopback.
#![allow(unreachable_pub, reason = "a test that is wrong should stop")]

use sdmp_conformance::peer::Person;
use sdmp_conformance::peer::case::Who;
use sdmp_container::{IdentityType, Timestamp};
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_handshake::{Config, Connection, Event, Now, Policy};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a peer does otherwise than the machines of this project.
#[derive(Clone)]
pub struct Peer {
    pub policy: Policy,
    pub trusted: Vec<Who>,
    /// The year that it believes it is.
    pub year: u32,
    /// What it makes of the octets that come in.
    pub hears: fn(&[u8]) -> Vec<u8>,
    /// What it makes of an object that goes out; nothing to swallow it. The number counts objects.
    pub says: fn(usize, String) -> Option<String>,
    /// Whether it ends the connection after a failure.
    pub drops: bool,
    /// What follows an object.
    pub line_end: &'static [u8],
}

impl Peer {
    pub fn right() -> Self {
        Self {
            policy: Policy::default(),
            trusted: vec![Who::Tester, Who::Other, Who::User, Who::Expired],
            year: 2030,
            hears: <[u8]>::to_vec,
            says: |_, object| Some(object),
            drops: true,
            line_end: b"\n",
        }
    }

    /// Listens until the test ends.
    pub fn listen(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let peer = self.clone();
                std::thread::spawn(move || peer.serve(&mut stream.unwrap()));
            }
        });
        address
    }

    fn config(&self) -> Config {
        let trusted = self.trusted.iter().map(|who| Person::new(*who).unwrap().identity);
        Config::new(local()).with_policy(self.policy.clone()).trust(trusted)
    }

    fn serve(&self, stream: &mut TcpStream) {
        let started = Instant::now();
        let wall: Timestamp = format!("{}-01-01T00:00:00.000Z", self.year).parse().unwrap();
        let now = || Now { elapsed: started.elapsed(), wall };
        let random = Box::new(SystemRandom::new());
        let mut connection = Connection::respond(self.config(), now(), random);
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (mut said, mut failed) = (0, false);
        loop {
            let mut buffer = [0; 16 * 1024];
            match stream.read(&mut buffer) {
                Ok(0) => connection.handle_eof(now()),
                Ok(read) => {
                    let octets = (self.hears)(&buffer[..read]);
                    let mut rest = octets.as_slice();
                    while !rest.is_empty() && connection.wants_input() {
                        rest = &rest[connection.handle_input(now(), rest)..];
                        failed |= listen(&mut connection, now());
                    }
                }
                Err(_) => connection.handle_timeout(now()),
            }
            failed |= listen(&mut connection, now());
            while connection.holds_refusal() {
                connection.handle_timeout(now());
            }
            while let Some(object) = connection.poll_output() {
                if let Some(object) = (self.says)(said, object) {
                    drop(stream.write_all(&[object.as_bytes(), self.line_end].concat()));
                }
                said += 1;
            }
            if failed || connection.is_finished() {
                break;
            }
        }
        if !self.drops && failed {
            std::thread::sleep(Duration::from_secs(2));
        }
        drop(stream.shutdown(Shutdown::Write));
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        drop(stream.read_to_end(&mut Vec::new()));
    }
}

/// Answers a close with a close; whether the connection has failed.
fn listen(connection: &mut Connection, now: Now) -> bool {
    let mut failed = false;
    while let Some(event) = connection.poll_event() {
        match event {
            Event::Closed { .. } => drop(connection.close(now)),
            Event::Failed(_) => failed = true,
            _ => {}
        }
    }
    failed
}

/// The identity of all these peers.
pub fn local() -> LocalIdentity {
    let pem = include_str!("../../vectors/keys/bob.pem");
    let key = Arc::new(PrivateKey::from_pem(pem, None).unwrap());
    let expires = "2099-01-01T00:00:00.000Z".parse().unwrap();
    let identity = Identity::create(key.public(), IdentityType::Node, expires).unwrap();
    LocalIdentity::new(identity, key).unwrap()
}
