//! One direction's key and its sequence number (R35, R36).

use std::sync::Arc;

use sdmp_crypto::random::Random;
use sdmp_envelope::network::{self, Sealed};
use sdmp_envelope::{ContentKey, Error as EnvelopeError};

use crate::error::{Error, Exhausted, MessageKind};

/// A key and the number of the next object. The number counts objects, is never sent, and is
/// bound by the tag: a lost, repeated or swapped object does not open.
#[derive(Debug)]
pub(crate) struct Channel {
    key: Arc<ContentKey>,
    sequence: u64,
    octets: u64,
}

impl Channel {
    pub(crate) fn new(key: ContentKey) -> Self {
        Self { key: Arc::new(key), sequence: 0, octets: 0 }
    }

    /// The outer length of the object that a text would become.
    pub(crate) fn sealed_len(&self, text: usize) -> usize {
        network::sealed_len(&self.key, text)
    }

    /// Whether one more object with this text is within the limits of the direction (R35).
    pub(crate) fn check(&self, padded: u64, objects: u64, octets: u64) -> Result<(), Error> {
        // Below the bound at which one key has encrypted too much to be safe: a new session gets
        // new keys.
        if self.sequence >= objects {
            return Err(Error::Exhausted(Exhausted::Objects));
        }
        if self.octets.saturating_add(padded) > octets {
            return Err(Error::Exhausted(Exhausted::Octets));
        }
        Ok(())
    }

    /// Seals a text as the next object, under a fresh initialisation vector (R34).
    pub(crate) fn seal(&mut self, text: &[u8], random: &mut dyn Random) -> Result<String, Error> {
        let place = self.claim(text.len(), random)?;
        network::seal(&self.key, &place.iv, place.sequence, text).map_err(Error::Local)
    }

    /// The place of the next object, whose text has `text` octets: it is taken then. What cannot be sealed
    /// afterwards ends the session, so no number is skipped.
    pub(crate) fn claim(&mut self, text: usize, random: &mut dyn Random) -> Result<Place, Error> {
        let mut iv = [0; 16];
        random.fill(&mut iv).map_err(|error| Error::Local(error.into()))?;
        let sequence = self.sequence;
        self.advance(text);
        Ok(Place { sequence, iv })
    }

    /// The key, for those who seal or open what has its place, and the number of the next object.
    pub(crate) fn position(&self) -> (Arc<ContentKey>, u64) {
        (Arc::clone(&self.key), self.sequence)
    }

    /// Opens the next object.
    pub(crate) fn open(&mut self, sealed: Sealed, message: MessageKind) -> Result<Vec<u8>, Error> {
        // The number is not in the object. A lost or repeated one makes the tag fail, and the
        // session with it.
        let text = sealed.open(&self.key, self.sequence).map_err(|error| opaque(error, message))?;
        // Of the handshake each padded plaintext is one step, whatever the limits allow (R29).
        if message != MessageKind::Traffic && padded(text.len()) != padded(0) {
            return Err(Error::Decrypt(message));
        }
        self.advance(text.len());
        Ok(text)
    }

    /// Whether this is the next object of this channel.
    pub(crate) fn is_next(&self, sealed: &Sealed) -> bool {
        sealed.is_sealed_with(&self.key, self.sequence)
    }

    /// Counts an object whose text has `text` octets.
    pub(crate) fn advance(&mut self, text: usize) {
        self.sequence += 1;
        self.octets = self.octets.saturating_add(padded(text));
    }
}

/// Where an object stands in its direction.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    /// Fresh for this object (R34).
    pub(crate) iv: [u8; 16],
}

/// The octets that a text counts against the limit of its direction: limits count padding (R33).
pub(crate) fn padded(text: usize) -> u64 {
    u64::try_from(ContentKey::padded_len(text)).unwrap_or(u64::MAX)
}

fn opaque(_: EnvelopeError, message: MessageKind) -> Error {
    Error::Decrypt(message)
}
