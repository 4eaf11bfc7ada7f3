//! Test people's public keys, and randomness that repeats; the tests of sdmp-handshake use this file too.

use std::sync::{Arc, OnceLock};

use sdmp_crypto::hash::sha512;
use sdmp_crypto::random::Random;
use sdmp_crypto::rsa::PrivateKey;

macro_rules! people {
    ($($name:ident),+) => {
        $(pub fn $name() -> Arc<PrivateKey> {
            static KEY: OnceLock<Arc<PrivateKey>> = OnceLock::new();
            let pem = include_str!(concat!(
                "../../../sdmp-conformance/vectors/keys/", stringify!($name), ".pem"
            ));
            KEY.get_or_init(|| Arc::new(PrivateKey::from_pem(pem, None).unwrap())).clone()
        })+
    };
}
// 2048 bits, and dave 2056, carol 3072.
people!(alice, bob, carol, dave, mallory);

/// A random source that gives the same octets for the same seed.
#[derive(Debug)]
pub struct Seeded {
    seed: [u8; 64],
    counter: u64,
}

impl Seeded {
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
