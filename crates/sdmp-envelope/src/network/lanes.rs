//! Batches in the lanes of `sdmp-lanes`.

use sdmp_lanes::{Engine, Object, cbc};

use super::batch::{Unsealed, numbers, open_each, seal_each};
use super::{Sealed, frame};
use crate::content::unpad;
use crate::{ContentKey, Error};

/// A key that seals or opens a batch.
pub(super) struct Lanes<'k> {
    key: &'k ContentKey,
    lanes: Inner,
    width: usize,
}

enum Inner {
    Authenticated(Box<sdmp_lanes::Key>),
    Unauthenticated(Box<cbc::Key>),
}

impl<'k> Lanes<'k> {
    /// Lanes for so many texts, where they can gain.
    pub(super) fn for_sealing(key: &'k ContentKey, texts: usize) -> Option<Self> {
        match key {
            _ if texts < 2 => None,
            ContentKey::Authenticated(_) => Self::for_opening(key, texts),
            ContentKey::Unauthenticated(octets) => {
                let lanes = Inner::Unauthenticated(Box::new(cbc::Key::new(octets.expose())));
                Some(Self { key, lanes, width: cbc::LANES })
            }
        }
    }

    /// Lanes for so many objects, where they can gain: not for a published key, for the blocks of one
    /// ciphertext are decrypted side by side as it is.
    pub(super) fn for_opening(key: &'k ContentKey, objects: usize) -> Option<Self> {
        let ContentKey::Authenticated(octets) = key else { return None };
        let engine = Engine::detect();
        (objects > 1 && engine.lanes() > 1).then(|| Self {
            key,
            lanes: Inner::Authenticated(Box::new(sdmp_lanes::Key::new(engine, octets.expose()))),
            width: engine.lanes(),
        })
    }

    pub(super) fn seal_all(
        &self,
        first: u64,
        texts: &[Unsealed<'_>],
    ) -> Result<Vec<String>, Error> {
        let mut out = Vec::with_capacity(texts.len());
        let mut sequence = first;
        for group in texts.chunks(self.width) {
            if gains(group.iter().map(|unsealed| unsealed.text.len())) {
                self.seal_group(sequence, group, &mut out);
            } else {
                out.extend(seal_each(self.key, sequence, group)?);
            }
            sequence = sequence.wrapping_add(length(group));
        }
        Ok(out)
    }

    pub(super) fn open_all(&self, first: u64, objects: Vec<Sealed>) -> Vec<Result<Vec<u8>, Error>> {
        let mut out = Vec::with_capacity(objects.len());
        let (mut sequence, mut objects) = (first, objects.into_iter());
        loop {
            let group: Vec<Sealed> = objects.by_ref().take(self.width).collect();
            if group.is_empty() {
                return out;
            }
            let next = sequence.wrapping_add(length(&group));
            match &self.lanes {
                Inner::Authenticated(lanes) if gains(group.iter().map(|o| o.payload.len())) => {
                    open_group(lanes, sequence, group, &mut out);
                }
                Inner::Authenticated(_) | Inner::Unauthenticated(_) => {
                    out.extend(open_each(self.key, sequence, group))
                }
            }
            sequence = next;
        }
    }

    fn seal_group(&self, first: u64, group: &[Unsealed<'_>], out: &mut Vec<String>) {
        let mut objects: Vec<Object> = numbers(first)
            .zip(group)
            .map(|(sequence, unsealed)| {
                let mut object = Object::default();
                let padded = ContentKey::padded_len(unsealed.text.len());
                let body = object.start(sequence, unsealed.iv, padded);
                let (text, zeros) = body.split_at_mut(unsealed.text.len().min(padded));
                text.copy_from_slice(unsealed.text);
                zeros.fill(0);
                object
            })
            .collect();
        match &self.lanes {
            Inner::Authenticated(lanes) => lanes.seal(&mut objects),
            Inner::Unauthenticated(cipher) => encrypt(cipher, group, &mut objects),
        }
        for (unsealed, object) in group.iter().zip(&objects) {
            out.push(frame(self.key, unsealed.iv, unsealed.text.len(), object.body()));
        }
    }
}

/// Whole blocks without a tag: what the published profile sends (R36).
fn encrypt(cipher: &cbc::Key, group: &[Unsealed<'_>], objects: &mut [Object]) {
    let mut chains: Vec<[u8; cbc::BLOCK]> = group.iter().map(|unsealed| *unsealed.iv).collect();
    let mut lanes: Vec<_> =
        chains.iter_mut().zip(objects.iter_mut().map(Object::body_mut)).collect();
    cipher.encrypt(&mut lanes);
}

fn open_group(
    lanes: &sdmp_lanes::Key,
    first: u64,
    group: Vec<Sealed>,
    out: &mut Vec<Result<Vec<u8>, Error>>,
) {
    let mut objects: Vec<Object> = numbers(first)
        .zip(&group)
        .map(|(sequence, sealed)| {
            let mut object = Object::default();
            let body = object.start(sequence, &sealed.iv, sealed.payload.len());
            body.copy_from_slice(&sealed.payload);
            object
        })
        .collect();
    let opened = lanes.open(&mut objects);
    for ((object, opened), sealed) in objects.iter().zip(opened).zip(group) {
        out.push(opened.map_err(|_| Error::Decrypt).and_then(|()| {
            // The payload's memory is large enough: nothing is allocated.
            let mut text = sealed.payload;
            text.clear();
            text.extend_from_slice(object.body());
            unpad(&mut text)?;
            Ok(text)
        }));
    }
}

/// Whether lanes gain with these lengths: they take as long as the longest, at half the speed of an object
/// alone.
fn gains(lengths: impl Iterator<Item = usize>) -> bool {
    let padded = lengths.map(ContentKey::padded_len);
    let (total, longest) = padded.fold((0_usize, 0), |(total, longest), length| {
        (total.wrapping_add(length), longest.max(length))
    });
    total >= longest.saturating_mul(2)
}

fn length<T>(group: &[T]) -> u64 {
    u64::try_from(group.len()).unwrap_or(u64::MAX)
}
