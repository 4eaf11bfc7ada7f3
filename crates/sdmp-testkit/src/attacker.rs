//! An initiator played by hand, which may therefore do everything wrong.

use crate::pair::*;
use sdmp_container::b64url;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::dh::{Groups, NamedGroup};
use sdmp_crypto::secret::{Secret, SecretVec};
use sdmp_envelope::signature::reserved::sign_octets;
use sdmp_envelope::{ContentKey, LocalIdentity, network};
use sdmp_handshake::schedule::{HandshakeSecrets, transcript_1};
use sdmp_handshake::{Config, Connection, Profile};

/// A peer that plays the initiator by hand, and may therefore do everything wrong.
#[derive(Debug)]
pub struct Attacker {
    /// What the attacker sent.
    pub m1: String,
    /// What Bob answered.
    pub m2: String,
    /// What follows from both.
    pub secrets: HandshakeSecrets,
}

/// Dials Bob up to the point where M3 is due.
#[must_use]
pub fn attack(bob: &mut Connection) -> Attacker {
    let group = Groups::default().named(NamedGroup::Ffdhe2048);
    let ephemeral = group.ephemeral(&mut Seeded::new(5)).unwrap();
    let m1 =
        SessionCreation { g: group.g(), p: group.p().to_vec(), n: ephemeral.public().to_vec() }
            .to_text();
    let mut events = Vec::new();
    feed(bob, m1.as_bytes(), &mut events);
    let m2 = bob.poll_output().unwrap();
    let n = SessionCreation::parse(m2.as_bytes()).unwrap().n;
    let z: SecretVec = ephemeral.agree(&n).unwrap();
    let t1 = transcript_1(m1.as_bytes(), m2.as_bytes());
    Attacker { secrets: HandshakeSecrets::derive(&z, &t1).unwrap(), m1, m2 }
}

impl Attacker {
    /// Seals a text as the attacker's first object.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        let key = ContentKey::authenticated(Secret::new(*self.secrets.i2r.expose()));
        network::seal(&key, &[3; 16], 0, text.as_bytes()).unwrap()
    }

    /// A right M3's plaintext, signed by `signer`.
    #[must_use]
    pub fn m3(&self, signer: &LocalIdentity) -> String {
        sign_octets(self.m1.as_bytes(), &[signer], wall()).unwrap()
    }
}

/// Bob's side with this configuration.
#[must_use]
pub fn bob_connection(config: Config) -> Connection {
    Connection::respond(config, at(0), Box::new(Seeded::new(6)))
}

/// Bob, who trusts Alice.
#[must_use]
pub fn bob_config() -> Config {
    config(&bob(), &[&alice()], Profile::Hardened)
}

/// Replaces one member's text in a signature container.
#[must_use]
pub fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

/// Makes an M3.
pub type Make = fn(&Attacker) -> String;

/// Fourteen M3 that must be refused, and why.
pub const CAUSES: [(&str, Make); 14] = [
    ("undecryptable", |a| a.seal(&a.m3(&alice())).replace("\"iv\":\"A", "\"iv\":\"B")),
    ("not an object", |_| "{}".to_owned()),
    ("no signature container", |a| a.seal("{}")),
    ("an additional member", |a| a.seal(&edit(&a.m3(&alice()), "{\"sdmp\"", "{\"x\":1,\"sdmp\""))),
    ("not JSON", |a| a.seal("garbage")),
    ("a control character", |a| a.seal("\u{1}")),
    ("unknown signer", |a| a.seal(&a.m3(&mallory()))),
    ("own identity", |a| a.seal(&a.m3(&bob()))),
    ("another payload", |a| {
        let text = sign_octets(a.m2.as_bytes(), &[&alice()], wall()).unwrap();
        a.seal(&text)
    }),
    ("payload with one more space", |a| {
        let text = sign_octets(format!("{} ", a.m1).as_bytes(), &[&alice()], wall()).unwrap();
        a.seal(&text)
    }),
    ("a bad signature", |a| {
        let text = a.m3(&alice());
        let signature = member(&text, "signature").to_owned();
        let mut octets = b64url::decode(&signature).unwrap();
        octets[9] ^= 1;
        a.seal(&edit(&text, &signature, &b64url::encode(&octets)))
    }),
    ("a signature of nothing", |a| {
        let text = a.m3(&alice());
        let signature = member(&text, "signature").to_owned();
        a.seal(&edit(&text, &signature, ""))
    }),
    ("a signature by another key", |a| {
        let (ours, theirs) = (a.m3(&mallory()), a.m3(&alice()));
        a.seal(&edit(&theirs, member(&theirs, "signature"), member(&ours, "signature")))
    }),
    ("another algorithm", |a| {
        let text = a.m3(&alice());
        let header = member(&text, "protected").to_owned();
        let none = b64url::decode(&header).unwrap();
        let none = String::from_utf8(none).unwrap().replace("HS512", "none");
        a.seal(&edit(&text, &header, &b64url::encode(none.as_bytes())))
    }),
];
