//! Randomness that repeats.

use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::Random;

/// A random source that gives the same octets for the same seed.
#[derive(Clone, Debug)]
pub struct Seeded {
    seed: [u8; 64],
    counter: u64,
}

impl Seeded {
    /// The source of this seed, from its start.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed: sha512(&seed.to_be_bytes()), counter: 0 }
    }
}

impl Random for Seeded {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), sdmp_crypto::Error> {
        for chunk in octets.chunks_mut(64) {
            let mut input = self.seed.to_vec();
            input.extend(self.counter.to_be_bytes());
            self.counter += 1;
            chunk.copy_from_slice(&sha512(&input)[..chunk.len()]);
        }
        Ok(())
    }
}
