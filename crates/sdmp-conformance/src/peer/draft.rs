//! Makes the tester's messages, layer by layer, with the changes of a case.

use super::case::{Case, Change, Edit, Layer, Side, Stage, Under, Who};
use super::channel::{Keys, pad};
use super::people::Person;
use crate::error::Error;
use sdmp_container::closed::EncryptedObject;
use sdmp_container::{Fingerprint, b64url};
use sdmp_crypto::dh::Group;
use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::{Random, SystemRandom};
use sdmp_crypto::rsa::Signer;
use sdmp_envelope::Identity;

/// What is known in the middle of a session.
#[derive(Debug)]
pub struct Facts {
    /// The side that the tester plays.
    pub side: Side,
    /// The group of the session.
    pub group: Group,
    /// The tester's N.
    pub own_value: Vec<u8>,
    /// The tester's session creation object, as sent.
    pub own_creation: Vec<u8>,
    /// The peer's.
    pub peer_creation: Vec<u8>,
    /// The tester.
    pub tester: Person,
    /// The identity of the peer.
    pub peer: Identity,
    /// T1 and T2, as far as they are known.
    pub transcripts: ([u8; 64], [u8; 64]),
}

/// Makes the messages of one case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maker<'a> {
    pub(super) case: &'a Case,
}

/// Finds a text in octets.
fn find(octets: &[u8], text: &[u8]) -> Option<usize> {
    octets.windows(text.len()).position(|window| window == text)
}

fn flip(octets: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = octets.to_vec();
    if let Some(octet) = flipped.get_mut(at) {
        *octet ^= 1;
    }
    flipped
}

impl Edit {
    /// The changed part.
    fn apply(self, facts: &Facts, octets: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(match self {
            Self::Is(text) => text.as_bytes().to_vec(),
            Self::Octets(octets) => octets.to_vec(),
            Self::Swap(from, to) => {
                let at = find(octets, from.as_bytes())
                    .ok_or_else(|| Error::vector(format!("nothing says {from}")))?;
                let (before, rest) = octets.split_at(at);
                let after = rest.get(from.len()..).unwrap_or_default();
                [before, to.as_bytes(), after].concat()
            }
            Self::Before(text) => [text.as_bytes(), octets].concat(),
            Self::After(text) => [octets, text.as_bytes()].concat(),
            Self::Flip(at) => flip(octets, at),
            Self::FlipEnd(at) => flip(octets, octets.len().saturating_sub(at + 1)),
            Self::Cut(number) => {
                octets.get(..octets.len().saturating_sub(number)).unwrap_or_default().to_vec()
            }
            Self::Fill(length) => {
                let (first, rest) = octets.split_at(1.min(octets.len()));
                let space = vec![b' '; length.saturating_sub(octets.len())];
                [first, &space, rest].concat()
            }
            Self::By(edit) => edit(facts, octets),
        })
    }
}

