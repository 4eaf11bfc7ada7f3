//! The two honest scripts, with the stages at which a case deviates.

use super::case::{Change, Side, Stage, Under};
use super::channel::{Keys, unpad};
use super::draft::receipt;
use super::judge::Seen;
use super::player::{Played, Player};
use super::wire::Got;
use crate::error::Error;
use crate::operation::crypto::Fixed;
use sdmp_container::Limits;
use sdmp_container::closed::SessionCreation;
use sdmp_crypto::dh::{Ephemeral, Groups};
use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::SystemRandom;
use sdmp_crypto::secret::SecretVec;
use sdmp_handshake::Profile;
use std::time::Duration;

/// What the tester says in an accepted session.
const MESSAGE: &str =
    r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"hello from the tester"}"#;

/// Its hash begins with an exponent whose N in ffdhe2048 begins with a zero octet: one in 256 does,
/// and looking for one takes longer than a peer may wait.
const SHORT: &str = "sdmp short N 247";

/// How long an accepted session of the published profile is watched: nothing shows acceptance
/// there but that the connection lives.
const WATCH: Duration = Duration::from_millis(300);

fn made(error: &impl ToString) -> Seen {
    Error::vector(error.to_string()).into()
}

impl Player<'_> {
    /// Plays the case; an honest session to its end is an acceptance.
    pub(super) fn play(&mut self) -> Seen {
        let played = match self.facts.side {
            Side::Initiator => self.initiate(),
            Side::Responder => self.respond(),
        };
        match played {
            Ok(()) => Seen::Accepted,
            Err(seen) => seen,
        }
    }

    fn initiate(&mut self) -> Played<()> {
        let ephemeral = self.draw()?;
        self.say_creation()?;
        let m2 = self.hear("M2")?;
        let creation = self.read_creation(&m2)?;
        if creation.p != self.facts.group.p() {
            return Err(Seen::Other("M2 has another group than M1 (R28)".to_owned()));
        }
        let z = ephemeral.agree(&creation.n).map_err(|error| made(&error))?;
        self.derive(z, m2)?;
        let p3 = self.say_proof()?;
        let m4 = self.hear("M4")?;
        let p4 = self.open(Under::HandshakeBack, 0, &m4)?;
        self.check_signed(&p4, &self.facts.peer_creation, "M4")?;
        if self.profile == Profile::Hardened {
            self.prove(&p3, &p4)?;
            let fin = self.hear("FIN")?;
            self.check_confirmation(&fin)?;
            self.say_confirmation()?;
        }
        self.talk()
    }

    fn respond(&mut self) -> Played<()> {
        let m1 = self.hear("M1")?;
        let creation = self.read_creation(&m1)?;
        self.facts.group = Groups::default().lookup(&creation.p, creation.g).map_err(|error| {
            Seen::Other(format!("the peer offers a group that is not named (R23): {error}"))
        })?;
        self.facts.peer_creation = m1;
        let z = self.draw_against(&creation.n)?;
        self.say_creation()?;
        let m3 = self.hear("M3")?;
        let z = z.ok_or_else(|| Seen::Other("the peer goes on with another group".to_owned()))?;
        let peer_creation = self.facts.peer_creation.clone();
        self.derive(z, peer_creation)?;
        let p3 = self.open(Under::HandshakeBack, 0, &m3)?;
        self.check_signed(&p3, &self.facts.peer_creation, "M3")?;
        let p4 = self.say_proof()?;
        if self.profile == Profile::Hardened {
            self.prove(&p3, &p4)?;
            self.say_confirmation()?;
            let fin = self.hear("FIN")?;
            self.check_confirmation(&fin)?;
        }
        self.talk()
    }

    /// A fresh N; short where the case wants it so.
    fn draw(&mut self) -> Played<Ephemeral> {
        let short = self.case().has(|change| matches!(change, Change::ShortValue));
        let drawn = if short {
            self.facts.group.ephemeral(&mut Fixed(sha512(SHORT.as_bytes()).to_vec()))
        } else {
            self.facts.group.ephemeral(&mut SystemRandom::new())
        };
        let ephemeral = drawn.map_err(|error| made(&error))?;
        self.facts.own_value = ephemeral.public().to_vec();
        if short && self.facts.own_value.remove(0) != 0 {
            return Err(made(&"this N is not short"));
        }
        Ok(ephemeral)
    }

    /// A fresh N and the secret with the peer's; in another group than the peer's there is none.
    fn draw_against(&mut self, peer: &[u8]) -> Played<Option<SecretVec>> {
        let other = self.maker.changes(Stage::Creation).find_map(|change| match change {
            Change::Group(name) => Some(*name),
            _ => None,
        });
        if let Some(name) = other {
            self.facts.group = Groups::default().named(name);
            self.draw()?;
            return Ok(None);
        }
        self.draw()?.agree(peer).map(Some).map_err(|error| made(&error))
    }

    fn read_creation(&mut self, object: &[u8]) -> Played<SessionCreation> {
        let creation = SessionCreation::parse_within(object, &Limits::CLOSED_PLAIN)
            .map_err(|error| Seen::Other(format!("no session creation object: {error}")))?;
        self.wire.record.value.clone_from(&creation.n);
        self.wire.record.prime.clone_from(&creation.p);
        Ok(creation)
    }

    fn derive(&mut self, z: SecretVec, peer_creation: Vec<u8>) -> Played<()> {
        self.facts.peer_creation = peer_creation;
        let (own, peer) = (&self.facts.own_creation, &self.facts.peer_creation);
        let side = self.facts.side;
        let (m1, m2) = if side == Side::Initiator { (own, peer) } else { (peer, own) };
        let keys = Keys::new(side, z, m1, m2)?;
        self.facts.transcripts.0 = *keys.t1();
        self.keys = Some(keys);
        Ok(())
    }

    fn prove(&mut self, p3: &[u8], p4: &[u8]) -> Played<()> {
        if let Some(keys) = &mut self.keys {
            keys.prove(p3, p4)?;
            self.facts.transcripts.1 = keys.t2();
        }
        Ok(())
    }

    fn say_creation(&mut self) -> Played<()> {
        let text = self.maker.creation(&self.facts)?;
        self.facts.own_creation.clone_from(&text);
        let again = self.maker.changes(Stage::Creation).any(|c| matches!(c, Change::Again));
        self.say(Stage::Creation, text.clone())?;
        if again {
            self.say(Stage::Creation, text)?;
        }
        Ok(())
    }

    /// M3 or M4; gives its text, as the transcript has it.
    fn say_proof(&mut self) -> Played<Vec<u8>> {
        let inner = self.maker.signed(Stage::Proof, &self.facts, &self.facts.own_creation)?;
        let under = self.under(Under::Handshake);
        self.say_sealed(Stage::Proof, under, 0, &inner)?;
        Ok(unpad(&inner).to_vec())
    }

    fn say_confirmation(&mut self) -> Played<()> {
        let text = receipt("fin", self.facts.side, &self.keys()?.t2());
        let inner = self.maker.signed(Stage::Confirmation, &self.facts, text.as_bytes())?;
        self.number = 1;
        self.say_sealed(Stage::Confirmation, Under::Traffic, 0, &inner)
    }

    fn check_confirmation(&mut self, fin: &[u8]) -> Played<()> {
        let text = self.open(Under::TrafficBack, 0, fin)?;
        let expected = receipt("fin", self.other_side(), &self.keys()?.t2());
        self.check_signed(&text, expected.as_bytes(), "FIN")
    }

    fn other_side(&self) -> Side {
        match self.facts.side {
            Side::Initiator => Side::Responder,
            Side::Responder => Side::Initiator,
        }
    }

    fn under(&self, hardened: Under) -> Under {
        match self.profile {
            Profile::Hardened => hardened,
            Profile::Published => Under::Published,
        }
    }

    fn say_sealed(&mut self, stage: Stage, under: Under, number: u64, inner: &[u8]) -> Played<()> {
        let again = self.maker.changes(stage).any(|change| matches!(change, Change::Again));
        let object = self.maker.object(stage, &self.facts, self.keys()?, (under, number), inner)?;
        if again {
            let next = (under, number + 1);
            let second = self.maker.object(stage, &self.facts, self.keys()?, next, inner)?;
            self.number += 1;
            return self.say(stage, [object.as_slice(), b"\n", &second].concat());
        }
        self.say(stage, object)
    }

    /// Traffic, and its end.
    fn talk(&mut self) -> Played<()> {
        let inner = self.maker.inner(Stage::Message, &self.facts, MESSAGE.as_bytes().to_vec())?;
        let under = self.under(Under::Traffic);
        let number = self.number;
        self.number += 1;
        self.say_sealed(Stage::Message, under, number, &inner)?;
        match self.profile {
            Profile::Hardened => self.close(),
            Profile::Published => self.end_published(),
        }
    }

    fn close(&mut self) -> Played<()> {
        let text = receipt("close", self.facts.side, &self.keys()?.t2());
        let inner = self.maker.inner(Stage::Close, &self.facts, text.into_bytes())?;
        self.say_sealed(Stage::Close, Under::Traffic, self.number, &inner)?;
        self.wire.finish();
        let expected = receipt("close", self.other_side(), &self.keys()?.t2());
        let mut closed = false;
        let mut number = 1;
        loop {
            match self.wire.receive(self.patience) {
                Got::Object(_) if closed => {
                    return Err(Seen::Other("an object after the close (R41)".to_owned()));
                }
                Got::Object(object) => {
                    let text = self.open(Under::TrafficBack, number, &object)?;
                    number += 1;
                    closed = text == expected.as_bytes();
                }
                Got::End if closed => return Ok(()),
                Got::End => return Err(Seen::Dropped(self.wire.age())),
                Got::Silence if closed => return Ok(()),
                Got::Silence => return Err(Seen::Silent("waiting for the close".to_owned())),
                Got::Garbage => return Err(Seen::Other("octets that are no object".to_owned())),
            }
        }
    }

    fn end_published(&mut self) -> Played<()> {
        match self.wire.receive(WATCH) {
            Got::Silence => {}
            Got::Object(object) => drop(self.open(Under::Published, 0, &object)?),
            Got::End => return Err(Seen::Dropped(self.wire.age())),
            Got::Garbage => return Err(Seen::Other("octets that are no object".to_owned())),
        }
        self.wire.finish();
        loop {
            match self.wire.receive(self.patience) {
                Got::Object(object) => drop(self.open(Under::Published, 0, &object)?),
                Got::End => return Ok(()),
                Got::Silence => {
                    return Err(Seen::Silent("after the end of the tester's stream".to_owned()));
                }
                Got::Garbage => return Err(Seen::Other("octets that are no object".to_owned())),
            }
        }
    }
}
