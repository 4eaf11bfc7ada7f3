//! Who verifies signatures.

use sdmp_crypto::rsa::PublicKey;

/// Verifies signatures. Apart from the rest, so that a pool can do it, and so that simulations can
/// use something quicker than RSA.
pub trait Verify: Send + Sync {
    /// Whether `signature` is this key's signature of `message`.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool;
}

/// RSASSA-PKCS1-v1_5 with SHA-512, as the rules demand (R18).
#[derive(Clone, Copy, Debug, Default)]
pub struct Rsa;

impl Verify for Rsa {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        key.verify(message, signature).is_ok()
    }
}
