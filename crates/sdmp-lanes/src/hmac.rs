//! HMAC-SHA-512 (RFC 2104, RFC 4231) of several inputs under one key.

use crate::engine::Engine;
use crate::simd::Lanes;

/// The octets of a whole tag.
pub const TAG: usize = crate::buffer::WHOLE_TAG;

/// A key of 32 octets (MAC_KEY of R35), ready for use.
#[derive(Debug)]
pub struct Key {
    lanes: Option<Lanes>,
    alone: ring::hmac::Key,
}

impl Key {
    /// The key with these octets.
    #[must_use]
    pub fn new(engine: Engine, key: &[u8; 32]) -> Self {
        Self {
            lanes: engine.0.map(|vector| Lanes::new(vector, key)),
            alone: ring::hmac::Key::new(ring::hmac::HMAC_SHA512, key),
        }
    }

    /// The tag of each input, in order.
    ///
    /// ```
    /// use sdmp_lanes::{Engine, hmac::Key};
    ///
    /// let key = Key::new(Engine::detect(), &[7; 32]);
    /// let alone = key.sign(&[b"one"]);
    /// assert_eq!(key.sign(&[b"one", b"two", b"three"])[0], alone[0]);
    /// ```
    #[must_use]
    pub fn sign(&self, inputs: &[&[u8]]) -> Vec<[u8; TAG]> {
        inputs
            .chunks(self.lanes.as_ref().map_or(1, Lanes::width))
            .flat_map(|group| match (self.lanes_for(group.len()), group) {
                (Some(lanes), group) => lanes.sign(group),
                (None, group) => group.iter().map(|input| self.sign_alone(input)).collect(),
            })
            .collect()
    }

    /// The lanes, where they gain: one input alone is faster by itself, because a lane is slower than
    /// the instructions that take one input.
    pub(crate) fn lanes_for(&self, inputs: usize) -> Option<&Lanes> {
        self.lanes.as_ref().filter(|_| inputs > 1)
    }

    /// The tag of one input.
    pub(crate) fn sign_alone(&self, input: &[u8]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        for (to, from) in tag.iter_mut().zip(ring::hmac::sign(&self.alone, input).as_ref()) {
            *to = *from;
        }
        tag
    }
}
