//! SHA-512 (FIPS 180-4) of several inputs at once.

use crate::engine::Engine;

/// The octets of a hash.
pub const HASH: usize = crate::buffer::WHOLE_TAG;

/// The hash of each input, in order.
///
/// ```
/// use sdmp_lanes::{Engine, hash::sha512};
///
/// let together = sha512(Engine::detect(), &[b"one", b"two", b"three"]);
/// assert_eq!(together[1], sha512(Engine::portable(), &[b"two"])[0]);
/// ```
#[must_use]
pub fn sha512(engine: Engine, inputs: &[&[u8]]) -> Vec<[u8; HASH]> {
    inputs
        .chunks(engine.lanes())
        .flat_map(|group| match engine.0 {
            // One input alone is faster by itself, because a lane is slower.
            Some(vector) if group.len() > 1 => vector.hash(group),
            _ => group.iter().map(|input| alone(input)).collect(),
        })
        .collect()
}

fn alone(input: &[u8]) -> [u8; HASH] {
    let mut hash = [0; HASH];
    let digest = ring::digest::digest(&ring::digest::SHA512, input);
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}
