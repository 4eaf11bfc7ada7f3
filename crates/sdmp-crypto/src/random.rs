//! Randomness as a value.
//!
//! Nothing in this crate reaches for the system's generator by itself: a function that needs random octets
//! is handed a [`Random`], so that a test can replay a handshake octet for octet.

use crate::Error;
use ring::rand::SecureRandom;

/// A source of unpredictable octets.
///
/// The trait is object safe. Implementations other than [`SystemRandom`] are for tests: exponents,
/// content keys and initialisation vectors come from here.
pub trait Random: Send {
    /// Fills `octets`.
    ///
    /// # Errors
    /// [`Error::Random`] if the source has nothing to give; `octets` must then not be used.
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error>;
}

impl<R: Random + ?Sized> Random for &mut R {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        (**self).fill(octets)
    }
}

impl<R: Random + ?Sized> Random for Box<R> {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        (**self).fill(octets)
    }
}

/// The operating system's generator.
#[derive(Clone, Debug)]
pub struct SystemRandom(ring::rand::SystemRandom);

impl SystemRandom {
    /// A handle to the generator; costs nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemRandom {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        self.0.fill(octets).map_err(|_| Error::Random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_fills_every_octet() {
        // 64 octets that stay zero in two independent draws: one in 2^1024.
        let (mut a, mut b) = ([0u8; 64], [0u8; 64]);
        let mut source: Box<dyn Random> = Box::new(SystemRandom::new());
        source.fill(&mut a).unwrap();
        source.fill(&mut b).unwrap();
        assert_ne!(a, [0; 64]);
        assert_ne!(a, b);
    }
}
