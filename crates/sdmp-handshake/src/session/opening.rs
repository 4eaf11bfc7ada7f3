//! Opening in two steps: what an object is under a key and a number, and whether that number is its turn.
//!
//! The first step needs no session and changes none, so it can be done for several objects at once; the
//! second goes by the order of the objects.

use sdmp_container::{Limits, Timestamp};
use sdmp_envelope::network::{self, Sealed};
use sdmp_envelope::{ContentKey, Error as EnvelopeError};

use super::judge::invalid;
use super::parallel::{self, PART};
use super::{Opened, Receiver, Shared, State};
use crate::error::{Error, MessageKind, Misbehaviour};

/// What an object is, before it is asked whether it is the next one.
pub(super) enum Candidate {
    /// Not the closed object.
    Malformed(Error),
    /// Changed, or of another place.
    Sealed,
    /// Its text, of so many octets, is this.
    Text(usize, Result<Opened, Error>),
}

impl Candidate {
    fn is_message(&self) -> bool {
        matches!(self, Self::Text(_, Ok(Opened::Message(_))))
    }
}

impl Shared {
    fn parse(&self, octets: &[u8]) -> Result<Sealed, Error> {
        let outer = Limits { octets: self.limits.message_octets, ..Limits::CLOSED_HANDSHAKE };
        Sealed::parse(octets, &outer).map_err(invalid)
    }

    fn text(&self, opened: Result<Vec<u8>, EnvelopeError>) -> Candidate {
        match opened {
            Ok(text) => Candidate::Text(text.len(), self.judge(text)),
            Err(_) => Candidate::Sealed,
        }
    }

    fn candidate(&self, key: &ContentKey, sequence: u64, octets: &[u8]) -> Candidate {
        match self.parse(octets) {
            Ok(sealed) => self.text(sealed.open(key, sequence)),
            Err(error) => Candidate::Malformed(error),
        }
    }

    /// As [`Shared::candidates`], on as many cores as gain.
    pub(super) fn candidates_of_parts(
        &self,
        key: &ContentKey,
        first: u64,
        objects: &[impl AsRef<[u8]> + Sync],
    ) -> Vec<Candidate> {
        let octets = objects.iter().map(|object| object.as_ref().len()).sum();
        let workers = parallel::useful(self.workers, objects.len(), octets);
        if workers < 2 {
            return self.candidates(key, first, objects);
        }
        let parts = numbered(first, objects.chunks(PART));
        let found = parallel::each(workers, parts, |(first, objects)| {
            let candidates = self.candidates(key, first, objects);
            (candidates.len() == objects.len(), candidates)
        });
        let mut whole = true;
        // What is behind a part that ended early has no place.
        let parts =
            found.into_iter().take_while(|(complete, _)| std::mem::replace(&mut whole, *complete));
        parts.flat_map(|(_, candidates)| candidates).collect()
    }

    /// What objects are that follow each other from the number `first` on: up to the first that no
    /// other may follow.
    fn candidates(
        &self,
        key: &ContentKey,
        first: u64,
        objects: &[impl AsRef<[u8]>],
    ) -> Vec<Candidate> {
        if let [object] = objects {
            return vec![self.candidate(key, first, object.as_ref())];
        }
        let mut sealed = Vec::with_capacity(objects.len());
        let mut malformed = None;
        for object in objects {
            match self.parse(object.as_ref()) {
                Ok(object) => sealed.push(object),
                Err(error) => {
                    malformed = Some(Candidate::Malformed(error));
                    break;
                }
            }
        }
        let mut candidates = Vec::with_capacity(objects.len());
        for opened in network::open_all(key, first, sealed) {
            candidates.push(self.text(opened));
            if !candidates.last().is_some_and(Candidate::is_message) {
                return candidates;
            }
        }
        candidates.extend(malformed);
        candidates
    }
}

impl Receiver {
    pub(super) fn try_open(&mut self, octets: &[u8], now: Timestamp) -> Result<Opened, Error> {
        self.shared.check(now)?;
        let State::Open(channel) = &self.state else {
            return Err(Error::PeerMisbehaved(Misbehaviour::AfterClose));
        };
        let (key, sequence) = channel.position();
        let candidate = self.shared.candidate(&key, sequence, octets);
        self.admit(candidate, now)
    }

    /// Takes an object as the next one, if there may be one more.
    pub(super) fn admit(&mut self, candidate: Candidate, now: Timestamp) -> Result<Opened, Error> {
        self.shared.check(now)?;
        let limits = &self.shared.limits;
        let State::Open(channel) = &mut self.state else {
            return Err(Error::PeerMisbehaved(Misbehaviour::AfterClose));
        };
        if let Candidate::Malformed(error) = candidate {
            return Err(error);
        }
        channel.check(0, limits.objects, limits.octets)?;
        let Candidate::Text(length, opened) = candidate else {
            return Err(Error::Decrypt(MessageKind::Traffic));
        };
        channel.advance(length);
        channel.check(0, u64::MAX, limits.octets)?;
        opened
    }

    /// What an answer means for the direction: its end, or that of the session.
    pub(super) fn settle(&mut self, result: Result<Opened, Error>) -> Result<Opened, Error> {
        match &result {
            Ok(Opened::Message(_)) => {}
            Ok(Opened::Closed) => self.state = State::Closed,
            Err(error) => {
                self.fail(error.clone());
            }
        }
        result
    }
}

/// Parts of objects, each with the number of its first.
pub(super) fn numbered<'a, T>(first: u64, parts: std::slice::Chunks<'a, T>) -> Vec<(u64, &'a [T])> {
    let mut next = first;
    let part = |part: &'a [T]| {
        let first = next;
        next = next.wrapping_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        (first, part)
    };
    parts.map(part).collect()
}
