//! RSA keys (R13 to R15), signatures (R18) and key wrapping (R22).
//!
//! Keys are checked when they are loaded, and a key that exists is a key that may be used: odd
//! modulus of 2048 to 8192 bits without small factors, odd exponent 65537 <= e < 2^33, one
//! encoding. *ring* verifies with all of these. Signing, unwrapping with OAEP and generation are
//! AWS-LC's, through the feature `aws-lc-rs` (on by default); without it *ring* signs with keys of
//! 2048, 3072 and 4096 bits, other private keys are [`KeyError::Unsupported`], and there is no OAEP
//! and no generation. Neither library has the timing fault of RUSTSEC-2023-0071.
//!
//! [`KeyError::Unsupported`]: crate::error::KeyError::Unsupported

mod backend;
mod encrypted;
mod pem;
mod private;
mod public;
mod weak;

pub use private::PrivateKey;
pub use public::PublicKey;

use crate::Error;
use core::fmt::Debug;

/// The largest PEM text of a public key that is looked at: some 1,500 octets hold 8192 bits, and
/// 3,000 hold 16384, so that those are told that they are too long.
pub const MAX_PUBLIC_TEXT: usize = 4_096;

/// The largest PEM text of a private key that is looked at: some 6,500 octets hold 8192 bits, and
/// 13,000 hold 16384, so that those are told that they are too long.
pub const MAX_PRIVATE_TEXT: usize = 16_384;

/// Something that signs for one key: a [`PrivateKey`] in memory, an agent, a hardware token.
pub trait Signer: Send + Sync + Debug {
    /// The key that verifies what this signs.
    fn public_key(&self) -> &PublicKey;

    /// The RSASSA-PKCS1-v1_5 signature with SHA-512 of `message` (R18), as long as the modulus.
    ///
    /// # Errors
    /// Whatever keeps this key from signing now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;
}

/// The hash of RSAES-OAEP, in the padding and in MGF1 alike; the label is always empty (R22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OaepHash {
    /// What is written, and read.
    Sha512,
    /// What existing JavaScript tools write; only read.
    Sha1,
}