impl Maker<'_> {
    /// The changes that concern this stage.
    pub(super) fn changes(&self, stage: Stage) -> impl Iterator<Item = &Change> {
        self.case.changes.iter().filter(move |_| stage == self.case.stage)
    }

    fn edit(
        &self,
        stage: Stage,
        facts: &Facts,
        layer: Layer,
        octets: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let mut octets = octets;
        for change in self.changes(stage) {
            if let Change::Edit(changed, edit) = change
                && *changed == layer
            {
                octets = edit.apply(facts, &octets)?;
            }
        }
        Ok(octets)
    }

    /// The text of session creation (R27).
    pub(super) fn creation(&self, facts: &Facts) -> Result<Vec<u8>, Error> {
        let stage = Stage::Creation;
        let edit = |layer, octets| self.edit(stage, facts, layer, octets);
        let p = edit(Layer::Prime, facts.group.p().to_vec())?;
        let g = edit(Layer::Generator, facts.group.g().to_string().into_bytes())?;
        let n = edit(Layer::Value, facts.own_value.clone())?;
        let (p, n) = (b64url::encode(&p), b64url::encode(&n));
        let parts: [&[u8]; 7] = [
            br#"{"sdmp":{"version":"0.12.0","schemas":["shared_key"]},"connection":{"g":"#,
            &g,
            br#","p":""#,
            p.as_bytes(),
            br#"","N":""#,
            n.as_bytes(),
            br#""}}"#,
        ];
        edit(Layer::Outer, parts.concat())
    }

    /// The text of a signature container over these octets (R17 to R19).
    pub(super) fn signed(
        &self,
        stage: Stage,
        facts: &Facts,
        signed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let edit = |layer, octets| self.edit(stage, facts, layer, octets);
        let mut signer = facts.tester.clone();
        let mut claimed = None;
        for change in self.changes(stage) {
            match change {
                Change::Signer(who) => signer = Person::new(*who)?,
                Change::Claims(who) => claimed = Some(fingerprint(*who)?),
                Change::ClaimsPeer => claimed = Some(facts.peer.fingerprint().clone()),
                _ => {}
            }
        }
        let kid = claimed.unwrap_or_else(|| signer.identity.fingerprint().clone());
        let payload = edit(
            Layer::Payload,
            b64url::encode(&edit(Layer::Signed, signed.to_vec())?).into_bytes(),
        )?;
        let header = format!(r#"{{"alg":"HS512","kid":"{kid}"}}"#).into_bytes();
        let header = b64url::encode(&edit(Layer::Header, header)?).into_bytes();
        let protected = edit(Layer::Protected, header)?;
        let input = [protected.as_slice(), b".", &payload].concat();
        let signature = signer
            .key
            .sign(&edit(Layer::Input, input)?)
            .map_err(|error| Error::vector(error.to_string()))?;
        let signature = b64url::encode(&edit(Layer::Signature, signature)?);
        let identifier = b64url::encode(&sha512(&payload)).into_bytes();
        let identifier = edit(Layer::Identifier, identifier)?;
        let parts: [&[u8]; 9] = [
            br#"{"sdmp":{"version":"0.12.0","schemas":["signature"]},"signature":{"identifier":""#,
            &identifier,
            br#"","payload":""#,
            &payload,
            br#"","signatures":[{"protected":""#,
            &protected,
            br#"","signature":""#,
            signature.as_bytes(),
            br#""}]}}"#,
        ];
        self.inner(stage, facts, parts.concat())
    }

    /// The text of a container that will be encrypted.
    pub(super) fn inner(
        &self,
        stage: Stage,
        facts: &Facts,
        text: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        self.edit(stage, facts, Layer::Inner, text)
    }

    /// The encrypted network object (R32 to R36). Case changes may choose another key and number.
    pub(super) fn object(
        &self,
        stage: Stage,
        facts: &Facts,
        keys: &Keys,
        (mut under, mut number): (Under, u64),
        inner: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let edit = |layer, octets| self.edit(stage, facts, layer, octets);
        for change in self.changes(stage) {
            match change {
                Change::Key(other) => under = *other,
                Change::Number(other) => number = *other,
                _ => {}
            }
        }
        let mut iv = [0; 16];
        SystemRandom::new().fill(&mut iv).map_err(|error| Error::vector(error.to_string()))?;
        let padded = edit(Layer::Padded, pad(inner))?;
        let sealed = edit(Layer::Sealed, keys.seal(under, number, &iv, &padded)?)?;
        let iv = edit(Layer::Vector, iv.to_vec())?;
        let parts = [
            EncryptedObject::PREFIX,
            &b64url::encode(&iv),
            EncryptedObject::MIDDLE,
            &b64url::encode(&sealed),
            EncryptedObject::SUFFIX,
        ];
        edit(Layer::Outer, parts.concat().into_bytes())
    }

    /// The octets on the wire: the object and one LF (R43).
    pub(super) fn wire(
        &self,
        stage: Stage,
        facts: &Facts,
        mut object: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        object.push(b'\n');
        self.edit(stage, facts, Layer::Wire, object)
    }
}

fn fingerprint(who: Who) -> Result<Fingerprint, Error> {
    Ok(Person::new(who)?.identity.fingerprint().clone())
}

/// The texts of FIN and close (R31, R41), of the side that the tester plays.
pub(super) fn receipt(what: &str, side: Side, transcript: &[u8; 64]) -> String {
    let role = match side {
        Side::Initiator => "initiator",
        Side::Responder => "responder",
    };
    format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["receipt"]}},"receipt":"sdmp/0.12 {what} {role} {}"}}"#,
        b64url::encode(transcript)
    )
}
