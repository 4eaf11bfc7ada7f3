//! AES-256 in CBC mode, without any integrity: the published profile (R21, R36) and `compat`
//! (R45).
//!
//! An attacker who can change the ciphertext can change the plaintext. Use
//! [`a256cbc_hs512`](super::a256cbc_hs512) wherever the peer can.

use crate::{Error, random::Random, secret::Secret};
use aes::Aes256;
use cbc::cipher::{Array, Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use core::fmt;

/// The octets of a block of AES.
pub const BLOCK: usize = 16;

/// A key of 32 octets.
pub struct Key(Secret<32>);

impl Key {
    /// The key with these octets.
    #[must_use]
    pub fn new(octets: Secret<32>) -> Self {
        Self(octets)
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`Error::Random`] if `random` fails.
    pub fn random(random: &mut dyn Random) -> Result<Self, Error> {
        Secret::random(random).map(Self)
    }

    /// The octets, to wrap them for a recipient.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a256cbc::Key(redacted)")
    }
}

/// Encryption of one object, in pieces.
pub struct Encryptor(cbc::Encryptor<Aes256>);

impl Encryptor {
    /// Starts an object under a fresh `iv`.
    #[must_use]
    pub fn new(key: &Key, iv: &[u8; BLOCK]) -> Self {
        Self::from_parts(key.expose(), iv)
    }

    /// The same, for a key that is a part of a longer one.
    pub(super) fn from_parts(key: &[u8; 32], iv: &[u8; BLOCK]) -> Self {
        Self(cbc::Encryptor::new(key.into(), iv.into()))
    }

    /// Encrypts the next octets in place.
    ///
    /// # Errors
    /// [`Error::Length`], and nothing is done, if they are no multiple of 16.
    pub fn update(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        self.0.encrypt_blocks(blocks(octets)?);
        Ok(())
    }
}

impl fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a256cbc::Encryptor(redacted)")
    }
}

/// Decrypts `octets`, which are not padded beyond what the caller knows of (R36).
///
/// # Errors
/// [`Error::Decrypt`], and nothing is done, if they are no multiple of 16.
pub fn decrypt_in_place(key: &Key, iv: &[u8; BLOCK], octets: &mut [u8]) -> Result<(), Error> {
    decrypt_parts(key.expose(), iv, octets)
}

/// Decrypts `octets` and removes PKCS#7 padding; gives the length of the plaintext.
///
/// For files that were made by hand long ago (R45): without a tag, the answer to a changed file is
/// an oracle for its plaintext, so this must not be reachable from a network.
///
/// # Errors
/// [`Error::Decrypt`] if the length or the padding is wrong; `octets` are then wiped.
pub fn decrypt_pkcs7(key: &Key, iv: &[u8; BLOCK], octets: &mut [u8]) -> Result<usize, Error> {
    decrypt_parts(key.expose(), iv, octets)?;
    unpad(octets)
}

/// CBC decryption under a key that may be a part of a longer one.
pub(super) fn decrypt_parts(
    key: &[u8; 32],
    iv: &[u8; BLOCK],
    octets: &mut [u8],
) -> Result<(), Error> {
    // One error for every cause: the difference between them would help an attacker.
    let blocks = blocks(octets).map_err(|_| Error::Decrypt)?;
    cbc::Decryptor::<Aes256>::new(key.into(), iv.into()).decrypt_blocks(blocks);
    Ok(())
}

/// The length without PKCS#7 padding.
pub(super) fn unpad(octets: &mut [u8]) -> Result<usize, Error> {
    match unpadded_len(octets) {
        Some(len) => Ok(len),
        None => {
            // What failed to unpad is still plaintext, and the caller is told that there is none.
            zeroize::Zeroize::zeroize(octets);
            Err(Error::Decrypt)
        }
    }
}

fn unpadded_len(octets: &[u8]) -> Option<usize> {
    let (last, _) = octets.split_last()?;
    let padding = usize::from(*last);
    let len = octets.len().checked_sub(padding)?;
    let right = (1..=BLOCK).contains(&padding) && octets.get(len..)?.iter().all(|o| o == last);
    right.then_some(len)
}

fn blocks(octets: &mut [u8]) -> Result<&mut [Block<Aes256>], Error> {
    let (blocks, rest) = Array::slice_as_chunks_mut(octets);
    if rest.is_empty() { Ok(blocks) } else { Err(Error::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(Secret::new([9; 32]))
    }

    #[test]
    fn what_was_encrypted_in_pieces_decrypts_in_one() {
        let plain: Vec<u8> = (0..160).collect();
        let mut octets = plain.clone();
        let mut encryptor = Encryptor::new(&key(), &[1; 16]);
        let (a, b) = octets.split_at_mut(48);
        encryptor.update(a).unwrap();
        encryptor.update(b).unwrap();
        assert_ne!(octets, plain);
        decrypt_in_place(&key(), &[1; 16], &mut octets).unwrap();
        assert_eq!(octets, plain);
    }

    #[test]
    fn partial_blocks_are_refused() {
        let mut octets = [0; 17];
        assert_eq!(
            Encryptor::new(&key(), &[1; 16]).update(&mut octets).unwrap_err(),
            Error::Length
        );
        assert_eq!(decrypt_in_place(&key(), &[1; 16], &mut octets).unwrap_err(), Error::Decrypt);
        assert_eq!(octets, [0; 17]);
    }

    #[test]
    fn padding_is_checked_whole() {
        let padded = |tail: &[u8]| {
            let mut octets = vec![7; 32 - tail.len()];
            octets.extend_from_slice(tail);
            unpad(&mut octets)
        };
        assert_eq!(padded(&[1]).unwrap(), 31);
        assert_eq!(padded(&[3, 3, 3]).unwrap(), 29);
        assert_eq!(padded(&[16; 16]).unwrap(), 16);
        for bad in [&[0][..], &[17; 17], &[2, 3, 3], &[255]] {
            assert_eq!(padded(bad).unwrap_err(), Error::Decrypt, "{bad:?}");
        }
        assert_eq!(unpad(&mut []).unwrap_err(), Error::Decrypt);
    }

    #[test]
    fn debug_output_is_redacted() {
        insta::assert_snapshot!(format!("{:?}", key()), @"a256cbc::Key(redacted)");
        let encryptor = Encryptor::new(&key(), &[1; 16]);
        insta::assert_snapshot!(format!("{encryptor:?}"), @"a256cbc::Encryptor(redacted)");
    }
}
