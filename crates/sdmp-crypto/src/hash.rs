//! SHA-512, the hash of SDMP (R2), and SHA-256 for the list of public keys (R13).

use ring::digest;

/// SHA-512 of one string of octets.
#[must_use]
pub fn sha512(octets: &[u8]) -> [u8; 64] {
    fixed(&digest::digest(&digest::SHA512, octets))
}

/// SHA-512 of the concatenation of several strings of octets.
#[must_use]
pub fn sha512_parts(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// SHA-256 of one string of octets.
#[must_use]
pub fn sha256(octets: &[u8]) -> [u8; 32] {
    fixed(&digest::digest(&digest::SHA256, octets))
}

/// SHA-512 of something that arrives in pieces.
///
/// ```
/// use sdmp_crypto::hash::{Sha512, sha512};
/// let mut hash = Sha512::new();
/// hash.update(b"ab");
/// hash.update(b"c");
/// assert_eq!(hash.finish(), sha512(b"abc"));
/// ```
#[derive(Clone)]
pub struct Sha512(digest::Context);

impl Sha512 {
    /// The hash of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA512))
    }

    /// Adds `octets` at the end.
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The hash of all that was added.
    #[must_use]
    pub fn finish(self) -> [u8; 64] {
        fixed(&self.0.finish())
    }
}

impl Default for Sha512 {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Sha512 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // What was hashed so far may be secret.
        f.write_str("Sha512(redacted)")
    }
}

/// A digest as an array; the algorithm decides its length, and the callers above agree with it.
fn fixed<const N: usize>(digest: &digest::Digest) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(digest.as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|o| format!("{o:02x}")).collect()
    }

    /// FIPS 180-4, the examples for "abc".
    #[test]
    fn fips_180_4_abc() {
        assert_eq!(
            hex(&sha512(b"abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(
            hex(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn pieces_are_the_whole() {
        assert_eq!(sha512_parts(&[b"", b"a", b"bc", b""]), sha512(b"abc"));
    }

    #[test]
    fn debug_output_is_redacted() {
        insta::assert_snapshot!(format!("{:?}", Sha512::new()), @"Sha512(redacted)");
    }
}
