//! Plays one case over one connection: says what the case says, and tells what the peer did.

use super::case::{Case, Change, Expect, Side, Stage, Under};
use super::channel::{Keys, PADDING_BLOCK, unpad};
use super::draft::{Facts, Maker};
use super::judge::Seen;
use super::wire::{Got, Wire};
use crate::error::Error;
use sdmp_container::closed::{HandshakeSignature, Rejection};
use sdmp_envelope::{Identity, signature};
use sdmp_handshake::Profile;
use std::time::Duration;

/// How long the tester waits where a correct peer times out by itself (R42), at most.
const LONGEST: Duration = Duration::from_secs(16);

/// One case on its way.
#[derive(Debug)]
pub(super) struct Player<'a> {
    pub(super) maker: Maker<'a>,
    pub(super) facts: Facts,
    pub(super) wire: Wire,
    pub(super) keys: Option<Keys>,
    pub(super) profile: Profile,
    /// How long a correct peer may take to react.
    pub(super) patience: Duration,
    /// The tester's next number under the traffic key.
    pub(super) number: u64,
}

/// What went otherwise than in an honest session.
pub(super) type Played<T> = Result<T, Seen>;

impl From<Error> for Seen {
    fn from(error: Error) -> Self {
        Self::Other(format!("the case cannot be made: {error}"))
    }
}

impl Player<'_> {
    pub(super) fn case(&self) -> &Case {
        self.maker.case
    }

    pub(super) fn keys(&self) -> Played<&Keys> {
        self.keys.as_ref().ok_or_else(|| Seen::Other("there are no keys yet".to_owned()))
    }

    /// Sends the message of a stage with what the case changes about the sending.
    pub(super) fn say(&mut self, stage: Stage, object: Vec<u8>) -> Played<()> {
        let mut octets = self.maker.wire(stage, &self.facts, object)?;
        let changes: Vec<Change> = self.maker.changes(stage).copied().collect();
        for change in &changes {
            match change {
                Change::Pause(milliseconds) => {
                    std::thread::sleep(Duration::from_millis(*milliseconds));
                }
                Change::Trickle(milliseconds) => {
                    self.wire.trickle = Some(Duration::from_millis(*milliseconds));
                }
                Change::Replay => octets = [octets.as_slice(), &octets].concat(),
                Change::Echo => {
                    let last = self.wire.record.objects.last().cloned().unwrap_or_default();
                    octets = [last.as_slice(), b"\n"].concat();
                }
                Change::Omit => return Ok(()),
                Change::Mute => return Err(self.ending(LONGEST)),
                Change::End => {
                    self.wire.finish();
                    return Err(self.ending(self.patience));
                }
                _ => {}
            }
        }
        self.wire.send(&octets);
        self.wire.trickle = None;
        if self.is_judged_by_silence(stage) {
            return Err(self.ending(self.patience));
        }
        Ok(())
    }

    /// Whether no honest message could follow by which the peer would show that it goes on.
    fn is_judged_by_silence(&self, stage: Stage) -> bool {
        let case = self.case();
        let left_out = case.has(|change| matches!(change, Change::Omit));
        let last = if left_out { stage == Stage::Message } else { stage == case.stage };
        let unanswered = match (stage, self.facts.side) {
            (Stage::Message, _) | (Stage::Confirmation, Side::Initiator) => true,
            (Stage::Proof, Side::Responder) => self.profile == Profile::Published,
            (Stage::Proof, Side::Initiator)
            | (Stage::Creation | Stage::Close, _)
            | (Stage::Confirmation, Side::Responder) => false,
        };
        // Without a close, it is the end of the stream that is judged.
        let closes = case.stage == Stage::Close;
        last && unanswered && !closes && !matches!(case.expect, Expect::Accepted)
    }

    /// The peer's next object, unless it ends the session instead.
    pub(super) fn hear(&mut self, what: &str) -> Played<Vec<u8>> {
        match self.wire.receive(self.patience) {
            Got::Object(object) => {
                if Rejection::parse(&object).is_ok() {
                    return Err(self.plain_refusal(&object));
                }
                Ok(object)
            }
            Got::End => Err(Seen::Dropped(self.wire.age())),
            Got::Silence => Err(Seen::Silent(format!("waiting for {what}"))),
            Got::Garbage => Err(Seen::Other(format!("no object where {what} is due"))),
        }
    }

    /// What becomes of the connection if the tester says nothing more.
    pub(super) fn ending(&mut self, within: Duration) -> Seen {
        match self.wire.receive(within) {
            Got::Object(object) if Rejection::parse(&object).is_ok() => self.plain_refusal(&object),
            Got::Object(object) => self.sealed_refusal(&object).unwrap_or_else(|| {
                Seen::Other("the peer goes on: it sends another object".to_owned())
            }),
            Got::End => Seen::Dropped(self.wire.age()),
            Got::Silence => Seen::Silent("and the connection stays open".to_owned()),
            Got::Garbage => Seen::Other("octets that are no object".to_owned()),
        }
    }

    fn plain_refusal(&mut self, object: &[u8]) -> Seen {
        if object != Rejection::BAD_REQUEST.as_bytes() {
            return Seen::Other("a rejection in plaintext with another text (R37)".to_owned());
        }
        self.end_after(Seen::RefusedPlain)
    }

    /// A refusal under the key and the number that R37 names, and how many follow.
    pub(super) fn sealed_refusal(&mut self, object: &[u8]) -> Option<Seen> {
        let first = if self.facts.side == Side::Initiator { 0 } else { 1 };
        self.open_refusal(first, object)?;
        let mut count = 1;
        loop {
            let next = self.wire.receive(self.patience);
            let Got::Object(object) = next else { return Some(self.ended(next, count)) };
            let number = first + u64::try_from(count).unwrap_or(u64::MAX);
            if self.open_refusal(number, &object).is_none() {
                return Some(Seen::Other("another object follows the rejection".to_owned()));
            }
            count += 1;
        }
    }

    fn ended(&mut self, got: Got, count: usize) -> Seen {
        match got {
            Got::End => Seen::RefusedSealed(count),
            Got::Silence => {
                Seen::Other("a rejection, but the connection stays open (R37)".to_owned())
            }
            Got::Object(_) | Got::Garbage => Seen::Other("octets after the rejection".to_owned()),
        }
    }

    fn open_refusal(&mut self, number: u64, object: &[u8]) -> Option<()> {
        let keys = self.keys.as_ref()?;
        let under = match self.profile {
            Profile::Hardened => Under::HandshakeBack,
            Profile::Published => Under::Published,
        };
        let padded = keys.open(under, number, object)?;
        let refusal =
            padded.len() == PADDING_BLOCK && unpad(&padded) == Rejection::NOT_FOUND.as_bytes();
        refusal.then_some(())
    }

    fn end_after(&mut self, seen: Seen) -> Seen {
        match self.wire.receive(self.patience) {
            Got::End => seen,
            Got::Silence => {
                Seen::Other("a rejection, but the connection stays open (R37)".to_owned())
            }
            Got::Object(_) | Got::Garbage => Seen::Other("octets after the rejection".to_owned()),
        }
    }

    /// Opens the peer's object under a key; checks the padding of R33 and gives the text.
    pub(super) fn open(&mut self, under: Under, number: u64, object: &[u8]) -> Played<Vec<u8>> {
        let under = match self.profile {
            Profile::Hardened => under,
            Profile::Published => Under::Published,
        };
        let Some(padded) = self.keys()?.open(under, number, object) else {
            return Err(self.sealed_refusal(object).unwrap_or_else(|| {
                Seen::Other(format!("an object that does not open under {under:?} {number} (R35)"))
            }));
        };
        let text = unpad(&padded).to_vec();
        if text == Rejection::NOT_FOUND.as_bytes() {
            let unexpected = || Seen::Other("a rejection under another key (R37)".to_owned());
            return Err(self.sealed_refusal(object).unwrap_or_else(unexpected));
        }
        let zeros = padded.len().saturating_sub(text.len());
        if padded.is_empty()
            || !padded.len().is_multiple_of(PADDING_BLOCK)
            || zeros >= PADDING_BLOCK
        {
            return Err(Seen::Other("the padding is not that of R33".to_owned()));
        }
        self.wire.record.padded.push(padded);
        Ok(text)
    }

    /// The peer's signature container over exactly these octets (R29, R31).
    pub(super) fn check_signed(&self, text: &[u8], signed: &[u8], what: &str) -> Played<()> {
        let wrong = |why: String| Seen::Other(format!("{what} is wrong: {why}"));
        let object = HandshakeSignature::parse(text).map_err(|error| wrong(error.to_string()))?;
        let payload =
            signature::check_payload(&object).map_err(|error| wrong(error.to_string()))?;
        if payload != signed {
            return Err(wrong("it signs other octets".to_owned()));
        }
        let peer: &Identity = &self.facts.peer;
        let [entry] = object.signatures() else { return Err(wrong("two signatures".to_owned())) };
        let kid = signature::key_id(entry).map_err(|error| wrong(error.to_string()))?;
        if kid != *peer.fingerprint() {
            return Err(wrong("it is not signed by the identity given for the peer".to_owned()));
        }
        signature::verify_entry(entry, object.payload(), peer.public_key())
            .map_err(|error| wrong(error.to_string()))
    }
}
